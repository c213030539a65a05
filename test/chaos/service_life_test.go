package chaos

import (
	"context"
	"testing"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/env"
)

// newServiceLife is that of an object that binds a Service, with and without a domain. There
// is no CCM yet.
func newServiceLife(t *testing.T) *life {
	t.Helper()
	l := newLife(t, env.Program(t, "manager"), "--leader-elect=false")
	front := &service{namespace: l.slot.namespace, name: "front"}
	l.slot.bindings = []v1alpha1.Binding{
		{Name: "default", Service: &v1alpha1.ServiceTarget{Name: front.name}},
		{Name: "domain", Service: &v1alpha1.ServiceTarget{Name: front.name, Domain: "a.chaos.test"}},
	}
	l.stage.world.services = append(l.stage.world.services, front)
	l.must(l.stage.world.makeService(t.Context(), front))
	return l
}

// The CCM tells which load balancer a Service has once all went well. Until then a renewal
// must find the listeners otherwise: the CCM can't change a domain's certificate, so it fails
// for good unless somebody else does, and then never tells.
func TestARenewalBeforeTheCCMIsDoneReachesTheListeners(t *testing.T) {
	t.Parallel()
	l := newServiceLife(t)
	w, b := l.stage.world, l.stage.brawl
	b.simulator.SetFaults(t, "StartLoadBalancerListener@"+env.AccessKeyID+"=SystemBusy")
	startShift(t, b.cluster, b.console, l.slot.namespace)
	defer l.accompany(b.replicas[0])()

	l.must(l.slot.secret.renew())
	l.must(w.put(t.Context(), l.slot.secret))
	l.must(w.create(t.Context(), l.slot))
	l.until("the CCM has made all but one thing", func() bool {
		_, domains := w.witness.servedBy(l.slot.tag())
		return len(domains) == len(servicePorts)
	})
	first := w.witness.ids()
	l.must(w.replace(t.Context(), l.slot.secret, deed{kind: renew}))
	l.until("it is uploaded", func() bool { return len(w.witness.ids()) > len(first) })
	l.await("annotated", func(o *v1alpha1.ServerCertificate) bool {
		holders := w.holdersOf([]v1alpha1.ServerCertificate{*o})
		return o.Status.Digest == digest(l.slot.secret.current()) && len(w.misannotated(t.Context(), holders)) == 0
	})
	b.simulator.SetFaults(t)
	l.await("served once the cloud is well again", l.isServed)
}

// What somebody sets by hand at a Service's listener is set back, also by the next leader
// where the one that saw it first couldn't, and died. The CCM doesn't look by itself, and
// can't change a domain's certificate.
func TestAServicesDriftIsSetBackByTheNextLeader(t *testing.T) {
	t.Parallel()
	l := newServiceLife(t)
	w, b := l.stage.world, l.stage.brawl
	startShift(t, b.cluster, b.console, l.slot.namespace)
	defer l.accompany(b.replicas[0])()
	l.make()

	b.simulator.SetFaults(t, "SetDomainExtensionAttribute@"+managersKeyID+"=SystemBusy",
		"SetLoadBalancerHTTPSListenerAttribute@"+managersKeyID+"=SystemBusy")
	listeners, domains := w.witness.servedBy(l.slot.tag())
	for _, at := range listeners {
		l.must(w.cloud.SetListenerCertificate(t.Context(), at.balancer, at.port, w.strangers[0]))
	}
	for _, e := range domains {
		l.must(w.cloud.SetExtension(t.Context(), e.ID, w.strangers[0]))
	}
	l.await("seen to have drifted", func(o *v1alpha1.ServerCertificate) bool { return !l.isServed(o) })
	b.replicas[0].kill()
	b.simulator.SetFaults(t)
	short, cancel := context.WithTimeout(t.Context(), env.Patience)
	defer cancel()
	back, backDomains := w.witness.servedBy(l.slot.tag())
	err := poll(short, "all to be set back", func() bool {
		back, backDomains = w.witness.servedBy(l.slot.tag())
		return len(back) == len(listeners) && len(backDomains) == len(domains)
	})
	if err != nil {
		t.Fatalf("%v: %d of %d listeners and %d of %d domains are", err, len(back), len(listeners), len(backDomains), len(domains))
	}
	l.await("served", l.isServed)
}
