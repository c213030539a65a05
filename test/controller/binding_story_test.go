package controller

import (
	"fmt"
	"slices"
	"strconv"
	"testing"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/env"
)

func TestARenewalReachesTheListenersAndLeavesNothingBehind(t *testing.T) {
	s := setStage(t)
	one, old := s.loadBalancer(443, 8443)
	two, _ := s.loadBalancer(443)
	s.console().CreateExtension(s, one, 443, "api.a.com", old) // is set
	s.console().CreateExtension(s, two, 443, "other.com", old) // is none of ours
	s.manage()
	names := certs.Names("a.com", "*.a.com")
	object := s.certificate("web", keeping(0), bound(
		toListener(one, 443, ""), renamed(toListener(one, 443, "API.a.com"), "api"),
		renamed(toListener(two, 443, ""), "two"), renamed(toListener(two, 443, "*.a.com"), "two-sni")))
	s.create(s.secret("web-tls", certs.NewLeaf(t, names)), object)
	first := s.ready(object).Status.CertificateID
	if got, want := writes(s.calls(0)), []string{
		"UploadServerCertificate",
		"SetLoadBalancerHTTPSListenerAttribute " + one + " 443", "SetDomainExtensionAttribute",
		"SetLoadBalancerHTTPSListenerAttribute " + two + " 443", "CreateDomainExtension " + two + " 443 *.a.com",
	}; !slices.Equal(got, want) {
		t.Errorf("the first sync wrote\n%q, want\n%q", got, want)
	}

	before := s.lastCall()
	second := s.renew(object, certs.NewLeaf(t, names))
	s.wait(object, "the old one deleted", func(o *v1alpha1.ServerCertificate) bool { return len(o.Status.Superseded) == 0 && isReady(o) })
	calls := s.calls(before)
	if got, want := writes(calls), []string{
		"UploadServerCertificate",
		"SetLoadBalancerHTTPSListenerAttribute " + one + " 443", "SetDomainExtensionAttribute",
		"SetLoadBalancerHTTPSListenerAttribute " + two + " 443", "SetDomainExtensionAttribute",
		"DeleteServerCertificate",
	}; !slices.Equal(got, want) {
		t.Errorf("the renewal wrote\n%q, want\n%q", got, want)
	}
	s.checkServed(one, 443, second, map[string]string{"api.a.com": second})
	s.checkServed(one, 8443, old, nil)
	s.checkServed(two, 443, second, map[string]string{"*.a.com": second, "other.com": old})
	checkNothingElseSent(t, s.calls(0))
	s.checkNoGap(first, second)
	for _, c := range calls {
		t.Logf("%s %s", c.Action, c.Outcome)
	}
	if slices.Contains(s.ids(), first) || len(s.live(object)) != 1 {
		t.Errorf("the first certificate is left: %v", s.ids())
	}
}

// checkNothingElseSent checks that of a listener nothing but the certificate was sent.
func checkNothingElseSent(t *testing.T, calls []env.SimulatedCall) {
	t.Helper()
	for _, c := range calls {
		if c.Action != "SetLoadBalancerHTTPSListenerAttribute" {
			continue
		}
		for _, name := range append(slices.Clone(c.QueryParameters), c.FormParameters...) {
			if !slices.Contains([]string{
				"AccessKeyId", "Action", "Format", "RegionId", "Signature", "SignatureMethod", "SignatureNonce", "SignatureType", "SignatureVersion",
				"Timestamp", "Version", "LoadBalancerId", "ListenerPort", "ServerCertificateId",
			}, name) {
				t.Errorf("%s was sent with %s", c.Action, name)
			}
		}
	}
}

// checkNoGap checks by the log that a listener was given nothing but these certificates,
// each before it was deleted: the service itself deletes none that is served.
func (s *stage) checkNoGap(ids ...string) {
	s.Helper()
	deleted := map[string]bool{}
	for _, c := range s.calls(0) {
		id := c.Parameters["ServerCertificateId"]
		switch c.Action {
		case "DeleteServerCertificate":
			deleted[id] = true
		case "SetLoadBalancerHTTPSListenerAttribute", "CreateDomainExtension", "SetDomainExtensionAttribute":
			if !slices.Contains(ids, id) || deleted[id] {
				s.Errorf("%s bound %q", c.Action, id)
			}
		}
	}
}

func TestAHundredRenewalsLeaveOneAndTheHistory(t *testing.T) {
	s := setStage(t)
	id, _ := s.loadBalancer(443)
	s.manage("--api-qps", "0")
	object := s.certificate("web", bound(toListener(id, 443, "")))
	s.create(s.secret("web-tls", certs.NewLeaf(t)), object)
	s.ready(object)
	kinds := []*certs.Identity{}
	for i := range 100 {
		kinds = append(kinds, certs.NewLeaf(t, certs.Names("n"+strconv.Itoa(i)+".a.com")))
	}
	for _, identity := range kinds {
		s.renew(object, identity)
	}
	now := s.wait(object, "one superseded", func(o *v1alpha1.ServerCertificate) bool { return isReady(o) && len(o.Status.Superseded) == 1 })
	if live := s.live(object); len(live) != 2 {
		t.Errorf("%d certificates, want 1 and 1 superseded", len(live))
	}
	s.checkServed(id, 443, now.Status.CertificateID, nil)
	uploads := fmt.Sprint(len(s.uploads()) - 1) // but the stranger's
	if uploads != "101" {
		t.Errorf("%s uploads, want 101", uploads)
	}
}
