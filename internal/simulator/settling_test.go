package simulator

import (
	"fmt"
	"net/http"
	"testing"
	"time"
)

// settleTime is long enough for what a test does within it, and short enough for many of it to pass within the 15 minutes
// that a signature's clock may be off.
const settleTime = 20 * time.Second

// startSettling starts a simulator whose writes settle.
func startSettling(t *testing.T) *bench {
	t.Helper()
	return start(t, func(o *Options) { o.SettleTime = settleTime })
}

// settled makes a write, and lets it settle.
func (b *bench) settled(action string, form map[string]string) map[string]any {
	b.t.Helper()
	answer := b.call(action, form)
	b.clock.advance(settleTime)
	return answer
}

// truth is GET /state as text.
func (b *bench) truth() string {
	b.t.Helper()
	var state map[string]any
	b.get("/state", &state)
	return fmt.Sprint(state)
}

// site is an instance with HTTPS listeners on 443 and 444, each with the extension a.com.
type site struct {
	loadBalancer, first, second, extension, other string
}

func (b *bench) site() site {
	b.t.Helper()
	s := site{loadBalancer: b.loadBalancer(), first: b.upload(), second: b.upload()}
	for _, port := range []string{"443", "444"} {
		b.settled("CreateLoadBalancerHTTPSListener", s.form(port))
	}
	s.extension = at[string](b.settled("CreateDomainExtension", s.form("443", "Domain", "a.com")), "DomainExtensionId")
	s.other = at[string](b.settled("CreateDomainExtension", s.form("444", "Domain", "a.com")), "DomainExtensionId")
	return s
}

// form names the listener at a port, and the first certificate unless another is given.
func (s site) form(port string, more ...string) map[string]string {
	return merge(map[string]string{"LoadBalancerId": s.loadBalancer, "ListenerPort": port, "ServerCertificateId": s.first}, more...)
}

// siteCall is a call about a site.
type siteCall struct {
	action string
	form   map[string]string
	busy   string // of a write: its code while an earlier one settles
}

// writes are all that change listeners, their extensions or their rules, in an order in which each is possible after those before it.
func (s site) writes() []siteCall {
	const listener, extension = "ServiceIsConfiguring", "DomainExtensionProcessing"
	return []siteCall{
		{"SetLoadBalancerHTTPSListenerAttribute", s.form("443", "ServerCertificateId", s.second), listener},
		{"StartLoadBalancerListener", s.form("443"), listener},
		{"CreateDomainExtension", s.form("443", "Domain", "b.com"), extension},
		{"SetDomainExtensionAttribute", s.form("443", "DomainExtensionId", s.extension, "ServerCertificateId", s.second), extension},
		{"DeleteDomainExtension", s.form("443", "DomainExtensionId", s.extension), extension},
		{"CreateRules", s.form("443", "RuleList", `[{"RuleName":"r","Domain":"c.com","VServerGroupId":"rsp-1"}]`), listener},
		{"CreateLoadBalancerHTTPSListener", s.form("445"), listener},
		{"CreateLoadBalancerHTTPListener", s.form("80"), listener},
		{"CreateLoadBalancerTCPListener", s.form("22"), listener},
		{"DeleteLoadBalancerListener", s.form("443"), listener},
	}
}

func TestWritesAreRefusedWhileOneSettles(t *testing.T) {
	t.Parallel()
	b := startSettling(t)
	s, elsewhere := b.site(), b.loadBalancer()
	b.call("StartLoadBalancerListener", s.form("443"))
	before := b.truth()
	for _, w := range s.writes() {
		if status, code := b.refused(w.action, w.form); status != http.StatusBadRequest || code != w.busy {
			t.Errorf("%s gives %d %v, want %s", w.action, status, code, w.busy)
		}
	}
	if after := b.truth(); after != before {
		t.Errorf("a refused write changed\n%s\nto\n%s", before, after)
	}
	b.call("SetDomainExtensionAttribute", map[string]string{"DomainExtensionId": s.other, "ServerCertificateId": s.second})
	b.https(elsewhere, 443, s.first)
}

func TestEveryWriteSettles(t *testing.T) {
	t.Parallel()
	b := startSettling(t)
	s := b.site()
	probe := s.form("444")
	for _, w := range s.writes() {
		before := b.truth()
		b.call(w.action, w.form)
		if b.truth() == before {
			t.Errorf("%s doesn't show at once", w.action)
		}
		if status, code := b.refused("SetLoadBalancerHTTPSListenerAttribute", probe); status != http.StatusBadRequest || code != "ServiceIsConfiguring" {
			t.Errorf("after %s another listener's write gives %d %v", w.action, status, code)
		}
		b.clock.advance(settleTime)
		b.settled("SetLoadBalancerHTTPSListenerAttribute", probe)
	}
}

func TestUnbindingTakesItsTime(t *testing.T) {
	t.Parallel()
	const onListener, onExtension = "CertificateAndPrivateKeyIsRefered", "CertificateRelatedDomainExtensionExist"
	for sentence, c := range map[string]struct {
		action    string
		extension bool // serves it, not the listener
		code      string
	}{
		"the listener serves another":       {"SetLoadBalancerHTTPSListenerAttribute", false, onListener},
		"the listener is deleted":           {"DeleteLoadBalancerListener", false, onListener},
		"the instance is deleted":           {"DeleteLoadBalancer", false, onListener},
		"the extension serves another":      {"SetDomainExtensionAttribute", true, onExtension},
		"the extension is deleted":          {"DeleteDomainExtension", true, onExtension},
		"the extension's listener goes":     {"DeleteLoadBalancerListener", true, onExtension},
		"the extension's instance is ended": {"DeleteLoadBalancer", true, onExtension},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			b := startSettling(t)
			s, served := b.site(), b.upload()
			bind := "SetLoadBalancerHTTPSListenerAttribute"
			if c.extension {
				bind = "SetDomainExtensionAttribute"
			}
			b.settled(bind, s.form("443", "DomainExtensionId", s.extension, "ServerCertificateId", served))
			b.call(c.action, s.form("443", "DomainExtensionId", s.extension))
			remove := map[string]string{"ServerCertificateId": served}
			if _, code := b.refused("DeleteServerCertificate", remove); code != c.code {
				t.Errorf("deleting it gives %v, want %s", code, c.code)
			}
			b.stop()
			b.serve(func(o *Options) { o.SettleTime = settleTime })
			if _, code := b.refused("DeleteServerCertificate", remove); code != c.code {
				t.Errorf("after a restart deleting it gives %v, want %s", code, c.code)
			}
			b.clock.advance(settleTime)
			b.call("DeleteServerCertificate", remove)
		})
	}
}
