package clb

import (
	"context"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/clberr"
)

func TestWhatALoadBalancerIs(t *testing.T) {
	t.Parallel()
	s := openShop(t, nil)
	got := s.fronts(t, 0, s.id)[s.id]
	if got.Address == "" {
		t.Error("no address")
	}
	slices.SortFunc(got.Listeners, func(a, b ListenerPort) int { return int(a.Port - b.Port) })
	want := LoadBalancer{
		ID: s.id, Region: region, Spec: "slb.s1.small", Address: got.Address, Status: "active", Tags: map[string]string{"team": "shop"},
		Listeners: []ListenerPort{{80, "tcp", ""}, {443, "https", "shop"}},
	}
	if !reflect.DeepEqual(got.LoadBalancer, want) {
		t.Errorf("got  %+v\nwant %+v", got.LoadBalancer, want)
	}
	id := makeLoadBalancer(t, s.account, "", "")
	if shared := s.fronts(t, 0, id)[id]; !shared.Found || shared.Spec != "" || len(shared.Listeners) != 0 || len(shared.Defaults) != 0 {
		t.Errorf("a shared-performance instance: got %+v", shared)
	}
	const elsewhere = "cn-beijing"
	fronts, err := s.account.Fronts(t.Context(), elsewhere, []string{s.id}, time.Now())
	if front, ok := fronts[s.id]; err != nil || !ok || front.Found || front.ID != "" {
		t.Errorf("in another region: got %+v, %v", fronts, err)
	}
}

func TestARenewalReachesTheListener(t *testing.T) {
	t.Parallel()
	s := openShop(t, nil)
	ctx, a := t.Context(), s.account
	before := s.settings()
	if err := a.SetListenerCertificate(ctx, region, s.id, 443, s.new); err != nil {
		t.Error(err)
	}
	made, err := a.CreateExtension(ctx, region, s.id, 443, "*.example.com", s.old)
	if err != nil {
		t.Error(err)
	}
	if err := a.SetExtension(ctx, region, made, s.new); err != nil {
		t.Error(err)
	}
	one, domains := s.serves()
	if one != s.new || !maps.Equal(domains, map[string]string{"a.example.com": s.old, "*.example.com": s.new}) {
		t.Errorf("it serves %s and %v", one, domains)
	}
	for range 2 {
		if err := a.DeleteExtension(ctx, region, made); err != nil {
			t.Error(err)
		}
	}
	if _, domains = s.serves(); len(domains) != 1 {
		t.Errorf("after the deletion it serves %v", domains)
	}
	if after := s.settings(); !reflect.DeepEqual(after, before) {
		t.Errorf("the settings were %v and are %v", before, after)
	}
}

func TestNothingElseIsSent(t *testing.T) {
	t.Parallel()
	s := openShop(t, nil)
	for _, one := range s.steps() {
		if err := one.do(t.Context()); err != nil {
			t.Errorf("%s: %v", one.action, err)
		}
		calls := s.calls(one.action)
		if got := calls[len(calls)-1].parameters(); !slices.Equal(got, one.sends) {
			t.Errorf("%s sends %q, want %q", one.action, got, one.sends)
		}
	}
}

func TestEveryActionUnderEveryFault(t *testing.T) {
	t.Parallel()
	s := openShop(t, nil)
	for _, one := range s.steps() {
		before := len(s.calls(one.action))
		for i, want := range answers {
			s.put("/faults", `["`+one.action+`=`+want.fault+`"]`)
			err := one.do(t.Context())
			if n := len(s.calls(one.action)) - before; n != i+1 {
				t.Errorf("%s, %s: sent %d times", one.action, want.fault, n-i)
			}
			if one.action == "DeleteDomainExtension" && want.class == clberr.NotFound {
				if err != nil {
					t.Errorf("deleting what is gone: %v", err)
				}
				continue
			}
			got := failure(t, err)
			if got.Class() != want.class || got.Reason() != want.reason || got.Outcome != want.outcome || got.Action != one.action {
				t.Errorf("%s, %s: got %+v: %s, %s", one.action, want.fault, *got, got.Class(), got.Reason())
			}
		}
	}
}

func TestACancelledCallIsNotSent(t *testing.T) {
	t.Parallel()
	s := openShop(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, one := range s.steps() {
		before := len(s.calls(one.action))
		if got := failure(t, one.do(ctx)); got.Outcome != clberr.NotSent || got.Action != one.action || !strings.Contains(got.Message, "rate limit") {
			t.Errorf("%s: got %+v", one.action, *got)
		}
		if len(s.calls(one.action)) != before {
			t.Errorf("%s was sent", one.action)
		}
	}
}

func TestALostAnswerMayHideAChange(t *testing.T) {
	t.Parallel()
	s := openShop(t, func(c *Config) { c.Timeout = 2 * time.Second })
	faults := map[string]string{
		"SetLoadBalancerHTTPSListenerAttribute": "applied-then-timeout", "CreateDomainExtension": "applied-then-reset",
		"SetDomainExtensionAttribute": "applied-then-http502", "DeleteDomainExtension": "applied-then-reset",
	}
	for _, one := range s.steps() {
		fault, changes := faults[one.action]
		if !changes {
			continue
		}
		s.put("/faults", `["`+one.action+`=`+fault+`:x1"]`)
		if got := failure(t, one.do(t.Context())); got.Outcome != clberr.Unknown || got.Class() != clberr.Transient {
			t.Errorf("%s: got %+v", one.action, *got)
		}
		err := one.do(t.Context())
		if one.action != "CreateDomainExtension" {
			if err != nil {
				t.Errorf("%s once more: %v", one.action, err)
			}
		} else if got := failure(t, err); got.Outcome != clberr.Refused || got.Known() {
			t.Errorf("one more extension for the domain: %+v", *got)
		}
	}
	one, domains := s.serves()
	if one != s.new || !maps.Equal(domains, map[string]string{"b.example.com": s.new}) {
		t.Errorf("it serves %s and %v", one, domains)
	}
}

func TestWhatDoesNotExist(t *testing.T) {
	t.Parallel()
	s := openShop(t, nil)
	ctx, a := t.Context(), s.account
	of := func(_ any, err error) error { return err }
	for sentence, c := range map[string]struct {
		err    error
		code   string
		reason v1alpha1.Reason
	}{
		"a listener of no load balancer": {of(a.Listener(ctx, region, "lb-none", 443)), "InvalidLoadBalancerId.NotFound", v1alpha1.ReasonLoadBalancerNotFound},
		"a listener in another region":   {of(a.Listener(ctx, "cn-beijing", s.id, 443)), "InvalidLoadBalancerId.NotFound", v1alpha1.ReasonLoadBalancerNotFound},
		"a listener":                     {of(a.Listener(ctx, region, s.id, 444)), "ListenerNotFound", v1alpha1.ReasonListenerNotFound},
		"a listener to set":              {a.SetListenerCertificate(ctx, region, s.id, 444, s.new), "ListenerNotFound", v1alpha1.ReasonListenerNotFound},
		"a listener to extend":           {of(a.CreateExtension(ctx, region, s.id, 444, "b.example.com", s.new)), "ListenerNotFound", v1alpha1.ReasonListenerNotFound},
		"a certificate to set":           {a.SetListenerCertificate(ctx, region, s.id, 443, "1_none"), "ServerCertificateId.NotFound", v1alpha1.ReasonRejectedByCloud},
		"a certificate to extend with":   {of(a.CreateExtension(ctx, region, s.id, 443, "b.example.com", "1_none")), "InvalidParameter.ServerCertificateId", v1alpha1.ReasonRejectedByCloud},
		"a certificate of an extension":  {a.SetExtension(ctx, region, s.extension, "1_none"), "InvalidParameter.ServerCertificateId", v1alpha1.ReasonRejectedByCloud},
		"an extension":                   {a.SetExtension(ctx, region, "de-none", s.new), "InvalidParameter.DomainExtensionId", v1alpha1.ReasonRejectedByCloud},
	} {
		got := failure(t, c.err)
		if got.Code != c.code || got.Class() != clberr.NotFound || got.Reason() != c.reason || got.Outcome != clberr.Refused {
			t.Errorf("%s: got %+v: %s, %s", sentence, *got, got.Class(), got.Reason())
		}
	}
}

func TestOneExtensionTooManyIsAQuota(t *testing.T) {
	t.Parallel()
	s := openShop(t, nil)
	for _, domain := range []string{"b.example.com", "c.example.com"} {
		if _, err := s.account.CreateExtension(t.Context(), region, s.id, 443, domain, s.new); err != nil {
			t.Fatal(err)
		}
	}
	_, err := s.account.CreateExtension(t.Context(), region, s.id, 443, "d.example.com", s.new)
	if got := failure(t, err); got.Class() != clberr.Quota || got.Outcome != clberr.Refused {
		t.Errorf("got %+v", *got)
	}
}

func TestNothingEmptyIsAskedFor(t *testing.T) {
	t.Parallel()
	asked := false
	a := stub(t, func(http.ResponseWriter, *http.Request) { asked = true })
	ctx := t.Context()
	of := func(_ any, err error) error { return err }
	for sentence, err := range map[string]error{
		"no load balancer":                  of(a.Fronts(ctx, region, []string{""}, time.Now())),
		"a listener of no load balancer":    of(a.Listener(ctx, region, "", 443)),
		"a listener at no port":             of(a.Listener(ctx, region, "lb-1", 0)),
		"setting one of no load balancer":   a.SetListenerCertificate(ctx, region, "", 443, "1_a"),
		"setting one at no port":            a.SetListenerCertificate(ctx, region, "lb-1", -1, "1_a"),
		"setting no certificate":            a.SetListenerCertificate(ctx, region, "lb-1", 443, ""),
		"extending one of no load balancer": of(a.CreateExtension(ctx, region, "", 443, "a.com", "1_a")),
		"extending one at no port":          of(a.CreateExtension(ctx, region, "lb-1", 0, "a.com", "1_a")),
		"extending by no domain":            of(a.CreateExtension(ctx, region, "lb-1", 443, "", "1_a")),
		"extending by no certificate":       of(a.CreateExtension(ctx, region, "lb-1", 443, "a.com", "")),
		"changing no extension":             a.SetExtension(ctx, region, "", "1_a"),
		"changing one to no certificate":    a.SetExtension(ctx, region, "de-1", ""),
		"deleting no extension":             a.DeleteExtension(ctx, region, ""),
		"finding no address":                of(a.FindLoadBalancers(ctx, region, "")),
		"no load balancer beside one":       of(a.Fronts(ctx, region, []string{"lb-1", ""}, time.Time{})),
	} {
		if got := failure(t, err); got.Code != clberr.CodeMissingParameter || got.Outcome != clberr.NotSent || got.Action == "" {
			t.Errorf("%s: got %+v", sentence, *got)
		}
	}
	for _, since := range []time.Time{time.Now(), {}} {
		if got, err := a.Fronts(ctx, region, nil, since); len(got) != 0 || err != nil {
			t.Errorf("of no load balancers: got %v, %v", got, err)
		}
	}
	if asked {
		t.Error("a call was made")
	}
}
