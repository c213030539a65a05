package controller

import (
	"slices"
	"strings"
	"testing"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/env"
)

// bind creates an object with bindings and its Secret.
func (s *stage) bind(name string, bindings ...v1alpha1.Binding) *v1alpha1.ServerCertificate {
	s.Helper()
	object := s.certificate(name, bound(bindings...))
	s.create(s.secret(name+"-tls", certs.NewLeaf(s.T, certs.Names("a.com", "*.a.com"))), object)
	return object
}

func TestEachBindingHasItsOwnReasonAndKeepsNoOther(t *testing.T) {
	s := setStage(t)
	id, old := s.loadBalancer(443, 8443)
	console := s.console()
	console.CreateTCPListener(t, id, 80, "")
	for _, domain := range []string{"1.a.com", "2.a.com", "3.a.com"} {
		console.CreateExtension(t, id, 8443, domain, old)
	}
	foreign := console.CreateLoadBalancer(t, performance, nil, "")
	console.CreateHTTPSListener(t, foreign, 443, old, "")
	s.manage()
	object := s.bind("web",
		renamed(toListener("lb-none", 443, ""), "unknown"),
		renamed(toListener(id, 80, ""), "tcp"),
		renamed(toListener(id, 444, ""), "port"),
		renamed(toListener(foreign, 443, ""), "foreign"),
		renamed(toListener(id, 8443, "4.a.com"), "full"),
		renamed(toListener(id, 443, "b.com"), "uncovered"),
		renamed(toListener(id, 443, ""), "good"),
		renamed(toService("none", ""), "service"))
	now := s.unready(object, v1alpha1.ReasonLoadBalancerNotFound)
	s.checkSays(now, "lb-none:443", "InvalidLoadBalancerId.NotFound")
	for name, want := range map[string]struct {
		reason v1alpha1.Reason
		says   []string
	}{
		"unknown":   {v1alpha1.ReasonLoadBalancerNotFound, []string{"lb-none:443", "InvalidLoadBalancerId.NotFound", env.Region}},
		"tcp":       {v1alpha1.ReasonListenerInvalid, []string{id + ":80", "TCP"}},
		"port":      {v1alpha1.ReasonListenerNotFound, []string{id + ":444", "ListenerNotFound"}},
		"foreign":   {v1alpha1.ReasonBindingNotAllowed, []string{foreign + ":443", "clbcert.dev/namespaces=" + s.namespace}},
		"full":      {v1alpha1.ReasonExtensionLimitExceeded, []string{id + ":8443", "4.a.com", "LimitExceeded", "RequestId"}},
		"uncovered": {v1alpha1.ReasonBound, []string{"b.com"}},
		"good":      {v1alpha1.ReasonBound, nil},
		"service":   {v1alpha1.ReasonServiceNotFound, []string{"none", s.namespace}},
	} {
		got := s.awaitEntry(object, name, want.reason)
		for _, text := range want.says {
			if !strings.Contains(got.Message, text) {
				t.Errorf("%s doesn't tell %q: %s", name, text, got.Message)
			}
		}
		if got.Ready != (want.reason == v1alpha1.ReasonBound) {
			t.Errorf("%s: ready is %v", name, got.Ready)
		}
	}
	certificate := now.Status.CertificateID
	s.checkServed(id, 443, certificate, map[string]string{"b.com": certificate})
	s.checkServed(foreign, 443, old, nil)
	if warning := s.event(object, "DomainNotCovered"); !strings.Contains(warning.Note, "b.com") {
		t.Errorf("the warning is %q", warning.Note)
	}
}

func TestWhatWasMissingIsBoundWhenItIsThere(t *testing.T) {
	s := setStage(t).manage()
	console := s.console()
	id := console.CreateLoadBalancer(t, performance, s.ours(), "")
	object := s.bind("web", toListener(id, 443, ""))
	s.unready(object, v1alpha1.ReasonListenerNotFound)
	console.CreateHTTPSListener(t, id, 443, s.stranger(), "")
	watch := env.Observe(t, s.cluster, object)
	now := watch.WaitWithin(t, mendedWithin, "Ready", isReady)
	s.checkServed(id, 443, now.Status.CertificateID, nil)
}

func TestTheTagOfALoadBalancerSaysWhoMayBind(t *testing.T) {
	s := setStage(t).manage()
	console, old := s.console(), s.stranger()
	for tag, allowed := range map[string]bool{
		"":                        false,
		"x" + s.namespace:         false,
		s.namespace + "x":         false,
		"other":                   false,
		"*":                       true,
		"other , " + s.namespace:  true,
		s.namespace + ",other":    true,
		" " + s.namespace + " ,,": true,
	} {
		t.Run(tag, func(t *testing.T) {
			s := s.in(t)
			id := console.CreateLoadBalancer(s, performance, map[string]string{v1alpha1.TagNamespaces: tag}, "")
			console.CreateHTTPSListener(s, id, 443, old, "")
			object := s.bind("web-"+strings.TrimPrefix(id, "lb-"), toListener(id, 443, ""))
			if allowed {
				s.checkServed(id, 443, s.ready(object).Status.CertificateID, nil)
				return
			}
			now := s.unready(object, v1alpha1.ReasonBindingNotAllowed)
			s.checkParts(now, true)
			s.checkServed(id, 443, old, nil)
			console.TagLoadBalancer(s, id, map[string]string{v1alpha1.TagNamespaces: s.namespace})
			s.barrier(object)
			s.checkServed(id, 443, s.ready(object).Status.CertificateID, nil)
		})
	}
}

func TestBindingPolicyAnyAsksForNoTag(t *testing.T) {
	s := setStage(t).manage("--binding-policy", "Any")
	id := s.console().CreateLoadBalancer(t, performance, nil, "")
	s.console().CreateHTTPSListener(t, id, 443, s.stranger(), "")
	object := s.bind("web", toListener(id, 443, ""))
	s.checkServed(id, 443, s.ready(object).Status.CertificateID, nil)
}

func TestOfTwoThatWantATargetTheOlderKeepsIt(t *testing.T) {
	s := setStage(t)
	id, _ := s.loadBalancer(443)
	s.manage()
	older := s.bind("older", toListener(id, 443, "x.a.com"), toListener(id, 443, ""))
	s.ready(older)
	younger := s.bind("younger", toListener(id, 443, "X.a.com"), renamed(toListener(id, 443, "y.a.com"), "other"))
	now := s.unready(younger, v1alpha1.ReasonBindingConflict)
	s.checkSays(now, s.namespace+"/older", id+":443", "X.a.com")
	s.awaitEntry(younger, "other", v1alpha1.ReasonBound)

	s.update(older, func() { older.Spec.Bindings = older.Spec.Bindings[1:] }) // gives it up
	took := s.ready(younger).Status.CertificateID
	s.checkServed(id, 443, s.ready(older).Status.CertificateID, map[string]string{"x.a.com": took, "y.a.com": took})

	second := s.bind("second", renamed(toListener(id, 443, ""), "default"))
	s.unready(second, v1alpha1.ReasonBindingConflict)
	s.delete(older) // is Terminating until the second has taken over
	took = s.ready(second).Status.CertificateID
	env.WaitGone(t, s.cluster, older)
	if byDefault, _ := s.served(id, 443); byDefault != took {
		t.Errorf("the default is %s, want %s", byDefault, took)
	}
}

func TestWhoMayNotBindHoldsNoClaim(t *testing.T) {
	s := setStage(t)
	id, _ := s.loadBalancer(443)
	other := s.cluster.Namespace(t)
	s.manage("--watch-namespaces", s.namespace+","+other)
	squatter := s.certificate("web", bound(toListener(id, 443, "")))
	squatter.Namespace = other
	secret := s.secret("web-tls", certs.NewLeaf(t))
	secret.Namespace = other
	s.create(secret, squatter)
	s.unready(squatter, v1alpha1.ReasonBindingNotAllowed)
	object := s.bind("web", toListener(id, 443, ""))
	s.checkServed(id, 443, s.ready(object).Status.CertificateID, nil)
}

func TestAnotherClustersCertificateIsNotReplaced(t *testing.T) {
	s := setStage(t)
	id := s.console().CreateLoadBalancer(t, performance, s.ours(), "")
	theirs := s.stranger(map[string]string{v1alpha1.TagCluster: "other-cluster", v1alpha1.TagObject: "a/b"})
	s.console().CreateHTTPSListener(t, id, 443, theirs, "")
	s.manage()
	object := s.bind("web", toListener(id, 443, ""))
	now := s.unready(object, v1alpha1.ReasonBindingConflict)
	s.checkSays(now, theirs, "other-cluster", id+":443")
	s.console().SetListenerCertificate(t, id, 443, s.stranger())
	watch := env.Observe(t, s.cluster, object)
	watch.WaitWithin(t, mendedWithin, "Ready", isReady)
}

func TestWhatIsTakenOutOfTheSpec(t *testing.T) {
	s := setStage(t)
	id, old := s.loadBalancer(443)
	s.console().CreateExtension(t, id, 443, "set.a.com", old)
	s.manage()
	object := s.bind("web", toListener(id, 443, ""), renamed(toListener(id, 443, "set.a.com"), "set"),
		renamed(toListener(id, 443, "made.a.com"), "made"), renamed(toListener(id, 443, "theirs.a.com"), "theirs"))
	ours := s.ready(object).Status.CertificateID
	for _, e := range s.console().Listener(t, id, 443).Extensions {
		if e.Domain == "theirs.a.com" {
			s.console().SetExtension(t, e.ID, old) // somebody takes it over
		}
	}
	s.update(object, func() { object.Spec.Bindings = nil })
	now := s.wait(object, "nothing bound", func(o *v1alpha1.ServerCertificate) bool { return isReady(o) && len(o.Status.Bindings) == 0 })
	s.checkServed(id, 443, ours, map[string]string{"set.a.com": ours, "theirs.a.com": old})
	event := s.event(object, "Unbound")
	for _, text := range []string{`"l-443"`, "the default certificate stays", "set.a.com", "made.a.com was taken out: its domain extension is deleted", "theirs.a.com", old} {
		if !strings.Contains(event.Note, text) {
			t.Errorf("the Event doesn't tell %q: %s", text, event.Note)
		}
	}
	if now.Status.CertificateID != ours {
		t.Errorf("the certificate is %s, want %s", now.Status.CertificateID, ours)
	}
}

func TestARenamedBindingIsTheSameBinding(t *testing.T) {
	s := setStage(t)
	id, _ := s.loadBalancer(443)
	s.manage()
	object := s.bind("web", renamed(toListener(id, 443, "x.a.com"), "one"))
	ours := s.ready(object).Status.CertificateID
	before := s.lastCall()
	s.update(object, func() { object.Spec.Bindings[0].Name = "two" })
	now := s.wait(object, "two", func(o *v1alpha1.ServerCertificate) bool { return isReady(o) && entry(o, "two").Ready })
	if len(now.Status.Bindings) != 1 || !now.Status.Bindings[0].OwnsExtension || len(writes(s.calls(before))) != 0 {
		t.Errorf("bindings %+v, writes %q", now.Status.Bindings, writes(s.calls(before)))
	}
	s.update(object, func() { object.Spec.Bindings[0].Listener.Domain = "y.a.com" }) // another target under the same name
	s.ready(object)
	s.checkServed(id, 443, s.stageDefault(id), map[string]string{"y.a.com": ours})
}

// stageDefault is the default certificate of the listener at 443.
func (s *stage) stageDefault(id string) string {
	s.Helper()
	byDefault, _ := s.served(id, 443)
	return byDefault
}

func TestAListenerChangedByHandIsSetBack(t *testing.T) {
	s := setStage(t)
	id, old := s.loadBalancer(443)
	s.manage("--resync-interval", "3s")
	object := s.bind("web", toListener(id, 443, ""))
	ours := s.ready(object).Status.CertificateID
	s.console().SetListenerCertificate(t, id, 443, old)
	s.poll("it is set back", func() bool { return s.stageDefault(id) == ours })
	if event := s.event(object, "BindingDrifted"); !strings.Contains(event.Note, old) || !strings.Contains(event.Note, ours) {
		t.Errorf("the Event is %q", event.Note)
	}
}

func TestACertificateInUseIsKeptAndSaysWhere(t *testing.T) {
	s := setStage(t)
	id, old := s.loadBalancer(443, 8443)
	s.manage()
	object := s.certificate("web", keeping(0), bound(toListener(id, 443, "")))
	s.create(s.secret("web-tls", certs.NewLeaf(t)), object)
	first := s.ready(object).Status.CertificateID
	s.console().CreateExtension(t, id, 8443, "x.a.com", first) // somebody else uses it too
	s.renew(object, certs.NewLeaf(t))
	now := s.wait(object, "InUse", func(o *v1alpha1.ServerCertificate) bool {
		return len(o.Status.Superseded) == 1 && o.Status.Superseded[0].Reason == v1alpha1.ReasonInUse && isReady(o)
	})
	for _, text := range []string{id + ":8443", "x.a.com", "CertificateRelatedDomainExtensionExist"} {
		if !strings.Contains(now.Status.Superseded[0].Message, text) {
			t.Errorf("the message doesn't tell %q: %s", text, now.Status.Superseded[0].Message)
		}
	}
	for _, e := range s.console().Listener(t, id, 8443).Extensions {
		s.console().SetExtension(t, e.ID, old)
	}
	s.wait(object, "it goes", func(o *v1alpha1.ServerCertificate) bool { return len(o.Status.Superseded) == 0 })
	if slices.Contains(s.ids(), first) {
		t.Error("it is still there")
	}
}

func TestADeletedObjectDoesNotUnbindWhatServes(t *testing.T) {
	s := setStage(t)
	id, old := s.loadBalancer(443)
	s.manage()
	object := s.bind("web", toListener(id, 443, ""))
	ours := s.ready(object).Status.CertificateID
	s.delete(object)
	now := s.unready(object, v1alpha1.ReasonInUse)
	s.checkSays(now, id+":443", "point the listener elsewhere", v1alpha1.AnnotationAbandon)
	s.checkServed(id, 443, ours, nil)
	s.console().SetListenerCertificate(t, id, 443, old)
	env.WaitGone(t, s.cluster, object)
	if slices.Contains(s.ids(), ours) {
		t.Error("the certificate is left")
	}
}

func TestADryRunTellsWhatItWouldBind(t *testing.T) {
	s := setStage(t)
	id, old := s.loadBalancer(443)
	s.manage()
	object := s.bind("web", renamed(toListener("lb-none", 443, ""), "none"))
	s.unready(object, v1alpha1.ReasonLoadBalancerNotFound)
	s.manager.Stop(t)
	s.manage("--dry-run")
	before := s.lastCall()
	s.update(object, func() {
		object.Spec.Bindings = []v1alpha1.Binding{toListener(id, 443, ""), renamed(toListener(id, 443, "x.a.com"), "sni")}
	})
	now := s.unready(object, v1alpha1.ReasonDryRun)
	s.checkSays(now, "would set", id+":443")
	if e := s.awaitEntry(object, "sni", v1alpha1.ReasonDryRun); !strings.Contains(e.Message, "would create") {
		t.Errorf("the entry is %+v", e)
	}
	s.checkServed(id, 443, old, nil)
	if wrote := writes(s.calls(before)); len(wrote) != 0 {
		t.Errorf("a dry run wrote %q", wrote)
	}
}

func TestACertificateThatTheServiceDisownsIsUploadedAnew(t *testing.T) {
	s := setStage(t)
	id, old := s.loadBalancer(443)
	s.manage("--resync-interval", "3s", "--consistency-window", "1s")
	object := s.bind("web", toListener(id, 443, ""))
	first := s.ready(object).Status.CertificateID
	s.console().SetListenerCertificate(t, id, 443, old)
	s.console().DeleteCertificate(t, first)
	now := s.wait(object, "another certificate bound", func(o *v1alpha1.ServerCertificate) bool {
		return isReady(o) && o.Status.CertificateID != first
	})
	s.checkServed(id, 443, now.Status.CertificateID, nil)
	if uploads := len(s.uploads()); uploads != 3 { // the stranger's too
		t.Errorf("%d uploads, want 3", uploads)
	}
}
