package plan_test

import (
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/ccm"
	"github.com/clbcert/clbcert/internal/clberr"
	"github.com/clbcert/clbcert/internal/plan"
)

func TestACertificateThatTheServiceDoesNotKnow(t *testing.T) {
	t.Parallel()
	a, sni := toListener("a", 443, ""), toListener("a", 443, "a.com")
	long := []change{remembering(time.Hour), listed(0, certificate(0))}
	const set, again = "Identify Survey:a Confirm SetCertificate:a", " Look Forget RecordIntent Upload Survey:a Confirm SetCertificate:a"
	for sentence, c := range map[string]struct {
		binding v1alpha1.Binding
		given   []change
		code    string
		steps   string
	}{
		"is uploaded anew though lists show it":         {a, long, "ServerCertificateId.NotFound", set + again},
		"also where a domain's extension tells":         {sni, long, "InvalidParameter.ServerCertificateId", strings.ReplaceAll("Identify Survey:a Confirm ClaimExtension:a CreateExtension:a"+again, "Confirm SetCertificate:a", "Confirm CreateExtension:a")},
		"but not within a window of its upload":         {a, []change{listed(0, certificate(0))}, "ServerCertificateId.NotFound", set},
		"nor where it is the listener that is unknown":  {a, long, "ListenerNotFound", set},
		"nor where the load balancer is":                {a, long, "InvalidLoadBalancerId.NotFound", set},
		"nor on a code that says something else of one": {a, long, "ServerCertificateId.Invalid", set},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			fails := refusal("SetCertificate", c.code, 404)
			fails["CreateExtension"] = fails["SetCertificate"]
			s := given(append([]change{synced(0), bound(c.binding), keeps(10)}, c.given...)...)
			w := siteOf().pass(t, s, []plan.Certificate{certificate(0)}, fails)
			if w.steps != c.steps {
				t.Errorf("got  %s\nwant %s", w.steps, c.steps)
			}
		})
	}
}

func TestOfDoublesTheServedOneIsAdopted(t *testing.T) {
	t.Parallel()
	old := altered(certificate(0), func(c *plan.Certificate) { c.ID, c.CreateTime = "cert-old", c.CreateTime.Add(-time.Hour) })
	both := listed(0, certificate(0), old)
	for sentence, c := range map[string]struct {
		given   []change
		site    []facts
		adopted string
		steps   string
	}{
		"else the newest":                            {[]change{both}, nil, "cert-0", "Identify Survey:a Adopt AddFinalizer SetCertificate:a Survey:a Confirm Delete"},
		"though it is older":                         {[]change{both}, []facts{serving(443, "cert-old")}, "cert-old", "Identify Survey:a Adopt AddFinalizer Delete"},
		"where there is but one nobody is asked":     {[]change{listed(0, old)}, nil, "cert-old", "Identify Adopt AddFinalizer Survey:a Confirm SetCertificate:a Survey:a"},
		"what another place serves is no matter":     {[]change{both}, []facts{serving(8443, "cert-old")}, "cert-0", ""},
		"what can't be looked at doesn't keep it":    {[]change{both}, []facts{unread("SystemBusy", 449)}, "cert-0", ""},
		"a certificate of others isn't taken at all": {[]change{both}, []facts{serving(443, somebody)}, "cert-0", ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			w := siteOf(c.site...).pass(t, given(append(c.given, bound(toListener("a", 443, "")))...), nil, nil)
			if w.Status.CertificateID != c.adopted || c.steps != "" && w.steps != c.steps {
				t.Errorf("%s is adopted, want %s: %s", w.Status.CertificateID, c.adopted, w.steps)
			}
		})
	}
}

func TestACertificateInUseIsSpared(t *testing.T) {
	t.Parallel()
	named := altered(certificate(1), func(c *plan.Certificate) { c.NamedBy = []string{"shop/front", "team/x"} })
	inUse := func(code string) map[string]*clberr.Error {
		return map[string]*clberr.Error{"Delete": refused(code, 400)}
	}
	for sentence, c := range map[string]struct {
		cloud []plan.Certificate
		site  []facts
		fails map[string]*clberr.Error
		steps string
		says  string
	}{
		"where a listener of a binding that may not be set still serves it": {
			[]plan.Certificate{certificate(0), certificate(1)}, []facts{serving(443, "cert-1"), tagged()}, nil, "Survey:a Spare", "listener lb-1:443 still serves it",
		},
		"where a Service's annotation names it": {
			[]plan.Certificate{certificate(0), named}, []facts{serving(443, "cert-0")}, nil, "Survey:a Spare", "the annotations of Service shop/front, team/x name it",
		},
		"where the service says that listeners use it": {
			[]plan.Certificate{certificate(0), certificate(1)}, []facts{serving(443, "cert-0")}, inUse("CertificateAndPrivateKeyIsRefered"), "Survey:a Confirm Delete Locate", "used by lb-7:443",
		},
		"where the service says that domain extensions do": {
			[]plan.Certificate{certificate(0), certificate(1)}, []facts{serving(443, "cert-0")}, inUse("CertificateRelatedDomainExtensionExist"), "Survey:a Confirm Delete Locate", "used by lb-7:443",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			s := given(synced(0), superseding(1), keeps(0), bound(toListener("a", 443, "")), listed(0, c.cloud...))
			w := siteOf(c.site...).pass(t, s, nil, c.fails)
			if got := strings.TrimPrefix(w.steps, "Identify "); got != c.steps {
				t.Errorf("got  %s\nwant %s", got, c.steps)
			}
			entry := plan.Summary(w.State).Status.Superseded[0]
			if entry.Reason != v1alpha1.ReasonInUse || !strings.Contains(entry.Message, c.says) {
				t.Errorf("got %s: %s", entry.Reason, entry.Message)
			}
			for _, step := range w.taken {
				if step, ok := step.(plan.Locate); ok && step.Extensions != strings.Contains(w.State.Status.Superseded[0].Message, "DomainExtension") {
					t.Errorf("it is looked for with extensions: %t", step.Extensions)
				}
			}
			if wake := plan.Summary(w.State).Wake.Sub(now); wake > time.Minute {
				t.Errorf("tried again after %s", wake)
			}
		})
	}
}

func TestATerminatingObjectDoesNotUnbind(t *testing.T) {
	t.Parallel()
	named := altered(certificate(0), func(c *plan.Certificate) { c.NamedBy = []string{"shop/front"} })
	s := given(synced(0), recorded(toListener("a", 443, ""), "cert-0"), bound(toListener("a", 443, "")), deleting, listed(0, named))
	w := siteOf(serving(443, "cert-0")).pass(t, s, nil, nil)
	if ready := readyOf(w.State); w.steps != "Identify Spare" || ready.Reason != string(v1alpha1.ReasonInUse) || !strings.Contains(ready.Message, "take the binding out") {
		t.Errorf("%s: %+v", w.steps, ready)
	}
}

func TestReadySumsTheBindingsUp(t *testing.T) {
	t.Parallel()
	a, b, sni := toListener("a", 443, ""), toListener("b", 9443, ""), toListener("c", 8443, "b.com")
	for sentence, c := range map[string]struct {
		bindings []v1alpha1.Binding
		site     []facts
		others   string // the conditions besides Ready, with their reasons
		ready    v1alpha1.Reason
		says     string
	}{
		"all are served": {
			[]v1alpha1.Binding{a}, nil, "Uploaded=True Synced, Bound=True Bound", v1alpha1.ReasonBound, "certificate cert-0 is served by every binding (1)",
		},
		"and a warning is told": {
			[]v1alpha1.Binding{a, sni}, nil, "Uploaded=True Synced, Bound=True Bound", v1alpha1.ReasonBound, `every binding (2); binding "c": the certificate doesn't cover b.com`,
		},
		"the first that isn't tells": {
			[]v1alpha1.Binding{a, b}, nil, "Uploaded=True Synced, Bound=False ListenerNotFound, Reconciling=True Progressing", v1alpha1.ReasonListenerNotFound, `binding "b": listener lb-1:9443`,
		},
		"what only a person mends stalls": {
			[]v1alpha1.Binding{a, b}, []facts{tagged()}, "Uploaded=True Synced, Bound=False BindingNotAllowed, Stalled=True BindingNotAllowed", v1alpha1.ReasonBindingNotAllowed, `binding "a": `,
		},
		"without bindings there is no Bound": {nil, nil, "Uploaded=True Synced", v1alpha1.ReasonSynced, "certificate cert-0 is in " + region},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			conditions := plan.Summary(siteOf(c.site...).pass(t, given(synced(0), bound(c.bindings...)), nil, nil).State).Status.Conditions
			var others []string
			for _, one := range conditions {
				if one.Type != v1alpha1.ConditionReady {
					others = append(others, one.Type+"="+string(one.Status)+" "+one.Reason)
				}
			}
			if got := strings.Join(others, ", "); got != c.others {
				t.Errorf("got  %s\nwant %s", got, c.others)
			}
			ready := meta.FindStatusCondition(conditions, v1alpha1.ConditionReady)
			if ready.Reason != string(c.ready) || !strings.Contains(ready.Message, c.says) {
				t.Errorf("Ready is %s: %s", ready.Reason, ready.Message)
			}
			if part := meta.FindStatusCondition(conditions, v1alpha1.ConditionBound); part != nil && (part.Status != ready.Status || part.Message != ready.Message) {
				t.Errorf("Bound is %+v", part)
			}
		})
	}
}

func TestAnotherPassWritesAndTellsNothing(t *testing.T) {
	t.Parallel()
	both := []v1alpha1.Binding{toListener("a", 443, ""), toService("b", "a.com")}
	for sentence, c := range map[string]struct {
		site  []facts
		fails map[string]*clberr.Error
	}{
		"where all is served":                    {[]facts{frontService(naming("a.com:cert-0")), extended(443, "a.com", "cert-0")}, nil},
		"where a Service is waited for":          {[]facts{frontService()}, nil},
		"where the annotation was put back":      {[]facts{frontService(naming("b.com:x"))}, nil},
		"where nothing may be bound":             {[]facts{frontService(reusing), tagged()}, nil},
		"where a write is refused":               {[]facts{frontService()}, refusal("SetCertificate", "Forbidden.RAM", 403)},
		"where the cloud is away":                {[]facts{frontService(), unread("ServiceUnavailable", 503)}, nil},
		"where the load balancer isn't there":    {[]facts{frontService(reusing), missing}, nil},
		"where another object has it":            {[]facts{frontService(reusing), rival}, nil},
		"where the Service is none of the CCM's": {[]facts{frontService(func(s *ccm.Service) { s.Unsupported = "isn't" })}, nil},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			p := siteOf(c.site...)
			cloud := []plan.Certificate{certificate(0)}
			w := p.pass(t, given(synced(0), bound(both...), listed(0, certificate(0))), cloud, c.fails)
			if strings.Contains(sentence, "put back") {
				naming("b.com:x")(p.service)
			}
			settled := p.pass(t, w.next(time.Minute, identified, listed(-time.Minute, certificate(0))), cloud, c.fails)
			before := plan.Summary(settled.State).Status
			again := p.pass(t, settled.next(time.Minute, identified, listed(-2*time.Minute, certificate(0))), cloud, c.fails)
			outlook := plan.Summary(again.State)
			if !equality.Semantic.DeepEqual(asStored(outlook.Status), asStored(before)) || len(outlook.Events) != 0 {
				t.Errorf("%s\nwas %+v\nis  %+v\nevents %v", again.steps, before.Bindings, outlook.Status.Bindings, outlook.Events)
			}
			for _, step := range again.taken {
				if step.Writes() && len(c.fails) == 0 {
					t.Errorf("it writes: %s", step)
				}
			}
		})
	}
}
