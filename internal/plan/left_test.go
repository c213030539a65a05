package plan_test

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/ccm"
	"github.com/clbcert/clbcert/internal/plan"
)

func TestABindingThatIsTakenOut(t *testing.T) {
	t.Parallel()
	heir := plan.Rival{Namespace: "shop", Name: "younger", Created: metav1.NewTime(now)}
	dying := plan.Rival{Namespace: "shop", Name: "younger", Terminating: true}
	byDefault, sni := toListener("a", 443, ""), toListener("a", 443, "a.com")
	front, frontSNI := toService("a", ""), toService("a", "a.com")
	ours, theirs := extended(443, "a.com", "cert-0"), extended(443, "a.com", somebody)
	owned := []change{recorded(sni, "cert-0", owning)}
	ownedFront := []change{recorded(frontSNI, "cert-0", owning, annotated("cert-0"))}
	const leave, del, edit = "Survey:-a Leave:-a", "Survey:-a Confirm DeleteExtension:-a Leave:-a", "Survey:-a Confirm Annotate:-a Leave:-a"
	for sentence, c := range map[string]struct {
		given []change
		site  []facts
		steps string
		says  string // the Event, "" where it stays
	}{
		"a default certificate stays":                        {[]change{recorded(byDefault, "cert-0")}, []facts{serving(443, "cert-0")}, leave, "listener lb-1:443 was taken out: the default certificate stays"},
		"so does a Service's":                                {[]change{recorded(front, "cert-0", annotated("cert-0"))}, []facts{frontService(says("cert-0"))}, leave, "the default certificate stays"},
		"a domain that was only set stays":                   {[]change{recorded(sni, "cert-0")}, []facts{ours}, leave, "domain a.com was taken out: the domain had a certificate before"},
		"one that was made goes":                             {owned, []facts{ours}, del, "its domain extension is deleted"},
		"one that was made for an older certificate, too":    {append(owned, superseding(1)), []facts{extended(443, "a.com", "cert-1")}, del, "is deleted"},
		"one that somebody deleted is gone":                  {owned, nil, leave, "is deleted"},
		"one that serves another's stays":                    {owned, []facts{theirs}, leave, "serves certificate " + somebody + " by now"},
		"one that the next object wants stays for it":        {owned, []facts{ours, wanted(heir)}, "Survey:-a", ""},
		"but not for one that may not bind it":               {owned, []facts{ours, wanted(plan.Rival{Namespace: "team", Name: "younger"})}, del, "is deleted"},
		"nor for one that is Terminating":                    {owned, []facts{ours, wanted(dying)}, del, "is deleted"},
		"one on a load balancer that isn't the namespace's":  {owned, []facts{ours, tagged()}, leave, "may not bind"},
		"one on a load balancer that is gone":                {owned, []facts{missing, func(p *site) { p.balancer.Listeners = nil }}, leave, "is deleted"},
		"one that can't be looked at is waited for":          {owned, []facts{ours, unread("SystemBusy", 449)}, "Survey:-a", ""},
		"a Service's entry is taken out, and others' stay":   {ownedFront, []facts{frontService(naming("b.com:x,a.com:cert-0")), ours}, edit, "it isn't in the annotation any more"},
		"the last entry goes with the extension":             {ownedFront, []facts{frontService(naming("a.com:cert-0")), ours}, "Survey:-a Confirm Annotate:-a Confirm DeleteExtension:-a Leave:-a", "is deleted"},
		"an entry that names another's stays":                {ownedFront, []facts{frontService(naming("a.com:" + somebody)), ours}, leave, "names certificate " + somebody},
		"an entry that somebody took out is the CCM's":       {ownedFront, []facts{frontService(naming("b.com:x")), ours}, leave, "it isn't in the annotation any more"},
		"an annotation that somebody took away leaves it":    {ownedFront, []facts{frontService(), ours}, del, "is deleted"},
		"a Service that is gone leaves nothing to do":        {ownedFront, []facts{ours}, leave, "the Service is gone"},
		"a reused Service's extension is deleted directly":   {ownedFront, []facts{frontService(reusing), ours}, del, "is deleted"},
		"a Service's entry that was there before isn't ours": {[]change{recorded(frontSNI, "cert-0", annotated("cert-0"))}, []facts{frontService(naming("a.com:cert-0")), ours}, leave, "had a certificate before"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			p := siteOf(append([]facts{tagged(v1alpha1.TagNamespaces, "shop", ccm.TagOwner, "mark")}, c.site...)...)
			s := given(append([]change{synced(0), listed(0, certificate(0), certificate(1)), keeps(10)}, c.given...)...)
			w := p.pass(t, s, nil, nil)
			if got := strings.TrimPrefix(w.steps, "Identify "); got != c.steps {
				t.Errorf("got  %s\nwant %s", got, c.steps)
			}
			event, entries := eventOf(w, "Unbound"), plan.Summary(w.State).Status.Bindings
			if !strings.Contains(event.Message, c.says) || (event.Message == "") != (c.says == "") || (len(entries) == 0) != (c.says != "") {
				t.Errorf("got event %q, entries %+v", event.Message, entries)
			}
			if ready := readyOf(w.State); ready.Status != metav1.ConditionTrue {
				t.Errorf("what was taken out keeps Ready: %s", ready.Message)
			}
		})
	}
}

func TestARenamedBinding(t *testing.T) {
	t.Parallel()
	sni := toListener("old", 443, "a.com")
	t.Run("keeps what is known of it", func(t *testing.T) {
		t.Parallel()
		s := given(synced(0), recorded(sni, "cert-0", owning), bound(toListener("new", 443, "A.com")))
		w := siteOf(extended(443, "a.com", "cert-0")).pass(t, s, nil, nil)
		status := plan.Summary(w.State).Status.Bindings
		if w.steps != "Identify Survey:new" || len(status) != 1 || status[0].Name != "new" || !status[0].OwnsExtension || len(w.Events) != 0 {
			t.Errorf("%s: %+v, events %v", w.steps, status, w.Events)
		}
	})
	t.Run("of the same name and another target gives the old one up", func(t *testing.T) {
		t.Parallel()
		p := siteOf(extended(443, "a.com", "cert-0"))
		w := p.pass(t, given(synced(0), recorded(sni, "cert-0", owning), bound(toListener("old", 8443, ""))), nil, nil)
		for range 3 {
			w = p.pass(t, w.next(time.Second, identified), nil, nil)
		}
		status := plan.Summary(w.State).Status.Bindings
		if len(p.balancer.Listeners[0].Extensions) != 0 || p.balancer.Listeners[1].CertificateID != "cert-0" || len(status) != 1 || status[0].Listener.Port != 8443 {
			t.Errorf("%s: %+v, listeners %+v", w.steps, status, p.balancer.Listeners)
		}
	})
}

// TestANameThatMovesForgetsNothing has a name of an extension that was made go to another.
func TestANameThatMovesForgetsNothing(t *testing.T) {
	t.Parallel()
	sni := toListener("old", 443, "a.com")
	for sentence, target := range map[string]v1alpha1.Binding{
		"to a domain": toListener("old", 8443, "b.com"), "to a Service": toService("old", ""), "to a Service's domain": toService("old", "b.com"),
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			p := siteOf(frontService(), extended(443, "a.com", "cert-0"))
			w := p.pass(t, given(synced(0), recorded(sni, "cert-0", owning), bound(target), listed(0, certificate(0))), nil, nil)
			for range 3 {
				w = p.pass(t, w.next(time.Second, identified), []plan.Certificate{certificate(0)}, nil)
			}
			for _, e := range p.balancer.Listeners[0].Extensions {
				if e.Domain == "a.com" {
					t.Errorf("it is left over: %+v", plan.Summary(w.State).Status.Bindings)
				}
			}
		})
	}
}

// identified is a pass of the same account.
func identified(s *plan.State) { s.AccountID, s.Identified = account, true }
