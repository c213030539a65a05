package ccm_test

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/test/ccm"
	"github.com/clbcert/clbcert/test/cloud"
	"github.com/clbcert/clbcert/test/env"
)

func TestServiceWaitsForItsCertificate(t *testing.T) {
	s := setStage(t)
	certificate := s.upload("first")
	service := s.serve(nil, 443)
	s.refused(service, "MissingParameter")

	if err := s.cluster.Client.Get(t.Context(), client.ObjectKeyFromObject(service), service); err != nil {
		t.Fatal(err)
	}
	if len(service.Labels) > 0 || len(service.Status.LoadBalancer.Ingress) > 0 {
		t.Errorf("a failing Service has the labels %v and the status %v", service.Labels, service.Status.LoadBalancer)
	}
	if len(service.Finalizers) != 1 {
		t.Errorf("its finalizers are %v", service.Finalizers)
	}
	events := &corev1.EventList{}
	if err := s.cluster.Client.List(t.Context(), events, client.InNamespace(s.namespace)); err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(events.Items, func(e corev1.Event) bool { return e.Reason == ccm.EventFailed }) {
		t.Errorf("its events are %v", events.Items)
	}

	s.annotate(service, annotations{ccm.CertificateID: certificate})
	balancer := s.synced(service)
	s.serves(balancer, 443, certificate, nil)
	made := s.cloud.Listener(t, balancer, 443)
	if want := ccm.Description(ccm.DefaultClusterID, service, 443); made.Description != want || made.Status != "running" {
		t.Errorf("the listener is %+v, want it running with the description %s", made, want)
	}
	b := s.cloud.LoadBalancer(t, balancer)
	if b.Tags[ccm.TagOwner] != ccm.LoadBalancerName(service) || b.Address != service.Status.LoadBalancer.Ingress[0].IP {
		t.Errorf("the load balancer is %+v, of the Service with the status %v", b, service.Status.LoadBalancer)
	}
}

func TestChangeInTheCloudLastsUntilTheNextChangeOfAnAnnotation(t *testing.T) {
	s := setStage(t)
	first, second := s.upload("first"), s.upload("second")
	service := s.serve(annotations{ccm.CertificateID: first}, 443)
	balancer := s.synced(service)

	s.cloud.SetListenerCertificate(t, balancer, 443, second)
	s.looked(service)
	s.serves(balancer, 443, second, nil)
	s.change(service, func() { service.Labels["colour"] = "blue" })
	s.looked(service)
	s.serves(balancer, 443, second, nil)

	s.change(service, func() { service.Annotations["example.com/colour"] = "blue" })
	s.synced(service)
	s.serves(balancer, 443, first, nil)
	calls := s.simulator.Calls(t, "SetLoadBalancerHTTPSListenerAttribute")
	if last := calls[len(calls)-1]; last.UserAgent != ccm.UserAgent || last.Parameters["Description"] == "" || last.Parameters["Scheduler"] == "" {
		t.Errorf("%s sent %v, want the whole listener by the CCM", last.UserAgent, last.Parameters)
	}
}

func TestNewCertificateMustBeListed(t *testing.T) {
	s := setStage(t)
	first := s.upload("first")
	service := s.serve(annotations{ccm.CertificateID: first}, 443)
	balancer := s.synced(service)

	s.annotate(service, annotations{ccm.CertificateID: "no-such-id"})
	s.refused(service, "can not find the certificate")
	second := s.upload("second")
	s.annotate(service, annotations{ccm.CertificateID: "-"})
	s.refused(service, "more than one")
	s.serves(balancer, 443, first, nil)

	s.annotate(service, annotations{ccm.CertificateID: second})
	s.synced(service)
	s.serves(balancer, 443, second, nil)
}

func TestListenersFollowThePorts(t *testing.T) {
	s := setStage(t)
	first := s.upload("first")
	service := s.serve(annotations{ccm.CertificateID: first}, 443, 8443)
	balancer := s.synced(service)
	s.cloud.CreateTCPListener(t, balancer, 22, "an operator's")

	s.change(service, func() {
		service.Spec.Ports = []corev1.ServicePort{{Name: "a", Port: 443}, {Name: "b", Port: 80}}
		service.Annotations[ccm.Annotation(ccm.ProtocolPort)] = "https:443,http:80"
	})
	s.synced(service)
	got := map[int]string{}
	for _, l := range s.cloud.Listeners(t, balancer) {
		got[l.Port] = l.Protocol
	}
	if len(got) != 3 || got[443] != "https" || got[80] != "http" || got[22] != "tcp" {
		t.Errorf("the listeners are %v", got)
	}
}

func TestLegacyNamesCountWhereTheOthersAreNot(t *testing.T) {
	s := setStage(t)
	first, second := s.upload("first"), s.upload("second")
	service := s.serve(annotations{ccm.CertificateID: first}, 443)
	balancer := s.synced(service)
	s.change(service, func() { service.Annotations[ccm.LegacyAnnotation(ccm.CertificateID)] = second })
	s.synced(service)
	s.serves(balancer, 443, first, nil)
	s.annotate(service, annotations{ccm.CertificateID: "-"})
	s.synced(service)
	s.serves(balancer, 443, second, nil)
}

func TestLoadBalancerThatWasGiven(t *testing.T) {
	s := setStage(t)
	first, second := s.upload("first"), s.upload("second")
	balancer := s.cloud.CreateLoadBalancer(t, cloud.Elastic, nil, "given")
	s.cloud.CreateHTTPSListener(t, balancer, 443, first, "an operator's")
	service := s.serve(annotations{ccm.CertificateID: second, ccm.LoadBalancerID: balancer, ccm.DomainExtensions: "a.example.com:" + second}, 443, 8443)

	if got := s.synced(service); got != balancer {
		t.Errorf("the Service has the load balancer %s, want %s", got, balancer)
	}
	s.serves(balancer, 443, first, nil)
	if got := s.cloud.Listeners(t, balancer); len(got) != 1 {
		t.Errorf("the listeners are %v", got)
	}

	s.annotate(service, annotations{ccm.OverrideListeners: "true"})
	s.synced(service)
	s.serves(balancer, 443, second, map[string]string{"a.example.com": second})
	s.serves(balancer, 8443, second, map[string]string{"a.example.com": second})

	if err := s.cluster.Client.Delete(t.Context(), service); err != nil {
		t.Fatal(err)
	}
	env.WaitGone(t, s.cluster, service)
	if got := s.cloud.Listeners(t, balancer); len(got) != 0 {
		t.Errorf("the listeners are %v", got)
	}
}

func TestDeletionTakesTheLoadBalancer(t *testing.T) {
	s := setStage(t)
	service := s.serve(annotations{ccm.CertificateID: s.upload("first")}, 443)
	balancer := s.synced(service)
	s.ccm.Pause()
	if err := s.cluster.Client.Delete(t.Context(), service); err != nil {
		t.Fatal(err)
	}
	s.cloud.LoadBalancer(t, balancer)
	s.ccm.Resume()
	env.WaitGone(t, s.cluster, service)
	if _, err := s.cloud.API.LoadBalancer(t.Context(), balancer); cloud.CodeOf(err) != "InvalidLoadBalancerId.NotFound" {
		t.Errorf("the load balancer is there, or %v", err)
	}
}

func TestServiceThatNeedsNoLoadBalancerAnyMoreLosesIt(t *testing.T) {
	s := setStage(t)
	service := s.serve(annotations{ccm.CertificateID: s.upload("first")}, 443)
	balancer := s.synced(service)
	s.change(service, func() { service.Spec.Type = corev1.ServiceTypeClusterIP })
	env.WaitFor(t, s.cluster, service, "none of the CCM's traces", func(o *corev1.Service) bool {
		return len(o.Finalizers) == 0 && len(o.Labels) == 0 && len(o.Status.LoadBalancer.Ingress) == 0
	})
	if _, err := s.cloud.API.LoadBalancer(t.Context(), balancer); cloud.CodeOf(err) != "InvalidLoadBalancerId.NotFound" {
		t.Errorf("the load balancer is there, or %v", err)
	}
}

func TestServicesOfOthersAreLeftAlone(t *testing.T) {
	s := setStage(t, ccm.TypeAnnotation())
	service := s.serve(annotations{"loadbalancer-type": "nlb"}, 443)
	s.change(service, func() { service.Annotations["example.com/colour"] = "blue" })
	if all, _ := s.ccm.Syncs(service.Name); all != 0 {
		t.Errorf("the CCM looked %d times", all)
	}
	s.looked(service)
	if calls := s.simulator.Calls(t); len(calls) != 0 {
		t.Errorf("the CCM called %v", calls)
	}
}
