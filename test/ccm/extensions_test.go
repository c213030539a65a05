package ccm_test

import (
	"testing"

	"github.com/clbcert/clbcert/test/ccm"
)

func TestExtensionsAreCreatedOnEveryPort(t *testing.T) {
	s := setStage(t)
	first, second, third := s.upload("first"), s.upload("second"), s.upload("third")
	service := s.serve(annotations{ccm.CertificateID: first, ccm.DomainExtensions: "a.example.com:" + second}, 443, 8443)
	balancer := s.synced(service)
	for _, port := range []int{443, 8443} {
		s.serves(balancer, port, first, map[string]string{"a.example.com": second})
	}
	s.annotate(service, annotations{ccm.DomainExtensions: "a.example.com:" + second + ", *.example.com:" + third})
	s.synced(service)
	for _, port := range []int{443, 8443} {
		s.serves(balancer, port, first, map[string]string{"a.example.com": second, "*.example.com": third})
	}
}

func TestExtensionsNotNamedGoUnlessNoneIs(t *testing.T) {
	s := setStage(t)
	first, second := s.upload("first"), s.upload("second")
	service := s.serve(annotations{ccm.CertificateID: first}, 443)
	balancer := s.synced(service)
	s.cloud.CreateExtension(t, balancer, 443, "b.example.com", second)

	for _, nothing := range []string{"", "-"} {
		s.annotate(service, annotations{ccm.DomainExtensions: nothing, "colour": "of " + nothing})
		s.synced(service)
		s.serves(balancer, 443, first, map[string]string{"b.example.com": second})
	}
	s.annotate(service, annotations{ccm.DomainExtensions: "a.example.com:" + second})
	s.synced(service)
	s.serves(balancer, 443, first, map[string]string{"a.example.com": second})

	s.annotate(service, annotations{ccm.DomainExtensions: "a.example.com:" + second + ":"})
	s.refused(service, "invalid")
}

func TestChangedCertificateOfAnExtensionBlocksTheDefaultOne(t *testing.T) {
	s := setStage(t)
	first, second, third, fourth := s.upload("first"), s.upload("second"), s.upload("third"), s.upload("fourth")
	service := s.serve(annotations{ccm.CertificateID: first, ccm.DomainExtensions: "a.example.com:" + second}, 443)
	balancer := s.synced(service)

	s.annotate(service, annotations{ccm.CertificateID: fourth, ccm.DomainExtensions: "a.example.com:" + third})
	s.refused(service, "MissingParameter.DomainExtensionId")
	s.serves(balancer, 443, first, map[string]string{"a.example.com": second})
	calls := s.simulator.Calls(t, "SetDomainExtensionAttribute")
	if sent := calls[len(calls)-1].Parameters; sent["DomainExtensionId"] != "" || sent["ServerCertificateId"] != second {
		t.Errorf("it sent %v, want no ID and the old certificate", sent)
	}

	s.cloud.SetExtension(t, s.cloud.Listener(t, balancer, 443).Extensions[0].ID, third)
	s.synced(service)
	s.serves(balancer, 443, fourth, map[string]string{"a.example.com": third})
}

func TestChangeInTheCloudFirstGoesThrough(t *testing.T) {
	s := setStage(t)
	first, second, third := s.upload("first"), s.upload("second"), s.upload("third")
	service := s.serve(annotations{ccm.CertificateID: first, ccm.DomainExtensions: "a.example.com:" + second}, 443)
	balancer := s.synced(service)
	_, failedBefore := s.ccm.Syncs(service.Name)

	s.cloud.SetExtension(t, s.cloud.Listener(t, balancer, 443).Extensions[0].ID, third)
	s.looked(service)
	s.annotate(service, annotations{ccm.DomainExtensions: "a.example.com:" + third})
	s.synced(service)
	s.serves(balancer, 443, first, map[string]string{"a.example.com": third})
	if _, failed := s.ccm.Syncs(service.Name); failed != failedBefore {
		t.Errorf("%d passes failed", failed-failedBefore)
	}
}

func TestAdditionalTagsTakeOthersOff(t *testing.T) {
	s := setStage(t)
	service := s.serve(annotations{ccm.CertificateID: s.upload("first")}, 443)
	balancer := s.synced(service)
	s.cloud.TagLoadBalancer(t, balancer, map[string]string{"operator": "yes"})
	s.change(service, func() { service.Annotations["example.com/colour"] = "blue" })
	s.synced(service)
	if tags := s.cloud.LoadBalancer(t, balancer).Tags; tags["operator"] != "yes" {
		t.Errorf("without the annotation the tags are %v", tags)
	}
	s.annotate(service, annotations{ccm.AdditionalTags: "team=web"})
	s.synced(service)
	tags := s.cloud.LoadBalancer(t, balancer).Tags
	if _, there := tags["operator"]; there || tags["team"] != "web" || tags[ccm.TagOwner] == "" {
		t.Errorf("the tags are %v", tags)
	}
}
