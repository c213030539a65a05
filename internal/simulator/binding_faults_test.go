package simulator

import (
	"net/http"
	"strings"
	"testing"
)

// TestFirstCallFailsAndLaterOnesDoNot plays every kind of fault on the first call of every action about listeners and
// extensions: those of the network and of gateways without an effect, the applied ones with it.
func TestFirstCallFailsAndLaterOnesDoNot(t *testing.T) {
	t.Parallel()
	kinds := map[string]func(*exchange, error) bool{
		"ServiceIsConfiguring": func(e *exchange, err error) bool { return err == nil && e.document["Code"] == "ServiceIsConfiguring" },
		"reset":                wasReset, "applied-then-reset": wasReset, "timeout": timedOut, "applied-then-timeout": timedOut,
		"http502": html(502), "applied-then-http502": html(502),
	}
	// A second call of these is refused when the first one took effect.
	again := map[string]string{
		"CreateDomainExtension": "DomainExtensionAlreadyExists", "DeleteDomainExtension": "InvalidParameter.DomainExtensionId",
		"CreateLoadBalancerHTTPSListener": "ListenerAlreadyExists", "CreateLoadBalancerHTTPListener": "ListenerAlreadyExists",
		"CreateLoadBalancerTCPListener": "ListenerAlreadyExists", "DeleteLoadBalancerListener": "ListenerNotFound",
		"CreateRules": "RuleAlreadyExists",
	}
	for kind, sees := range kinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			b := start(t)
			s := b.site()
			applied := strings.HasPrefix(kind, "applied-then-")
			for _, w := range append(s.reads(), s.writes()...) {
				b.put("/faults", `["`+w.action+"="+kind+`:x1"]`)
				before := b.truth()
				e := newExchange(w.action, w.form).sign()
				if err := b.sendAndGiveUp(e, strings.HasSuffix(kind, "timeout")); !sees(e, err) {
					t.Errorf("%s: the client sees %v, %d %s", w.action, err, e.status, e.body)
				}
				if got := b.lastOutcome(); got != kind {
					t.Errorf("%s: the log of calls says %s", w.action, got)
				}
				isWrite := w.busy != ""
				if changed := b.truth() != before; changed != (applied && isWrite) {
					t.Errorf("%s: changed: %t", w.action, changed)
				}
				if status, code := b.refused(w.action, w.form); applied && again[w.action] != "" {
					if code != again[w.action] {
						t.Errorf("%s: the second call gives %d %v", w.action, status, code)
					}
				} else if status != http.StatusOK {
					t.Errorf("%s: the second call gives %d %v", w.action, status, code)
				}
			}
		})
	}
}

// reads are the actions that tell of listeners, extensions and load balancers.
func (s site) reads() []siteCall {
	var reads []siteCall
	for _, action := range []string{
		"DescribeLoadBalancers", "DescribeLoadBalancerAttribute", "DescribeLoadBalancerListeners",
		"DescribeLoadBalancerHTTPSListenerAttribute", "DescribeDomainExtensions", "DescribeDomainExtensionAttribute",
	} {
		form := s.form("443", "DomainExtensionId", s.extension)
		if action == "DescribeLoadBalancerListeners" {
			form = map[string]string{"LoadBalancerId.1": s.loadBalancer}
		}
		reads = append(reads, siteCall{action: action, form: form})
	}
	return reads
}

func TestFaultOfOneCallAlone(t *testing.T) {
	t.Parallel()
	var f faults
	specs := []string{"DescribeLoadBalancers=SystemBusy:#2", "*=InternalError:#2", "DescribeLoadBalancers=Throttling:#4"}
	if err := f.replace(specs); err != nil {
		t.Fatal(err)
	}
	dice := newRandom(7)
	for n, want := range []string{"", "SystemBusy", "", "Throttling", ""} {
		code := ""
		if got := f.pick("DescribeLoadBalancers", "", dice); got != nil {
			code = got.code
		}
		if code != want {
			t.Errorf("call %d ends in %q, want %q", n+1, code, want)
		}
	}
}
