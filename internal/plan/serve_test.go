package plan_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/clberr"
	"github.com/clbcert/clbcert/internal/plan"
)

// eventOf is the Event of a reason, with what it says; the zero Event where there is none.
func eventOf(w walked, reason string) plan.Event {
	for _, e := range w.Events {
		if e.Reason == reason {
			return e
		}
	}
	return plan.Event{}
}

func TestAWholePass(t *testing.T) {
	t.Parallel()
	a, b, c := toListener("a", 443, ""), toListener("b", 443, "a.com"), toListener("c", 8443, "")
	refusedSet := map[string]*clberr.Error{"SetCertificate:a": clberr.New("SetLoadBalancerHTTPSListenerAttribute", "Forbidden.RAM", "no", "R-1", 403, clberr.Refused)}
	dry := func(s *plan.State) { s.DryRun = true }
	full := []facts{serving(443, "cert-0"), extended(443, "a.com", "cert-0"), serving(8443, "cert-0")}
	ready := []change{recorded(a, "cert-0"), recorded(b, "cert-0"), recorded(c, "cert-0")}
	for sentence, c := range map[string]struct {
		given []change
		site  []facts
		fails map[string]*clberr.Error
		steps string
		ready v1alpha1.Reason
	}{
		"looks once, writes, and looks once more": {
			nil, nil, nil, "Identify Survey:a,b,c Confirm SetCertificate:a Confirm ClaimExtension:b CreateExtension:b Confirm SetCertificate:c Survey:a,b,c", v1alpha1.ReasonBound,
		},
		"writes only what differs":          {nil, []facts{serving(443, "cert-0"), extended(443, "a.com", somebody), serving(8443, "cert-0")}, nil, "Identify Survey:a,b,c Confirm SetExtension:b Survey:b", v1alpha1.ReasonBound},
		"writes nothing where all serve it": {ready, full, nil, "Identify Survey:a,b,c", v1alpha1.ReasonBound},
		"goes on with the others after a refusal": {
			nil, nil, refusedSet, "Identify Survey:a,b,c Confirm SetCertificate:a Confirm ClaimExtension:b CreateExtension:b Confirm SetCertificate:c Survey:b,c", v1alpha1.ReasonUnauthorized,
		},
		"holds each write in a dry run":                    {[]change{dry}, nil, nil, "Identify Survey:a,b,c Confirm SetCertificate:a Confirm ClaimExtension:b Confirm SetCertificate:c", v1alpha1.ReasonDryRun},
		"of a dry run has nothing to hold":                 {append(ready, dry), full, nil, "Identify Survey:a,b,c", v1alpha1.ReasonBound},
		"looks at what drifted once more before it writes": {ready, append(full, serving(443, somebody)), nil, "Identify Survey:a,b,c Survey:a Confirm SetCertificate:a Survey:a", v1alpha1.ReasonBound},
		"doesn't bind what isn't valid":                    {[]change{func(s *plan.State) { s.Wanted.NotAfter = now }}, nil, nil, "Identify", v1alpha1.ReasonCertificateExpired},
		"goes to a new certificate":                        {[]change{wants(1)}, full, nil, "Identify Look RecordIntent Upload Survey:a,b,c Confirm SetCertificate:a Confirm SetExtension:b Confirm SetCertificate:c Survey:a,b,c", v1alpha1.ReasonBound},
		"survives a cloud that can't be read":              {nil, nil, map[string]*clberr.Error{"Survey": clberr.New("DescribeLoadBalancers", "SystemBusy", "no", "R-1", 449, clberr.Refused)}, "Identify Survey:a,b,c", v1alpha1.ReasonProgressing},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			p := siteOf(c.site...)
			s := given(append([]change{synced(0), bound(a, b, toListener("c", 8443, ""))}, c.given...)...)
			w := p.pass(t, s, []plan.Certificate{certificate(0)}, c.fails)
			if w.steps != c.steps {
				t.Errorf("got  %s\nwant %s", w.steps, c.steps)
			}
			if got := readyOf(w.State); got.Reason != string(c.ready) {
				t.Errorf("Ready is %s: %s", got.Reason, got.Message)
			}
		})
	}
}

// refusal is what the service says against a step.
func refusal(step, code string, status int) map[string]*clberr.Error {
	return map[string]*clberr.Error{step: clberr.New("Set", code, "no", "R-1", status, clberr.Refused)}
}

func TestAFailedWriteRests(t *testing.T) {
	t.Parallel()
	const set, again = "Identify Survey:a Confirm SetCertificate:a", "Survey:a Confirm SetCertificate:a Survey:a"
	for sentence, c := range map[string]struct {
		code   string
		status int
		later  time.Duration
		change change
		steps  string
		reason v1alpha1.Reason
	}{
		"for a moment where it may pass":         {"ServiceIsConfiguring", 400, 800 * time.Millisecond, identified, "Survey:a", v1alpha1.ReasonCloudUnavailable},
		"and is tried again then":                {"ServiceIsConfiguring", 400, 2 * time.Second, identified, again, v1alpha1.ReasonBound},
		"for long where a person has to help":    {"Forbidden.RAM", 403, 4 * time.Minute, identified, "Survey:a", v1alpha1.ReasonUnauthorized},
		"but not where the inputs changed":       {"Forbidden.RAM", 403, time.Second, func(s *plan.State) { identified(s); s.Inputs = "others" }, "Survey:a " + again, v1alpha1.ReasonBound},
		"nor where a sync is asked for":          {"Forbidden.RAM", 403, time.Second, func(s *plan.State) { identified(s); syncRequested(s) }, "Look " + again, v1alpha1.ReasonBound},
		"and lets go where somebody else set it": {"Forbidden.RAM", 403, time.Second, identified, "Survey:a", v1alpha1.ReasonBound},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			p := siteOf()
			first := p.pass(t, given(synced(0), bound(toListener("a", 443, ""))), nil, refusal("SetCertificate", c.code, c.status))
			if first.steps != set {
				t.Errorf("first: %s", first.steps)
			}
			if c.steps == "Survey:a" && c.reason == v1alpha1.ReasonBound {
				serving(443, "cert-0")(p)
			}
			w := p.pass(t, first.next(c.later, c.change), []plan.Certificate{certificate(0)}, nil)
			if w.steps != c.steps {
				t.Errorf("then: %s, want %s", w.steps, c.steps)
			}
			checkEntry(t, w, "a", c.reason)
			if first.Memory.Attempts["a"].Failures != 1 || c.reason == v1alpha1.ReasonBound && len(w.Memory.Attempts) != 0 {
				t.Errorf("attempts: %+v, then %+v", first.Memory.Attempts, w.Memory.Attempts)
			}
		})
	}
}

func TestFailedTriesBecomeRarer(t *testing.T) {
	t.Parallel()
	p := siteOf()
	fails := refusal("SetCertificate", "ServiceIsConfiguring", 400)
	w := p.pass(t, given(synced(0), bound(toListener("a", 443, ""))), nil, fails)
	var delays []time.Duration
	for range 20 {
		due := plan.Summary(w.State).Wake.Sub(w.Now)
		delays = append(delays, due.Truncate(500*time.Millisecond))
		w = p.pass(t, w.next(due, identified), nil, fails)
		if !strings.HasSuffix(w.steps, "SetCertificate:a") {
			t.Fatalf("when it was due: %s", w.steps)
		}
	}
	if delays[0] > time.Second || delays[19] != 8*time.Second || !slices.IsSorted(delays) {
		t.Errorf("tried again after %v", delays)
	}
}

func TestWhatSomebodyChangedIsTold(t *testing.T) {
	t.Parallel()
	a, b := toListener("a", 443, ""), toListener("b", 443, "a.com")
	for sentence, c := range map[string]struct {
		given  []change
		site   []facts
		reason string
		says   []string
	}{
		"a default certificate": {[]change{recorded(a, "cert-0"), bound(a)}, nil, "BindingDrifted", []string{"listener lb-1:443", "it served certificate " + somebody, "cert-0"}},
		"a domain's":            {[]change{recorded(b, "cert-0"), bound(b)}, []facts{extended(443, "a.com", somebody)}, "BindingDrifted", []string{"domain a.com", somebody}},
		"a domain that somebody deleted": {
			[]change{recorded(b, "cert-0", owning), bound(b)}, nil, "BindingDrifted", []string{"domain a.com", "it served nothing"},
		},
		"a renewal is none":         {[]change{recorded(a, "cert-1"), bound(a)}, []facts{serving(443, "cert-1")}, "Bound", []string{"from certificate cert-1"}},
		"nor is a first binding":    {[]change{bound(a)}, nil, "Bound", []string{"Set listener lb-1:443 to certificate cert-0"}},
		"all of a pass are one":     {[]change{recorded(a, "cert-0"), recorded(b, "cert-0", owning), bound(a, b)}, nil, "BindingDrifted", []string{"changed listener lb-1:443:", "changed listener lb-1:443, domain a.com"}},
		"one is told with its name": {[]change{bound(toService("a", "")), listed(0, certificate(0))}, []facts{frontService(says("cert-1"))}, "Annotated", []string{`Service "front"`, "from cert-1"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			w := siteOf(c.site...).pass(t, given(append([]change{synced(0)}, c.given...)...), nil, nil)
			event := eventOf(w, c.reason)
			if len(w.Events) != 1 || event.Warning != (c.reason == "BindingDrifted") {
				t.Errorf("got %+v", w.Events)
			}
			for _, part := range c.says {
				if !strings.Contains(event.Message, part) {
					t.Errorf("it says %q, without %q", event.Message, part)
				}
			}
		})
	}
}
