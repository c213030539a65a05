package plan_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/ccm"
	"github.com/clbcert/clbcert/internal/clberr"
	"github.com/clbcert/clbcert/internal/plan"
)

// Facts that keep a listener from being bound.
var (
	gone    = facts(func(p *site) { p.balancer = plan.LoadBalancer{ID: "lb-other"} })
	missing = facts(func(p *site) { p.balancer.Found = false })
	shared  = facts(func(p *site) { p.balancer.Shared = true })
	rival   = wanted(plan.Rival{Namespace: "shop", Name: "older"})
)

// made is a listener that the CCM made for a Service.
func made(edits ...func(*ccm.Service)) facts {
	return at(443, func(l *plan.Listener) {
		l.Owner = &ccm.Service{Namespace: "team", Name: "ingress", ResourceVersion: "1"}
		for _, edit := range edits {
			edit(l.Owner)
		}
	})
}

// of says whose a certificate is that the listener at 443 serves.
func of(id, cluster string) facts {
	return at(443, func(l *plan.Listener) { l.Clusters = map[string]string{id: cluster} })
}

func unread(code string, status int) facts {
	return func(p *site) {
		p.errs = map[string]*clberr.Error{"a": clberr.New("DescribeLoadBalancers", code, "no", "R-1", status, clberr.Refused)}
	}
}

func TestADefaultCertificateIsJudged(t *testing.T) {
	t.Parallel()
	annotated := func(s *ccm.Service) { s.CertificateID = somebody }
	named := func(s *ccm.Service) { s.Extensions = []ccm.Extension{{Domain: "a.com", CertificateID: somebody}} }
	reused := func(s *ccm.Service) { s.Reused = true }
	unknown := func(s *ccm.Service) { s.ResourceVersion = "" }
	quic := facts(func(p *site) {
		p.balancer.Listeners = append([]plan.Listener{{Port: 443, Protocol: "udp"}}, p.balancer.Listeners...)
	})
	const set, none = "Survey:a Confirm SetCertificate:a Survey:a", "Survey:a"
	runJudgments(t, toListener("a", 443, ""), map[string]judgeCase{
		"one that is served is bound":                      {site: []facts{serving(443, "cert-0")}, steps: none, reason: v1alpha1.ReasonBound},
		"another one is set":                               {steps: set, reason: v1alpha1.ReasonBound},
		"none is set":                                      {site: []facts{serving(443, "")}, steps: set, reason: v1alpha1.ReasonBound},
		"a listener of another protocol shares the port":   {site: []facts{quic}, steps: set, reason: v1alpha1.ReasonBound},
		"a load balancer that isn't known":                 {site: []facts{gone}, steps: none, reason: v1alpha1.ReasonLoadBalancerNotFound, says: []string{"listener lb-1:443", "InvalidLoadBalancerId.NotFound", region}},
		"one that isn't there":                             {site: []facts{missing}, steps: none, reason: v1alpha1.ReasonLoadBalancerNotFound, says: []string{"InvalidLoadBalancerId.NotFound"}},
		"one that isn't the namespace's":                   {site: []facts{tagged()}, steps: none, reason: v1alpha1.ReasonBindingNotAllowed, says: []string{"listener lb-1:443", v1alpha1.TagNamespaces + "=shop"}},
		"a port without a listener":                        {site: []facts{func(p *site) { p.balancer.Listeners = nil }}, steps: none, reason: v1alpha1.ReasonListenerNotFound, says: []string{"listener lb-1:443", "ListenerNotFound"}},
		"a listener for TCP":                               {site: []facts{at(443, func(l *plan.Listener) { l.Protocol = "tcp" })}, steps: none, reason: v1alpha1.ReasonListenerInvalid, says: []string{"listener lb-1:443", "TCP"}},
		"an older object's":                                {site: []facts{rival}, steps: none, reason: v1alpha1.ReasonBindingConflict, says: []string{"shop/older"}},
		"an annotated Service's":                           {site: []facts{made(annotated)}, steps: none, reason: v1alpha1.ReasonBindingConflict, says: []string{"Service team/ingress", "bind to the service"}},
		"a Service's that this cluster doesn't have":       {site: []facts{made(unknown)}, steps: none, reason: v1alpha1.ReasonBindingConflict, says: []string{"Service team/ingress"}},
		"a Service's without the annotation":               {site: []facts{made()}, steps: set, reason: v1alpha1.ReasonBound},
		"a Service's that names but domains":               {site: []facts{made(named)}, steps: set, reason: v1alpha1.ReasonBound},
		"a Service's that only reuses the load balancer":   {site: []facts{made(annotated, reused)}, steps: set, reason: v1alpha1.ReasonBound},
		"another cluster's":                                {site: []facts{of(somebody, "other")}, steps: none, reason: v1alpha1.ReasonBindingConflict, says: []string{somebody, `cluster "other"`, v1alpha1.TagCluster}},
		"another object's of this cluster":                 {site: []facts{of(somebody, cluster)}, steps: set, reason: v1alpha1.ReasonBound},
		"a certificate that nobody tagged":                 {site: []facts{of(somebody, "")}, steps: set, reason: v1alpha1.ReasonBound},
		"another cluster's that only another domain has":   {site: []facts{of("cert-9", "other")}, steps: set, reason: v1alpha1.ReasonBound},
		"a load balancer of shared performance":            {site: []facts{shared}, steps: set, reason: v1alpha1.ReasonBound},
		"a cloud that is away":                             {site: []facts{unread("ServiceUnavailable", 503)}, steps: none, reason: v1alpha1.ReasonCloudUnavailable, says: []string{"listener lb-1:443", "ServiceUnavailable", "R-1"}},
		"rights that lack":                                 {site: []facts{unread("Forbidden.RAM", 403)}, steps: none, reason: v1alpha1.ReasonUnauthorized, says: []string{"Forbidden.RAM"}},
		"a write that has no effect is told, and repeated": {site: []facts{func(p *site) { p.lazy = true }}, steps: set, reason: v1alpha1.ReasonCloudUnavailable, says: []string{"still serves certificate " + somebody}},
	})
}

func TestADomainIsJudged(t *testing.T) {
	t.Parallel()
	named := func(s *ccm.Service) { s.Extensions = []ccm.Extension{{Domain: "b.com", CertificateID: somebody}} }
	annotated := func(s *ccm.Service) { s.CertificateID = somebody }
	malformed := func(s *ccm.Service) { s.Malformed = true }
	const set, none = "Survey:a Confirm SetExtension:a Survey:a", "Survey:a"
	const create = "Survey:a Confirm ClaimExtension:a CreateExtension:a Survey:a"
	ours, theirs := extended(443, "a.com", "cert-0"), extended(443, "A.com", somebody)
	full := map[string]*clberr.Error{"CreateExtension": clberr.New("CreateDomainExtension", "QuotaExceeded.DomainExtension", "no", "R-1", 400, clberr.Refused)}
	runJudgments(t, toListener("a", 443, "a.com"), map[string]judgeCase{
		"that is served is bound":                        {site: []facts{ours}, steps: none, reason: v1alpha1.ReasonBound},
		"that has another certificate, in any case":      {site: []facts{theirs}, steps: set, reason: v1alpha1.ReasonBound},
		"that has none is claimed and created":           {steps: create, reason: v1alpha1.ReasonBound},
		"that another has is no matter":                  {site: []facts{extended(443, "b.com", somebody)}, steps: create, reason: v1alpha1.ReasonBound},
		"the default certificate is no matter":           {site: []facts{serving(443, "cert-0")}, steps: create, reason: v1alpha1.ReasonBound},
		"that another port has is no matter":             {site: []facts{extended(8443, "a.com", "cert-0")}, steps: create, reason: v1alpha1.ReasonBound},
		"that was claimed already is created at once":    {given: []change{recorded(toListener("a", 443, "A.COM"), "", owning)}, steps: "Survey:a Confirm CreateExtension:a Survey:a", reason: v1alpha1.ReasonBound},
		"on a load balancer of shared performance":       {site: []facts{shared}, steps: none, reason: v1alpha1.ReasonListenerInvalid, says: []string{"listener lb-1:443, domain a.com", "shared-performance"}},
		"of a Service that names domains":                {site: []facts{made(named)}, steps: none, reason: v1alpha1.ReasonBindingConflict, says: []string{"Service team/ingress", "domain a.com"}},
		"of a Service whose domains can't be read":       {site: []facts{made(malformed)}, steps: none, reason: v1alpha1.ReasonBindingConflict},
		"of a Service that names but a default":          {site: []facts{made(annotated)}, steps: create, reason: v1alpha1.ReasonBound},
		"that another cluster's certificate has":         {site: []facts{theirs, of(somebody, "other")}, steps: none, reason: v1alpha1.ReasonBindingConflict, says: []string{"domain a.com"}},
		"beside another cluster's default":               {site: []facts{of(somebody, "other")}, steps: create, reason: v1alpha1.ReasonBound},
		"that there is no room for":                      {fails: full, steps: strings.TrimSuffix(create, " Survey:a"), reason: v1alpha1.ReasonExtensionLimitExceeded, says: []string{"domain a.com", "QuotaExceeded.DomainExtension"}},
		"that the certificate doesn't cover is told of":  {given: []change{func(s *plan.State) { s.Wanted.DNSNames = []string{"*.a.com", "b.com"} }}, steps: create, reason: v1alpha1.ReasonBound, says: []string{"doesn't cover a.com", "*.a.com, b.com"}},
		"that it covers in another case is not":          {given: []change{func(s *plan.State) { s.Wanted.DNSNames = []string{"A.COM"} }}, steps: create, reason: v1alpha1.ReasonBound},
		"of which nobody knows what the names are isn't": {given: []change{func(s *plan.State) { s.Wanted.DNSNames = nil }}, steps: create, reason: v1alpha1.ReasonBound},
	})
}

func TestNamesCoverDomains(t *testing.T) {
	t.Parallel()
	for sentence, c := range map[string]struct {
		domain v1alpha1.Domain
		name   string
		covers bool
	}{
		"a wildcard covers one label":           {"www.a.com", "*.a.com", true},
		"a wildcard covers itself":              {"*.a.com", "*.a.com", true},
		"but not the domain above":              {"a.com", "*.a.com", false},
		"nor two labels":                        {"x.www.a.com", "*.a.com", false},
		"a name covers no wildcard":             {"*.a.com", "www.a.com", false},
		"nor does a name cover what is below":   {"www.a.com", "a.com", false},
		"what only ends alike isn't covered":    {"www.aa.com", "*.a.com", false},
		"a wildcard in another case covers all": {"WWW.A.com", "*.a.COM", true},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			names := func(s *plan.State) { s.Wanted.DNSNames = []string{c.name} }
			w := siteOf().pass(t, given(synced(0), names, bound(toListener("a", 443, c.domain))), nil, nil)
			warned := slices.ContainsFunc(w.Events, func(e plan.Event) bool { return e.Warning && e.Reason == "DomainNotCovered" })
			if warned == c.covers {
				t.Errorf("warned: %t, events %v", warned, w.Events)
			}
			checkEntry(t, w, "a", v1alpha1.ReasonBound)
		})
	}
}

// TestWhatIsWrongIsToldInOrder mends one thing after the other.
func TestWhatIsWrongIsToldInOrder(t *testing.T) {
	t.Parallel()
	wrong := []facts{
		of(somebody, "other"), made(func(s *ccm.Service) { s.CertificateID = somebody }), rival,
		at(443, func(l *plan.Listener) { l.Protocol = "tcp" }), tagged(), missing, unread("SystemBusy", 449),
	}
	reasons := []v1alpha1.Reason{
		v1alpha1.ReasonCloudUnavailable, v1alpha1.ReasonLoadBalancerNotFound, v1alpha1.ReasonBindingNotAllowed, v1alpha1.ReasonListenerInvalid,
		v1alpha1.ReasonBindingConflict, v1alpha1.ReasonBindingConflict, v1alpha1.ReasonBindingConflict, v1alpha1.ReasonBound,
	}
	says := []string{"SystemBusy", "InvalidLoadBalancerId.NotFound", v1alpha1.TagNamespaces, "TCP", "shop/older", "Service team/ingress", `cluster "other"`, ""}
	for i, reason := range reasons {
		w := siteOf(wrong[:len(wrong)-i]...).pass(t, given(synced(0), bound(toListener("a", 443, ""))), nil, nil)
		checkEntry(t, w, "a", reason, says[i])
	}
}

func TestOfTwoThatWantTheSameOneHasIt(t *testing.T) {
	t.Parallel()
	type wish struct {
		namespace, name string
		age             time.Duration
	}
	wishes := []wish{{"shop", "web", 0}, {"shop", "web-1", 0}, {"shop", "api", time.Hour}, {"a", "web", 0}, {"a-b", "web", 0}, {"shop-1", "a", time.Second}}
	loses := func(me, other wish) bool {
		s := given(synced(0), bound(toListener("a", 443, "")), func(s *plan.State) {
			s.Object.Namespace, s.Object.Name, s.Object.CreationTimestamp = me.namespace, me.name, metav1.NewTime(now.Add(-me.age))
		})
		r := plan.Rival{Namespace: other.namespace, Name: other.name, Created: metav1.NewTime(now.Add(-other.age))}
		w := siteOf(tagged(v1alpha1.TagNamespaces, "*"), wanted(r)).pass(t, s, nil, nil)
		return plan.Summary(w.State).Status.Bindings[0].Reason == v1alpha1.ReasonBindingConflict
	}
	for i, one := range wishes {
		for _, other := range wishes[i+1:] {
			if loses(one, other) == loses(other, one) {
				t.Errorf("both or none of %v and %v has it", one, other)
			}
		}
	}
}
