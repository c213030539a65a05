package plan_test

import (
	"strings"
	"testing"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/ccm"
	"github.com/clbcert/clbcert/internal/clberr"
	"github.com/clbcert/clbcert/internal/plan"
)

// naming is what the Service's annotation says of domains.
func naming(text string) func(*ccm.Service) {
	return func(s *ccm.Service) {
		var ok bool
		s.Extensions, ok = ccm.ParseExtensions(text)
		s.Malformed = !ok
	}
}

// Some edits of the Service front.
var (
	says       = func(id string) func(*ccm.Service) { return func(s *ccm.Service) { s.CertificateID = id } }
	reusing    = func(s *ccm.Service) { s.Reused = true }
	override   = func(s *ccm.Service) { s.Reused, s.Overridden = true, true }
	twoPorts   = func(s *ccm.Service) { s.HTTPSPorts = []int32{443, 8443} }
	homeless   = func(s *ccm.Service) { s.LoadBalancerID = "" }
	onBalancer = func(id string) func(*ccm.Service) { return func(s *ccm.Service) { s.LoadBalancerID = id } }
)

// annotated notes that the certificate was written into the Service's annotation.
func annotated(id string) func(*v1alpha1.BindingStatus) {
	return func(e *v1alpha1.BindingStatus) { e.AnnotatedCertificateID = id }
}

func TestAServiceIsJudged(t *testing.T) {
	t.Parallel()
	b := toService("a", "")
	seen, noList := listed(0, certificate(0)), listed(0)
	unlisted := listed(0, altered(certificate(0), func(c *plan.Certificate) { c.Unlisted = true }))
	before := recorded(b, "cert-1", annotated("cert-0"))
	taken := func(p *site) { p.manager = "argocd" }
	two := []facts{serving(443, "cert-0"), frontService(twoPorts, says("cert-0"))}
	none := func(p *site) { p.balancer.Listeners = nil }
	const look, set = "Survey:a", "Survey:a Confirm Annotate:a"
	runJudgments(t, b, map[string]judgeCase{
		"one that isn't there":                            {steps: look, reason: v1alpha1.ReasonServiceNotFound, says: []string{`Service "front"`, "namespace shop"}},
		"one without a Classic Load Balancer":             {site: []facts{frontService(func(s *ccm.Service) { s.Unsupported = "is of type ClusterIP" })}, steps: look, reason: v1alpha1.ReasonServiceUnsupported, says: []string{`Service "front" is of type ClusterIP`}},
		"one whose domains can't be read is no matter":    {given: []change{seen}, site: []facts{frontService(naming("x"))}, steps: set, reason: v1alpha1.ReasonServicePending},
		"a load balancer that isn't there":                {given: []change{seen}, site: []facts{frontService(says("cert-0"), onBalancer("lb-9"))}, steps: look, reason: v1alpha1.ReasonLoadBalancerNotFound, says: []string{"InvalidLoadBalancerId.NotFound", "lb-9"}},
		"an older object's that only wants it":            {given: []change{seen}, site: []facts{frontService(), rival}, steps: set, reason: v1alpha1.ReasonServicePending},
		"an older object's that is served there":          {given: []change{seen}, site: []facts{frontService(), wanted(plan.Rival{Namespace: "shop", Name: "older", Bound: true})}, steps: look, reason: v1alpha1.ReasonBindingConflict, says: []string{"shop/older"}},
		"without the annotation it gets it":               {given: []change{seen}, site: []facts{frontService()}, steps: set, reason: v1alpha1.ReasonServicePending, says: []string{"lb-1:443", "serves certificate " + somebody, "cert-0"}},
		"and before it has a load balancer, too":          {given: []change{seen}, site: []facts{frontService(homeless)}, steps: set, reason: v1alpha1.ReasonServicePending, says: []string{"load balancer"}},
		"another certificate's is replaced":               {given: []change{seen, recorded(b, "cert-1", annotated("cert-1"))}, site: []facts{frontService(says("cert-1"))}, steps: set, reason: v1alpha1.ReasonServicePending},
		"with the right one it is waited for the CCM":     {site: []facts{frontService(says("cert-0"))}, steps: look, reason: v1alpha1.ReasonServicePending, says: []string{"Service's Events"}},
		"that has made no listener":                       {site: []facts{frontService(says("cert-0")), none}, steps: look, reason: v1alpha1.ReasonServicePending, says: []string{"ListenerNotFound"}},
		"or none of the two":                              {site: two, steps: look, reason: v1alpha1.ReasonServicePending, says: []string{"lb-1:8443"}},
		"until all serve it":                              {site: append(two, serving(8443, "cert-0")), steps: look, reason: v1alpha1.ReasonBound},
		"one that was put back is a conflict":             {given: []change{seen, before}, site: []facts{frontService(says(somebody)), taken}, steps: look, reason: v1alpha1.ReasonBindingConflict, says: []string{`"argocd"`, ccm.AnnotationCertificate, somebody}},
		"and whoever took it away":                        {given: []change{seen, before}, site: []facts{frontService()}, steps: look, reason: v1alpha1.ReasonBindingConflict, says: []string{"somebody"}},
		"but what was put back before is written over":    {given: []change{seen, recorded(b, "cert-1", annotated("cert-1"))}, site: []facts{frontService(says(somebody)), taken}, steps: set, reason: v1alpha1.ReasonServicePending},
		"a certificate that no list has yet is kept":      {given: []change{noList}, site: []facts{frontService()}, steps: "Wait", reason: v1alpha1.ReasonProgressing},
		"one that the service's own list lacks is kept":   {given: []change{unlisted}, site: []facts{frontService()}, steps: look, reason: v1alpha1.ReasonServicePending, says: []string{"cert-0", "list"}},
		"without a list one is asked for":                 {site: []facts{frontService()}, steps: "Survey:a Look Confirm Annotate:a", reason: v1alpha1.ReasonServicePending},
		"it needs no tag on a load balancer":              {given: []change{seen}, site: []facts{frontService(), tagged()}, steps: set, reason: v1alpha1.ReasonServicePending},
		"a reused and managed one is annotated":           {given: []change{seen}, site: []facts{frontService(override), tagged()}, steps: set, reason: v1alpha1.ReasonServicePending},
		"a reused one is written directly":                {given: []change{seen}, site: []facts{frontService(reusing, twoPorts)}, steps: "Survey:a Confirm SetCertificate:a Confirm SetCertificate:a Survey:a", reason: v1alpha1.ReasonBound},
		"a reused one without a listener":                 {site: []facts{frontService(reusing), none}, steps: look, reason: v1alpha1.ReasonListenerNotFound, says: []string{`Service "front", listener lb-1:443`}},
		"a reused one that isn't there":                   {site: []facts{frontService(reusing, onBalancer("lb-9"))}, steps: look, reason: v1alpha1.ReasonLoadBalancerNotFound, says: []string{"lb-9"}},
		"a write that another beat is tried again":        {given: []change{seen}, site: []facts{frontService()}, fails: map[string]*clberr.Error{"Annotate": clberr.New("PatchService", "", "conflict", "", 0, clberr.Refused)}, steps: set, reason: v1alpha1.ReasonCloudUnavailable},
		"a listener of another cluster's is the CCM's":    {given: []change{seen}, site: []facts{frontService(), of(somebody, "other")}, steps: set, reason: v1alpha1.ReasonServicePending},
		"but a reused one of another cluster's isn't set": {given: []change{seen}, site: []facts{frontService(reusing), of(somebody, "other")}, steps: look, reason: v1alpha1.ReasonBindingConflict},
	})
}

func TestADomainOfAServiceIsJudged(t *testing.T) {
	t.Parallel()
	b := toService("a", "a.com")
	seen := listed(0, certificate(0))
	const look, claim, set = "Survey:a", "Survey:a Confirm ClaimExtension:a Annotate:a", "Survey:a Confirm SetExtension:a "
	other, theirs, theirs2 := extended(443, "b.com", "cert-9"), extended(443, "a.com", somebody), extended(8443, "a.com", somebody)
	old := frontService(twoPorts, naming("b.com:cert-9,a.com:"+somebody))
	pending := v1alpha1.ReasonServicePending
	putBack := recorded(b, "cert-1", annotated("cert-0"))
	runJudgments(t, b, map[string]judgeCase{
		"that is served is bound":                            {given: []change{seen}, site: []facts{frontService(naming("A.com:cert-0")), extended(443, "a.com", "cert-0")}, steps: look, reason: v1alpha1.ReasonBound},
		"that no listener has is named":                      {given: []change{seen}, site: []facts{frontService()}, steps: claim, reason: pending, says: []string{"domain a.com", "serves nothing"}},
		"that others stand beside is, too":                   {given: []change{seen}, site: []facts{frontService(naming("b.com:cert-9"))}, steps: claim, reason: pending},
		"that a listener has is set there first":             {given: []change{seen}, site: []facts{frontService(), theirs}, steps: set + "Confirm Annotate:a Survey:a", reason: v1alpha1.ReasonBound},
		"on all ports":                                       {given: []change{seen}, site: []facts{old, theirs, theirs2, other}, steps: set + "Confirm SetExtension:a Confirm Annotate:a Survey:a", reason: v1alpha1.ReasonBound},
		"but not where it may not be bound":                  {given: []change{seen}, site: []facts{frontService(), theirs, tagged()}, steps: look, reason: v1alpha1.ReasonBindingNotAllowed},
		"listeners with different domains":                   {given: []change{seen}, site: []facts{frontService(twoPorts), other}, steps: look, reason: v1alpha1.ReasonBindingConflict, says: []string{"different domain extensions", ccm.AnnotationExtensions}},
		"listeners with different certificates":              {given: []change{seen}, site: []facts{frontService(twoPorts), other, extended(8443, "b.com", "cert-8")}, steps: look, reason: v1alpha1.ReasonBindingConflict},
		"different ones that the annotation tells of":        {given: []change{seen}, site: []facts{frontService(twoPorts, naming("c.com:cert-9")), other}, steps: claim, reason: pending},
		"an annotation that can't be read":                   {given: []change{seen}, site: []facts{frontService(naming("a.com"))}, steps: look, reason: v1alpha1.ReasonServiceUnsupported, says: []string{ccm.AnnotationExtensions}},
		"an entry that was put back":                         {given: []change{seen, putBack}, site: []facts{frontService(naming("a.com:" + somebody)), theirs}, steps: look, reason: v1alpha1.ReasonBindingConflict, says: []string{ccm.AnnotationExtensions, somebody}},
		"before it has a load balancer":                      {given: []change{seen}, site: []facts{frontService(homeless)}, steps: claim, reason: pending},
		"a reused one's annotation that can't be read":       {given: []change{seen}, site: []facts{frontService(reusing, naming("x")), theirs}, steps: look, reason: v1alpha1.ReasonServiceUnsupported},
		"a reused one's domain is written directly":          {given: []change{seen}, site: []facts{frontService(reusing), theirs}, steps: set + "Survey:a", reason: v1alpha1.ReasonBound},
		"one that is on the listener already, but not named": {given: []change{seen}, site: []facts{frontService(), extended(443, "a.com", "cert-0")}, steps: "Survey:a Confirm Annotate:a", reason: v1alpha1.ReasonBound},
	})
}

func TestTheAnnotationKeepsWhatIsOthers(t *testing.T) {
	t.Parallel()
	for sentence, c := range map[string]struct {
		site []facts
		want string
	}{
		"a first one names what the listeners have": {
			[]facts{frontService(twoPorts), extended(443, "b.com", "cert-9"), extended(8443, "B.com", "cert-9")}, "b.com:cert-9,a.com:cert-0",
		},
		"at its place where they have the domain": {
			[]facts{frontService(), extended(443, "a.com", somebody), extended(443, "b.com", "cert-9")}, "a.com:cert-0,b.com:cert-9",
		},
		"a listener that isn't made yet has none": {
			[]facts{frontService(func(s *ccm.Service) { s.HTTPSPorts = []int32{443, 9443} }), extended(443, "b.com", "cert-9")}, "b.com:cert-9,a.com:cert-0",
		},
		"another one keeps its text and order": {
			[]facts{frontService(naming("b.com:cert-9, A.com:" + somebody + ",c.com:x")), extended(443, "d.com", "y")}, "b.com:cert-9,a.com:cert-0,c.com:x",
		},
		"and gets one more": {[]facts{frontService(naming(" b.com:cert-9"))}, " b.com:cert-9,a.com:cert-0"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			w := siteOf(c.site...).pass(t, given(synced(0), bound(toService("a", "a.com")), listed(0, certificate(0))), nil, nil)
			got := ""
			for _, step := range w.taken {
				if step, ok := step.(plan.Annotate); ok {
					got = step.Value
					if step.Service.Name != "front" || step.Service.ResourceVersion != "7" || step.Annotation != ccm.AnnotationExtensions {
						t.Errorf("it writes %s of %+v", step.Annotation, step.Service)
					}
				}
			}
			if !strings.EqualFold(got, c.want) {
				t.Errorf("got %q, want %q: %s", got, c.want, w.steps)
			}
		})
	}
}

func TestAServicesListenerThatDriftedIsSet(t *testing.T) {
	t.Parallel()
	b, sni := toService("a", ""), toService("a", "a.com")
	seen := listed(0, certificate(0))
	was := []change{seen, recorded(b, "cert-0", annotated("cert-0"))}
	const look = "Survey:a"
	const set = look + " " + look + " Confirm SetCertificate:a " + look // before a write nothing remembered is good enough
	runJudgments(t, b, map[string]judgeCase{
		"where it may be bound":               {given: was, site: []facts{frontService(says("cert-0"))}, steps: set, reason: v1alpha1.ReasonBound},
		"by the CCM alone where it may not":   {given: was, site: []facts{frontService(says("cert-0")), tagged()}, steps: look, reason: v1alpha1.ReasonServicePending},
		"by the CCM where it serves nothing":  {given: was, site: []facts{frontService(says("cert-0")), serving(443, "")}, steps: look, reason: v1alpha1.ReasonServicePending},
		"by the CCM where it never served it": {given: []change{seen, recorded(b, "cert-1", annotated("cert-0"))}, site: []facts{frontService(says("cert-0"))}, steps: look, reason: v1alpha1.ReasonServicePending},
	})
	unready := func(e *v1alpha1.BindingStatus) {
		e.Ready, e.Reason, e.CertificateID = false, v1alpha1.ReasonCloudUnavailable, somebody
	}
	runJudgments(t, b, map[string]judgeCase{
		"also where another process saw it, and failed": {
			given: []change{seen, recorded(b, "cert-0", annotated("cert-0"), unready)}, site: []facts{frontService(says("cert-0"))},
			steps: strings.TrimPrefix(set, look+" "), reason: v1alpha1.ReasonBound,
		},
	})
	waited := func(looks int) change {
		return func(s *plan.State) {
			s.Memory.Attempts = map[string]plan.Attempt{"a": {Failures: looks, For: "inputs|cert-0|7|Service \"front\""}}
		}
	}
	fresh := recorded(b, "cert-1", annotated("cert-0"), unready)
	runJudgments(t, b, map[string]judgeCase{
		"where the CCM didn't for minutes":    {given: []change{seen, fresh, waited(20)}, site: []facts{frontService(says("cert-0"))}, steps: look + " " + look + " Confirm SetCertificate:a " + look, reason: v1alpha1.ReasonBound},
		"by the CCM alone where it may be so": {given: []change{seen, fresh, waited(18)}, site: []facts{frontService(says("cert-0"))}, steps: look, reason: v1alpha1.ReasonServicePending},
	})
	runJudgments(t, sni, map[string]judgeCase{
		"a domain that never served it, for the CCM can't": {
			given: []change{seen, recorded(sni, "cert-1", annotated("cert-0"))}, site: []facts{frontService(naming("a.com:cert-0")), extended(443, "a.com", somebody)},
			steps: look + " Confirm SetExtension:a " + look, reason: v1alpha1.ReasonBound,
		},
		"a domain, too": {
			given: []change{seen, recorded(sni, "cert-0", annotated("cert-0"))}, site: []facts{frontService(naming("a.com:cert-0")), extended(443, "a.com", somebody)},
			steps: strings.Replace(set, "Certificate", "Extension", 1), reason: v1alpha1.ReasonBound,
		},
	})
}

func TestOneServiceHasOneObject(t *testing.T) {
	t.Parallel()
	same := plan.Rival{Namespace: "shop", Name: "older", Service: &ccm.Service{Namespace: "shop", Name: "front"}}
	runJudgments(t, toService("a", ""), map[string]judgeCase{
		"the older has it without any tag": {
			given: []change{listed(0, certificate(0))}, site: []facts{frontService(homeless), wanted(same)},
			steps: "Survey:a", reason: v1alpha1.ReasonBindingConflict, says: []string{"shop/older", `Service "front"`},
		},
	})
}
