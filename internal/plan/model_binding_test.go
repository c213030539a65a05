package plan_test

import (
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/clberr"
	"github.com/clbcert/clbcert/internal/plan"
)

// balancerID is the modelled load balancer, somebody its listeners' first certificate.
const balancerID, somebody = "lb-1", "bystander-2"

// modelListener is one of the modelled load balancer's.
type modelListener struct {
	byDefault string
	domains   map[string]modelExtension
}

// modelExtension says for whose certificate the product made it, or that people did.
type modelExtension struct {
	id, certificate string
	theirs          bool
	maker           string
}

// newListeners are two, one of them with an extension that isn't the product's.
func newListeners() map[int32]*modelListener {
	return map[int32]*modelListener{
		443:  {somebody, map[string]modelExtension{"set.a.com": {id: "de-0", certificate: somebody, theirs: true}}},
		8443: {somebody, map[string]modelExtension{}},
	}
}

// serving tells whether a listener serves the certificate, by default or for a domain.
func (w *world) serving(id string) (byDefault, byDomain bool) {
	for _, l := range w.listeners {
		byDefault = byDefault || l.byDefault == id
		for _, e := range l.domains {
			byDomain = byDomain || e.certificate == id
		}
	}
	return byDefault, byDomain
}

// point has all that serves a certificate serve somebody's, as people do by hand.
func (w *world) point(id string) {
	for _, l := range w.listeners {
		if l.byDefault == id {
			l.byDefault = somebody
		}
		for domain, e := range l.domains {
			if e.certificate == id {
				e.certificate = somebody
				l.domains[domain] = e
			}
		}
	}
}

// rebind gives an object other bindings.
func (w *world) rebind(o *v1alpha1.ServerCertificate) {
	o.Generation++
	o.Spec.Bindings = nil
	for i, target := range []v1alpha1.ListenerTarget{
		{Port: 443}, {Port: 443, Domain: "set.a.com"}, {Port: 443, Domain: "new.a.com"}, {Port: 8443}, {Port: 8443, Domain: "new.a.com"},
	} {
		if target.LoadBalancerID = balancerID; w.coin() {
			name := string(rune('a' + (i+w.rng.IntN(2))%6)) // names move between targets
			if !slices.ContainsFunc(o.Spec.Bindings, func(b v1alpha1.Binding) bool { return b.Name == name }) {
				o.Spec.Bindings = append(o.Spec.Bindings, v1alpha1.Binding{Name: name, Listener: &target})
			}
		}
	}
	w.note("%s gets %d bindings", o.Name, len(o.Spec.Bindings))
}

// drift changes a listener by hand.
func (w *world) drift() {
	l := w.listeners[[]int32{443, 8443}[w.rng.IntN(2)]]
	if w.coin() {
		w.note("somebody sets a listener's default")
		l.byDefault = somebody
		return
	}
	for domain, e := range l.domains {
		w.note("somebody sets or deletes %s", domain)
		if e.theirs || w.coin() {
			e.certificate = somebody
			l.domains[domain] = e
		} else {
			delete(l.domains, domain)
		}
		return
	}
}

// survey looks at the listeners as the client does: remembered where that is new enough.
func (r *replica) survey(s plan.State, step plan.Survey) map[string]plan.Sight {
	sights := map[string]plan.Sight{}
	for _, want := range step.Wants {
		sight := plan.Sight{Began: r.clock(), LoadBalancer: plan.LoadBalancer{ID: balancerID}, Rivals: r.rivals(s, want)}
		if err, _ := r.world.fault("DescribeLoadBalancers"); err != nil {
			sight.Err = err
			sights[want.Key()] = sight
			continue
		}
		if r.front == nil || r.frontAt.Before(want.Since) {
			r.front, r.frontAt = r.world.front(), r.clock()
		}
		sight.Began, sight.LoadBalancer = r.frontAt, *r.front
		sights[want.Key()] = sight
	}
	r.world.takeTime()
	return sights
}

// front is the load balancer as it is now.
func (w *world) front() *plan.LoadBalancer {
	b := &plan.LoadBalancer{ID: balancerID, Found: true, Tags: map[string]string{v1alpha1.TagNamespaces: "shop"}}
	for _, port := range slices.Sorted(maps.Keys(w.listeners)) {
		l := plan.Listener{Port: port, Protocol: "https", CertificateID: w.listeners[port].byDefault}
		for domain, e := range w.listeners[port].domains {
			l.Extensions = append(l.Extensions, plan.Extension{ID: e.id, Domain: domain, CertificateID: e.certificate})
		}
		b.Listeners = append(b.Listeners, l)
	}
	return b
}

// rivals are the other object's bindings to the same target, by the replica's cache.
func (r *replica) rivals(s plan.State, want plan.Want) []plan.Rival {
	var rivals []plan.Rival
	for name := range r.world.objects {
		other := r.read(name)
		if other == nil || name == s.Object.Name {
			continue
		}
		for _, b := range other.Spec.Bindings {
			if b.Listener.Port == want.Listener.Port && strings.EqualFold(string(b.Listener.Domain), string(want.Listener.Domain)) {
				rivals = append(rivals, plan.Rival{
					Namespace: other.Namespace, Name: name, Created: other.CreationTimestamp, Terminating: !other.DeletionTimestamp.IsZero(),
				})
			}
		}
	}
	return rivals
}

// listen makes one change of a listener.
func (w *world) listen(step plan.Step) *clberr.Error {
	refuse := func(code string) *clberr.Error { return clberr.New("Set", code, "no", "R-2", 404, clberr.Refused) }
	switch step := step.(type) {
	case plan.SetCertificate:
		if w.find(step.CertificateID) == nil {
			return refuse("ServerCertificateId.NotFound")
		}
		w.listeners[step.Port].byDefault = step.CertificateID
	case plan.CreateExtension:
		if _, there := w.listeners[step.Port].domains[step.Domain]; there {
			return refuse("DomainExtensionAlreadyExists")
		}
		if w.find(step.CertificateID) == nil {
			return refuse("InvalidParameter.ServerCertificateId")
		}
		w.version++
		w.listeners[step.Port].domains[step.Domain] = modelExtension{
			id: "de-" + w.now.String(), certificate: step.CertificateID, maker: w.find(step.CertificateID).owner,
		}
	case plan.SetExtension:
		e, there := w.listeners[step.Port].domains[step.Domain]
		switch {
		case !there || e.id != step.ExtensionID:
			return refuse("InvalidParameter.DomainExtensionId")
		case w.find(step.CertificateID) == nil:
			return refuse("InvalidParameter.ServerCertificateId")
		}
		e.certificate = step.CertificateID
		w.listeners[step.Port].domains[step.Domain] = e
	case plan.DeleteExtension:
		e := w.listeners[step.Port].domains[step.Domain]
		if e.theirs {
			w.fail("deleted the extension of %s, which isn't ours", step.Domain)
		}
		if e.id == step.ExtensionID {
			delete(w.listeners[step.Port].domains, step.Domain)
		}
	}
	return nil
}

// freeTerminating points what Terminating objects, and those gone, still serve elsewhere.
func (w *world) freeTerminating() {
	for _, c := range w.cloud {
		name := strings.TrimPrefix(c.owner, "shop/")
		if object := w.latest(name); c.owner != "" && (object == nil || !object.DeletionTimestamp.IsZero()) {
			w.point(c.ID)
		}
	}
}

// checkServed holds the listeners against the bindings, once faults have stopped.
func (w *world) checkServed() {
	for name := range w.objects {
		object := w.latest(name)
		if object == nil || !meta.IsStatusConditionTrue(object.Status.Conditions, v1alpha1.ConditionReady) {
			continue
		}
		for _, b := range object.Spec.Bindings {
			l := w.listeners[b.Listener.Port]
			served := l.byDefault
			if b.Listener.Domain != "" {
				served = l.domains[string(b.Listener.Domain)].certificate
			}
			if served != object.Status.CertificateID {
				w.fail("%s is Ready, and binding %s serves %s", name, b.Name, served)
			}
		}
	}
	for port, l := range w.listeners {
		for domain, e := range l.domains {
			if owner := w.ownerOf(e.certificate); owner != nil && w.wiped[owner.Name].IsZero() && // a wiped status doesn't tell what was made
				e.maker == "shop/"+owner.Name && !w.wanted(port, domain) {
				w.fail("the extension of %s at %d is left over", domain, port)
			}
		}
	}
}

// ownerOf is the object that a certificate is one of, nil where it is nobody's.
func (w *world) ownerOf(id string) *v1alpha1.ServerCertificate {
	c := w.find(id)
	if c == nil || c.owner == "" || c.Tags[v1alpha1.TagObject] != c.owner || !w.left[strings.TrimPrefix(c.owner, "shop/")].IsZero() {
		return nil
	}
	return w.latest(strings.TrimPrefix(c.owner, "shop/"))
}

// wanted tells whether an object wants a domain of a listener.
func (w *world) wanted(port int32, domain string) bool {
	for name := range w.objects {
		object := w.latest(name)
		if object != nil && slices.ContainsFunc(object.Spec.Bindings, func(b v1alpha1.Binding) bool {
			return b.Listener.Port == port && string(b.Listener.Domain) == domain
		}) {
			return true
		}
	}
	return false
}

// conflicts tells whether an object is kept from a target by an older one: then it isn't Ready.
func (w *world) conflicts(object *v1alpha1.ServerCertificate) bool {
	ready := meta.FindStatusCondition(object.Status.Conditions, v1alpha1.ConditionReady)
	return ready != nil && ready.Reason == string(v1alpha1.ReasonBindingConflict) &&
		slices.ContainsFunc(object.Status.Bindings, func(e v1alpha1.BindingStatus) bool {
			return e.Reason == v1alpha1.ReasonBindingConflict && w.olderWants(object, e)
		})
}

func (w *world) olderWants(object *v1alpha1.ServerCertificate, e v1alpha1.BindingStatus) bool {
	for name := range w.objects {
		other := w.latest(name)
		if other == nil || name == object.Name || object.CreationTimestamp.Before(&other.CreationTimestamp) {
			continue
		}
		if slices.ContainsFunc(other.Spec.Bindings, func(b v1alpha1.Binding) bool { return *b.Listener == *e.Listener }) {
			return true
		}
	}
	return false
}
