package sdks

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// step is a call that must succeed. In parameters and want, $name stands for what an earlier step kept.
type step struct {
	action     string
	parameters map[string]any
	keep       map[string]string // name → path into the answer
	want       map[string]string // path into the answer → value; "" is nothing
}

// odd is a value that every kind of encoding has its way with.
const odd = "R&D <x> \"100%\" ~*+/=;' ü"

// story is a certificate's life, from upload over a listener and an extension that serve it to its end.
func story(p pair) []step {
	type list = []any
	type object = map[string]any
	const certificate = "ServerCertificates.ServerCertificate.0."
	unused := list{"team"}
	for n := range 11 { // TagKey.1 to TagKey.12: sorted by name
		unused = append(unused, fmt.Sprintf("unused-%d", n))
	}
	listener := func(more ...string) object {
		o := object{"LoadBalancerId": "$balancer", "ListenerPort": "443"}
		for i := 0; i < len(more); i += 2 {
			o[more[i]] = more[i+1]
		}
		return o
	}
	return []step{
		{"GetCallerIdentity", nil, nil, map[string]string{"AccountId": account}},
		{"DescribeRegions", nil, map[string]string{"some region": "Regions.Region.0.RegionId"}, nil},

		{"UploadServerCertificate", object{
			"ServerCertificate": p.certificate, "PrivateKey": p.key, "ServerCertificateName": "web", "Tag": list{object{"Key": "team", "Value": odd}},
		}, map[string]string{"certificate": "ServerCertificateId", "upload": "RequestId"}, map[string]string{
			"ServerCertificateName": "web", "Fingerprint": p.fingerprint, "CommonName": "a.com", "RegionId": region, "IsAliCloudCertificate": "0",
		}},
		{"DescribeServerCertificates", object{"ServerCertificateId": "$certificate"}, nil, map[string]string{
			certificate + "ServerCertificateId": "$certificate", certificate + "Tags.Tag.0.TagKey": "team", certificate + "Tags.Tag.0.TagValue": odd,
		}},
		{"TagResources", object{
			"ResourceType": "certificate", "ResourceId": list{"$certificate"}, "Tag": list{object{"Key": "env", "Value": "prod"}},
		}, nil, nil},
		{"UntagResources", object{"ResourceType": "certificate", "ResourceId": list{"$certificate"}, "TagKey": unused}, nil, nil},
		{"ListTagResources", object{"ResourceType": "certificate", "ResourceId": list{"$certificate"}}, nil, map[string]string{
			"TagResources.TagResource.0.ResourceId": "$certificate", "TagResources.TagResource.0.TagKey": "env",
			"TagResources.TagResource.0.TagValue": "prod", "TagResources.TagResource.1.TagKey": "",
		}},
		{"SetServerCertificateName", object{"ServerCertificateId": "$certificate", "ServerCertificateName": "web-2"}, nil, nil},
		{"MoveResourceGroup", object{"ResourceType": "certificate", "ResourceId": "$certificate", "NewResourceGroupId": "rg-new"}, nil, nil},
		{"DescribeServerCertificates", object{"Tag": list{object{"Key": "env", "Value": "prod"}}, "ServerCertificateId": "$certificate"}, nil, map[string]string{
			certificate + "ServerCertificateName": "web-2", certificate + "ResourceGroupId": "rg-new", certificate + "Fingerprint": p.fingerprint,
		}},

		{"CreateLoadBalancer", object{"LoadBalancerSpec": "slb.s1.small", "LoadBalancerName": "web"},
			map[string]string{"balancer": "LoadBalancerId"}, map[string]string{"LoadBalancerName": "web"}},
		{"CreateLoadBalancerHTTPSListener", listener("ServerCertificateId", "$certificate", "Bandwidth", "-1"), nil, nil},
		{"StartLoadBalancerListener", listener("ListenerProtocol", "https"), nil, nil},
		{"DescribeLoadBalancers", object{"LoadBalancerId": "$balancer"}, nil, map[string]string{"LoadBalancers.LoadBalancer.0.LoadBalancerId": "$balancer"}},
		{"DescribeLoadBalancerAttribute", object{"LoadBalancerId": "$balancer"}, nil, map[string]string{
			"ListenerPortsAndProtocol.ListenerPortAndProtocol.0.ListenerPort": "443", "ListenerPorts.ListenerPort.0": "443",
		}},
		{"DescribeLoadBalancerListeners", object{"LoadBalancerId": list{"$balancer"}, "ListenerProtocol": "https"}, nil, map[string]string{
			"Listeners.0.ListenerPort": "443", "Listeners.0.HTTPSListenerConfig.ServerCertificateId": "$certificate",
		}},
		{"SetLoadBalancerHTTPSListenerAttribute", listener("ServerCertificateId", "$certificate"), nil, nil},
		{"CreateDomainExtension", listener("Domain", "*.a.com", "ServerCertificateId", "$certificate"),
			map[string]string{"extension": "DomainExtensionId"}, map[string]string{"ListenerPort": "443"}},
		{"SetDomainExtensionAttribute", object{"DomainExtensionId": "$extension", "ServerCertificateId": "$certificate"}, nil, nil},
		{"DescribeDomainExtensions", listener(), nil, map[string]string{"DomainExtensions.DomainExtension.0.Domain": "*.a.com"}},
		{"DescribeDomainExtensionAttribute", object{"DomainExtensionId": "$extension"}, nil, map[string]string{
			"LoadBalancerId": "$balancer", "ListenerPort": "443", "Domain": "*.a.com", "ServerCertificateId": "$certificate",
		}},
		{"DescribeLoadBalancerHTTPSListenerAttribute", listener(), nil, map[string]string{
			"ServerCertificateId": "$certificate", "Status": "running", "DomainExtensions.DomainExtension.0.DomainExtensionId": "$extension",
		}},

		{"DeleteDomainExtension", object{"DomainExtensionId": "$extension"}, nil, nil},
		{"DescribeDomainExtensions", listener(), nil, map[string]string{"DomainExtensions.DomainExtension.0.Domain": ""}},
		{"DeleteLoadBalancerListener", listener(), nil, nil},
		{"DeleteLoadBalancer", object{"LoadBalancerId": "$balancer"}, nil, nil},
		{"DeleteServerCertificate", object{"ServerCertificateId": "$certificate"}, nil, nil},
		{"DescribeServerCertificates", object{"ServerCertificateId": "$certificate"}, nil, map[string]string{certificate + "ServerCertificateId": ""}},
	}
}

// TestEveryActionThroughEverySDK runs the story through each SDK, with a lasting access key and with a role's session.
func TestEveryActionThroughEverySDK(t *testing.T) {
	t.Parallel()
	s := must(plain())(t)
	steps := story(newPair(t))
	for sentence, by := range sdks {
		for _, session := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, session %t", sentence, session), func(t *testing.T) {
				t.Parallel()
				c := lasting
				if session {
					c = assumeRole(t, s, by)
				}
				kept := live(t, must(by.connect(s, c))(t), steps)
				method, inForm := by.upload()
				sent := s.call(t, kept["upload"])
				if sent.Method != method || slices.Contains(sent.FormParameters, "PrivateKey") != inForm || slices.Contains(sent.QueryParameters, "PrivateKey") == inForm {
					t.Errorf("the upload went by another way: %+v", sent)
				}
			})
		}
	}
}

// live runs the steps, and gives what they kept.
func live(t *testing.T, call client, steps []step) map[string]string {
	t.Helper()
	kept := map[string]string{}
	for _, s := range steps {
		answer, err := call(s.action, fillIn(t, s.parameters, kept))
		if err != nil {
			t.Fatalf("%s: %v", s.action, err)
		}
		if at(answer, "RequestId") == "" {
			t.Errorf("%s: no RequestId in %v", s.action, answer)
		}
		for name, path := range s.keep {
			if kept[name] = at(answer, path); kept[name] == "" {
				t.Fatalf("%s: no %s in %v", s.action, path, answer)
			}
		}
		for path, want := range fillIn(t, s.want, kept) {
			if got := at(answer, path); got != want {
				t.Errorf("%s: %s is %q, want %q", s.action, path, got, want)
			}
		}
	}
	return kept
}

// fillIn gives a copy with the kept values in the place of their names.
func fillIn[V any](t *testing.T, values map[string]V, kept map[string]string) (filled map[string]V) {
	t.Helper()
	text := string(must(json.Marshal(values))(t))
	for name, value := range kept {
		text = strings.ReplaceAll(text, `"$`+name+`"`, strconv.Quote(value))
	}
	if err := json.Unmarshal([]byte(text), &filled); err != nil {
		t.Fatal(err)
	}
	return filled
}

// at gives the text of a path such as Tags.Tag.0.TagKey, or "" where there is nothing.
func at(document any, path string) string {
	for name := range strings.SplitSeq(path, ".") {
		switch value := document.(type) {
		case map[string]any:
			document = value[name]
		case []any:
			n, err := strconv.Atoi(name)
			if err != nil || n >= len(value) {
				return ""
			}
			document = value[n]
		}
	}
	if document == nil {
		return ""
	}
	return fmt.Sprint(document)
}
