package plan_test

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/ccm"
	"github.com/clbcert/clbcert/internal/clberr"
	"github.com/clbcert/clbcert/internal/plan"
)

// toListener binds a listener of lb-1, toService the Service front.
func toListener(name string, port int32, domain v1alpha1.Domain) v1alpha1.Binding {
	return v1alpha1.Binding{Name: name, Listener: &v1alpha1.ListenerTarget{LoadBalancerID: balancerID, Port: port, Domain: domain}}
}

func toService(name string, domain v1alpha1.Domain) v1alpha1.Binding {
	return v1alpha1.Binding{Name: name, Service: &v1alpha1.ServiceTarget{Name: "front", Domain: domain}}
}

// bound are the spec's bindings.
func bound(bindings ...v1alpha1.Binding) change {
	return func(s *plan.State) { s.Object.Spec.Bindings = bindings }
}

// recorded is a binding's entry in the status, as one that serves a certificate.
func recorded(b v1alpha1.Binding, id string, edits ...func(*v1alpha1.BindingStatus)) change {
	return func(s *plan.State) {
		e := v1alpha1.BindingStatus{Name: b.Name, Listener: b.Listener, Service: b.Service, CertificateID: id, Ready: true, Reason: v1alpha1.ReasonBound}
		if b.Service != nil {
			e.BoundCertificateID = id
		}
		for _, edit := range edits {
			edit(&e)
		}
		s.Status.Bindings = append(s.Status.Bindings, e)
	}
}

// owning says that a binding's extension was made for it.
func owning(e *v1alpha1.BindingStatus) { e.OwnsExtension = true }

// judgeCase is a pass over an object whose first binding is judged: its steps after Identify,
// and how the binding stands then.
type judgeCase struct {
	given  []change
	site   []facts
	fails  map[string]*clberr.Error
	steps  string
	reason v1alpha1.Reason
	says   []string
}

func runJudgments(t *testing.T, b v1alpha1.Binding, cases map[string]judgeCase) {
	t.Helper()
	for sentence, c := range cases {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			s := given(append([]change{synced(0), bound(b)}, c.given...)...)
			w := siteOf(c.site...).pass(t, s, []plan.Certificate{certificate(0)}, c.fails)
			if got := strings.TrimPrefix(w.steps, "Identify "); got != c.steps {
				t.Errorf("got  %s\nwant %s", got, c.steps)
			}
			checkEntry(t, w, b.Name, c.reason, c.says...)
		})
	}
}

// checkEntry holds a binding's entry in the status against what it is to say.
func checkEntry(t *testing.T, w walked, name string, reason v1alpha1.Reason, says ...string) {
	t.Helper()
	for _, e := range plan.Summary(w.State).Status.Bindings {
		if e.Name != name {
			continue
		}
		if e.Reason != reason || e.Ready != (reason == v1alpha1.ReasonBound) {
			t.Errorf("binding %s is %s (ready: %t), want %s: %s", name, e.Reason, e.Ready, reason, e.Message)
		}
		for _, part := range says {
			if !strings.Contains(e.Message, part) {
				t.Errorf("it says %q, without %q", e.Message, part)
			}
		}
		return
	}
	t.Errorf("no entry of binding %s", name)
}

func TestWhoMayBind(t *testing.T) {
	t.Parallel()
	own := func(s *plan.State) { s.OwnCredentials = true }
	anybody := func(s *plan.State) { s.BindAny = true }
	for sentence, c := range map[string]struct {
		given []change
		tags  []string
		may   bool
	}{
		"a star stands for all":                   {nil, []string{v1alpha1.TagNamespaces, "*"}, true},
		"a star with blanks does, too":            {nil, []string{v1alpha1.TagNamespaces, " * "}, true},
		"the namespace alone":                     {nil, []string{v1alpha1.TagNamespaces, "shop"}, true},
		"the namespace in a list":                 {nil, []string{v1alpha1.TagNamespaces, "team,shop,web"}, true},
		"blanks around the names don't count":     {nil, []string{v1alpha1.TagNamespaces, " team ,\tshop "}, true},
		"empty names in the list don't matter":    {nil, []string{v1alpha1.TagNamespaces, ",shop,"}, true},
		"another's name doesn't do":               {nil, []string{v1alpha1.TagNamespaces, "team"}, false},
		"a prefix of the name doesn't":            {nil, []string{v1alpha1.TagNamespaces, "sho"}, false},
		"nor does a longer name that begins so":   {nil, []string{v1alpha1.TagNamespaces, "shopping"}, false},
		"nor one that ends so":                    {nil, []string{v1alpha1.TagNamespaces, "workshop"}, false},
		"nor a pattern":                           {nil, []string{v1alpha1.TagNamespaces, "shop*"}, false},
		"nor another case":                        {nil, []string{v1alpha1.TagNamespaces, "Shop"}, false},
		"nor another separator":                   {nil, []string{v1alpha1.TagNamespaces, "team;shop"}, false},
		"an empty tag names nobody":               {nil, []string{v1alpha1.TagNamespaces, ""}, false},
		"without the tag nobody may":              {nil, nil, false},
		"another tag doesn't count":               {nil, []string{"namespaces", "shop"}, false},
		"a listener's binding knows no CCM's tag": {nil, []string{ccm.TagOwner, "mark"}, false},
		"with own credentials RAM decides":        {[]change{own}, nil, true},
		"with --binding-policy=Any all may":       {[]change{anybody}, []string{v1alpha1.TagNamespaces, "team"}, true},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			b := toListener("a", 443, "")
			w := siteOf(tagged(c.tags...)).pass(t, given(append(c.given, synced(0), bound(b))...), nil, nil)
			if c.may {
				checkEntry(t, w, "a", v1alpha1.ReasonBound)
				return
			}
			checkEntry(t, w, "a", v1alpha1.ReasonBindingNotAllowed, v1alpha1.TagNamespaces+"=shop", "load balancer "+balancerID)
			if strings.Contains(w.steps, "Set") {
				t.Errorf("it was written: %s", w.steps)
			}
		})
	}
}

// ownedBy is a listener that the CCM made for a Service, by its description.
func ownedBy(port int32, namespace, name string) facts {
	return at(port, func(l *plan.Listener) { l.Owner = &ccm.Service{Namespace: namespace, Name: name} })
}

func TestAServicesLoadBalancerIsProven(t *testing.T) {
	t.Parallel()
	reused := func(s *ccm.Service) { s.Reused = true }
	overridden := func(s *ccm.Service) { s.Reused, s.Overridden = true, true }
	ours, theirs := ownedBy(443, "shop", "front"), ownedBy(443, "team", "front")
	for sentence, c := range map[string]struct {
		site []facts
		may  bool
	}{
		"by the CCM's tag":                                 {[]facts{frontService(), tagged(ccm.TagOwner, "mark")}, true},
		"by a listener's description":                      {[]facts{frontService(), tagged(), ours}, true},
		"that of another listener proves nothing of this":  {[]facts{frontService(), tagged(), ownedBy(80, "shop", "front")}, false},
		"a tag of another Service beats the description":   {[]facts{frontService(), tagged(ccm.TagOwner, "other"), ours}, false},
		"an empty tag does, too":                           {[]facts{frontService(), tagged(ccm.TagOwner, ""), ours}, false},
		"the description of another namespace's is none":   {[]facts{frontService(), tagged(), theirs}, false},
		"that of another name isn't either":                {[]facts{frontService(), tagged(), ownedBy(443, "shop", "fron")}, false},
		"the Service's label alone proves nothing":         {[]facts{frontService(), tagged()}, false},
		"but the namespace's tag does":                     {[]facts{frontService()}, true},
		"whatever the CCM's tag says":                      {[]facts{frontService(), tagged(ccm.TagOwner, "other", v1alpha1.TagNamespaces, "shop")}, true},
		"a reused one needs the namespace's tag":           {[]facts{frontService(reused), tagged(ccm.TagOwner, "mark")}, false},
		"though a listener's description names it":         {[]facts{frontService(reused), tagged(), ours}, false},
		"but of a managed one that proves the listener":    {[]facts{frontService(overridden), tagged(), ours}, true},
		"tags that a Service writes don't count":           {[]facts{frontService(), tagged(v1alpha1.TagNamespaces, "shop"), taggedBy("evil/web")}, false},
		"though the listener is the Service's by all else": {[]facts{frontService(), tagged(), ours, taggedBy("evil/web")}, true},
		"a reused one with it may be bound":                {[]facts{frontService(reused)}, true},
		"a reused and managed one with it may be, as well": {[]facts{frontService(overridden)}, true},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			// A changed certificate of a domain is what is written directly for any Service.
			p := siteOf(append([]facts{extended(443, "a.com", somebody)}, c.site...)...)
			p.service.Extensions, _ = ccm.ParseExtensions("a.com:" + somebody)
			w := p.pass(t, given(synced(0), bound(toService("a", "a.com"))), []plan.Certificate{certificate(0)}, nil)
			if wrote := strings.Contains(w.steps, "SetExtension"); wrote != c.may {
				t.Errorf("it was written: %t, %s", wrote, w.steps)
			}
			if !c.may {
				checkEntry(t, w, "a", v1alpha1.ReasonBindingNotAllowed, `Service "front"`)
			}
		})
	}
}

// taggedBy has a Service write the load balancer's tags.
func taggedBy(service string) facts { return func(p *site) { p.balancer.TaggedBy = service } }

func TestTheOlderKeepsATarget(t *testing.T) {
	t.Parallel()
	created := metav1.NewTime(now.Add(-time.Hour))
	rival := func(namespace, name string, age time.Duration, edits ...func(*plan.Rival)) []facts {
		r := plan.Rival{Namespace: namespace, Name: name, Created: metav1.NewTime(now.Add(-age))}
		for _, edit := range edits {
			edit(&r)
		}
		return []facts{wanted(r)}
	}
	older, same, younger := 2*time.Hour, time.Hour, time.Minute
	terminating := func(r *plan.Rival) { r.Terminating = true }
	own := func(r *plan.Rival) { r.OwnCredentials = true }
	served := func(r *plan.Rival) { r.Bound = true }
	at := func(reused bool, mark string) func(*plan.Rival) {
		return func(r *plan.Rival) {
			r.Service = &ccm.Service{Namespace: r.Namespace, Name: "theirs", Mark: mark, Reused: reused}
		}
	}
	byCCM := tagged(v1alpha1.TagNamespaces, "shop", ccm.TagOwner, "theirs")
	for sentence, c := range map[string]struct {
		site  []facts
		loses bool
	}{
		"the older has it":                                         {rival("shop", "other", older), true},
		"the younger hasn't":                                       {rival("shop", "other", younger), false},
		"of the same age the first by name has it":                 {rival("shop", "api", same), true},
		"and the last by name hasn't":                              {rival("shop", "zoo", same), false},
		"the namespace comes before the name":                      {append(rival("abc", "zoo", same), tagged(v1alpha1.TagNamespaces, "*")), true},
		"one that is Terminating holds nothing":                    {rival("shop", "other", older, terminating), false},
		"nor does one that may not bind it":                        {rival("team", "other", older), false},
		"but one that may by the tag":                              {append(rival("team", "other", older), tagged(v1alpha1.TagNamespaces, "shop,team")), true},
		"and one with credentials that it was bound with":          {rival("team", "other", older, own, served), true},
		"but credentials that never bound it prove nothing":        {rival("team", "other", older, own), false},
		"nor does a status that says it is bound":                  {rival("team", "other", older, served), false},
		"one whose Service it was made for does":                   {append(rival("team", "other", older, at(false, "theirs")), byCCM), true},
		"not one whose Service only reuses it":                     {append(rival("team", "other", older, at(true, "theirs")), byCCM), false},
		"not one whose Service only says so":                       {append(rival("team", "other", older, at(false, "liar")), byCCM), false},
		"one that holds nothing doesn't hide the next one in line": {[]facts{wanted(plan.Rival{Namespace: "team", Name: "no"}, plan.Rival{Namespace: "shop", Name: "other"})}, true},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			old := func(s *plan.State) { s.Object.CreationTimestamp = created }
			w := siteOf(c.site...).pass(t, given(synced(0), old, bound(toListener("a", 443, ""))), nil, nil)
			if !c.loses {
				checkEntry(t, w, "a", v1alpha1.ReasonBound)
				return
			}
			checkEntry(t, w, "a", v1alpha1.ReasonBindingConflict, "older ServerCertificate "+theirsOf(c.site)+":", "listener lb-1:443")
		})
	}
}

// theirsOf names the last of the rivals.
func theirsOf(all []facts) string {
	rivals := siteOf(all...).rivals
	return rivals[len(rivals)-1].Namespace + "/" + rivals[len(rivals)-1].Name
}
