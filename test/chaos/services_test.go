package chaos

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/ccm"
	"github.com/clbcert/clbcert/test/cloud"
	"github.com/clbcert/clbcert/test/env"
)

// touched is an annotation of a Service that says nothing; the CCM looks when it changes.
const touched = "chaos.test/touched"

var servicePorts = []int{443, 8443}

// service is a Service whose ports are HTTPS. It stays all day.
type service struct {
	namespace, name string
	given           string // the load balancer that it names; "" where the CCM makes one
	override        bool   // the CCM manages the listeners of the one that it names
	made            string // the name of the load balancer that the CCM makes
	quarrel         bool   // somebody has put another certificate into the annotation
}

// key stands for the Service where a load balancer's ID would.
func (s *service) key() string { return s.namespace + "/" + s.name }

// managed tells whether the CCM writes the listeners.
func (s *service) managed() bool { return s.given == "" || s.override }

// object is the Service as it is made, with no certificate.
func (s *service) object() *corev1.Service {
	object := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: s.name, Annotations: map[string]string{}},
		Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeLoadBalancer, Selector: map[string]string{"app": s.name}},
	}
	var protocols []string
	for _, port := range servicePorts {
		protocols = append(protocols, "https:"+strconv.Itoa(port))
		object.Spec.Ports = append(object.Spec.Ports, corev1.ServicePort{Name: "p" + strconv.Itoa(port), Port: int32(port)})
	}
	object.Annotations[ccm.Annotation(ccm.ProtocolPort)] = strings.Join(protocols, ",")
	if s.given != "" {
		object.Annotations[ccm.Annotation(ccm.LoadBalancerID)] = s.given
	}
	if s.override {
		object.Annotations[ccm.Annotation(ccm.OverrideListeners)] = "true"
	}
	return object
}

// claimOf is what the ledger knows a binding's target by. A Service stands for its load
// balancer, which may not be there yet, and for all its ports.
func claimOf(namespace string, b v1alpha1.Binding) target {
	if b.Service == nil {
		return targetOf(b.Listener)
	}
	return target{balancer: namespace + "/" + b.Service.Name, domain: strings.ToLower(string(b.Service.Domain))}
}

// targetsOf are the places that a binding comes to; none while there is no load balancer.
func (w *world) targetsOf(namespace string, b v1alpha1.Binding) []target {
	if b.Service == nil {
		return []target{targetOf(b.Listener)}
	}
	claim := claimOf(namespace, b)
	balancer := w.witness.balancerOf(claim.balancer)
	var all []target
	for _, port := range servicePorts {
		if balancer != "" {
			all = append(all, target{balancer, port, claim.domain})
		}
	}
	return all
}

// newServices are the day's, given the IDs of two load balancers that they name.
func newServices(ids []string) (all []*service) {
	for i := range services {
		s := &service{namespace: namespaces[0], name: fmt.Sprintf("front-%d", i)}
		switch i {
		case 3:
			s.given = ids[0]
		case 4:
			s.given, s.override = ids[1], true
		}
		all = append(all, s)
	}
	return all
}

// newServiceSlots makes the part of the world's plan that binds Services: one for itself and
// one for its domain, one for both, two that want the same, two at a load balancer that
// the CCM doesn't look at, and two at one that it was given.
func newServiceSlots(first int) (all []*slot, secrets []*secret) {
	binding := func(service int, domain string) v1alpha1.Binding {
		return v1alpha1.Binding{Name: "service-" + strconv.Itoa(len(domain)), Service: &v1alpha1.ServiceTarget{
			Name: fmt.Sprintf("front-%d", service), Domain: v1alpha1.Domain(domain),
		}}
	}
	for i, bindings := range [][]v1alpha1.Binding{
		{binding(0, "")}, {binding(0, "one.chaos.test")}, {binding(1, ""), binding(1, "two.chaos.test")},
		{binding(2, "")}, {binding(2, ""), binding(2, "three.chaos.test")}, {binding(3, ""), binding(3, "four.chaos.test")},
		{binding(4, "")}, {binding(4, "five.chaos.test")},
	} {
		s := newSlot(namespaces[0], first+i)
		s.bindings = bindings
		all, secrets = append(all, s), append(secrets, s.secret)
	}
	return all, secrets
}

// makeService makes a Service, and tells the witness what it is about to see of it.
func (w *world) makeService(ctx context.Context, s *service) error {
	object := s.object()
	err := w.client.Create(ctx, object)
	if apierrors.IsAlreadyExists(err) { // an answer was lost
		err = w.client.Get(ctx, client.ObjectKeyFromObject(object), object)
	}
	if err == nil {
		s.made = ccm.LoadBalancerName(object)
		w.witness.expect(s)
	}
	return err
}

// changeService changes a Service as it is now, once; nothing comes of it where the API
// server is away, or somebody else is quicker.
func (w *world) changeService(ctx context.Context, s *service, kind string, change func(*corev1.Service) bool) {
	object := s.object()
	err := w.client.Get(ctx, client.ObjectKeyFromObject(object), object)
	if err == nil {
		if !change(object) {
			return
		}
		err = w.client.Update(ctx, object, client.FieldOwner("somebody"))
	}
	w.note(kind, fmt.Sprintf("%s: %s", s.key(), told(err)))
}

// touch has the CCM look at a Service.
func (w *world) touch(ctx context.Context, s *service) {
	w.changeService(ctx, s, touchService, func(o *corev1.Service) bool {
		o.Annotations[touched] = time.Now().Format(time.RFC3339Nano)
		return true
	})
}

// annotate puts another's certificate into a Service's annotation, as a tool does that
// applies old manifests: it has the last word, until there is a new certificate.
func (w *world) annotate(ctx context.Context, s *service, id string) {
	if !s.managed() {
		return
	}
	s.quarrel = true
	w.changeService(ctx, s, annotateByHand, func(o *corev1.Service) bool {
		o.Annotations[ccm.Annotation(ccm.CertificateID)] = id
		return true
	})
}

// driftService says that a load balancer's listener is changed by hand. A Service's that wasn't
// seen to be as it should be before stays so for minutes.
func (w *world) driftService(balancer string) {
	for _, s := range w.services {
		if w.witness.balancerOf(s.key()) == balancer {
			s.quarrel = true
		}
	}
}

// freeServices takes an object's certificates out of the annotations of Services.
func (w *world) freeServices(ctx context.Context, s *slot) {
	const kind = "free a Service by hand"
	for _, service := range w.services {
		if service.namespace != s.namespace || !service.managed() {
			continue
		}
		w.changeService(ctx, service, kind, func(o *corev1.Service) bool { return w.freeAnnotations(o, s.tag()) })
	}
}

// freeAnnotations gives the annotations another certificate than the object's; false where
// none of them names one of its.
func (w *world) freeAnnotations(o *corev1.Service, tag string) (changed bool) {
	of := func(id string) bool { return w.witness.certificate(id).Tags[v1alpha1.TagObject] == tag }
	byDefault, domains := ccm.Annotation(ccm.CertificateID), ccm.Annotation(ccm.DomainExtensions)
	if of(o.Annotations[byDefault]) {
		o.Annotations[byDefault], changed = w.strangers[0], true
	}
	entries := strings.Split(o.Annotations[domains], ",")
	kept := slices.DeleteFunc(slices.Clone(entries), func(entry string) bool {
		_, id, _ := strings.Cut(strings.TrimSpace(entry), ":")
		return of(id)
	})
	if len(kept) == len(entries) {
		return changed
	}
	o.Annotations[domains] = strings.Join(kept, ",")
	if len(kept) == 0 {
		delete(o.Annotations, domains)
	}
	return true
}

// restoreServices has the CCM look at all once more, as what was deleted by hand isn't made
// anew before, and ends the quarrels by a renewal.
func (w *world) restoreServices(ctx context.Context) error {
	for _, s := range w.services {
		w.makeAlike(ctx, s)
		w.touch(ctx, s)
		if !s.quarrel {
			continue
		}
		for _, slot := range w.slots {
			if !slices.ContainsFunc(slot.bindings, func(b v1alpha1.Binding) bool { return claimOf(slot.namespace, b).balancer == s.key() }) {
				continue
			}
			if err := w.replace(ctx, slot.secret, deed{kind: renew}); err != nil {
				return err
			}
		}
	}
	return nil
}

// makeAlike deletes the extensions that a Service's annotation says nothing of: what people
// did to one of its listeners may have made them differ, and that is theirs to mend.
func (w *world) makeAlike(ctx context.Context, s *service) {
	object := s.object()
	err := w.client.Get(ctx, client.ObjectKeyFromObject(object), object)
	if err != nil || !s.managed() || object.Annotations[ccm.Annotation(ccm.DomainExtensions)] != "" {
		return
	}
	for _, e := range w.witness.extensionsNow() {
		if e.LoadBalancerID == w.witness.balancerOf(s.key()) {
			w.dropDomain(ctx, target{e.LoadBalancerID, e.ListenerPort, strings.ToLower(e.Domain)}, e.ID)
		}
	}
}

// misannotated tells the Services whose annotation isn't their holder's certificate.
func (w *world) misannotated(ctx context.Context, holders map[target]*v1alpha1.ServerCertificate) (odd []string) {
	for _, s := range w.services {
		holder := holders[target{w.witness.balancerOf(s.key()), servicePorts[0], ""}]
		if holder == nil || !s.managed() {
			continue
		}
		object := s.object()
		if err := w.client.Get(ctx, client.ObjectKeyFromObject(object), object); err != nil {
			return []string{err.Error()}
		}
		if id := object.Annotations[ccm.Annotation(ccm.CertificateID)]; id != holder.Status.CertificateID {
			odd = append(odd, fmt.Sprintf("the annotation of %s names %q, want %q of %s", s.key(), id, holder.Status.CertificateID, holder.Name))
		}
	}
	return odd
}

// expect says which Service the load balancer is of that it names, or that the CCM makes.
func (w *witness) expect(s *service) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.owners[s.made] = s.key()
	if s.given != "" {
		w.owners[s.given] = s.key()
	}
}

// ownerOf is the Service that a load balancer is of, or "". The mutex is held.
func (w *witness) ownerOf(balancer string) string {
	if key, given := w.owners[balancer]; given {
		return key
	}
	return w.owners[w.balancers[balancer].Name]
}

// balancerOf is the ID of a Service's load balancer, or "".
func (w *witness) balancerOf(key string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	for id := range w.balancers {
		if w.ownerOf(id) == key {
			return id
		}
	}
	return ""
}

// serviceListeners are those of Services, in order.
func (w *witness) serviceListeners() (all []target) {
	w.drain()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(w.listeners)) {
		if l := w.listeners[id]; w.ownerOf(l.LoadBalancerID) != "" {
			all = append(all, target{l.LoadBalancerID, l.Port, ""})
		}
	}
	return all
}

// shift is one life of the CCM: what would end with the test ends with it.
type shift struct {
	env.TB

	ccm  *ccm.CCM
	ends []func()
}

// Cleanup takes what ends the CCM.
func (s *shift) Cleanup(end func()) { s.ends = append(s.ends, end) }

// startShift starts a CCM. That of before has ended.
func startShift(tb env.TB, cluster *env.Cluster, console *cloud.Client, namespace string) *shift {
	tb.Helper()
	s := &shift{TB: tb}
	s.ccm = ccm.Start(s, cluster, console, namespace)
	return s
}

// end lets the passes in hand end, and none begin.
func (s *shift) end() {
	for _, end := range slices.Backward(s.ends) {
		end()
	}
	s.ends = nil
}
