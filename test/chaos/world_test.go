package chaos

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/cloud"
	"github.com/clbcert/clbcert/test/env"
)

// world is the objects, their Secrets and the load balancers, and the people who change them.
type world struct {
	client    client.WithWatch
	cloud     *cloud.API
	trace     *trace
	ledger    *ledger
	witness   *witness
	slots     []*slot
	secrets   []*secret
	services  []*service
	keyrings  []*keyring
	strangers []string // certificates that are nobody's of ours
	// putKey has the cloud know an access key.
	putKey func(context.Context, env.SimulatedAccessKey) error
}

// insist does something until it works: API server and cloud may be away.
func (w *world) insist(ctx context.Context, what string, do func() error) error {
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		err := do()
		if err == nil {
			return nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return fmt.Errorf("%s: %w, %w", what, err, ctx.Err())
		}
	}
}

// live does deeds until the day ends; the last one is done to its end.
func (w *world) live(ctx, day context.Context, next func() deed) {
	for day.Err() == nil {
		d := next()
		wait(day, d.delay)
		if day.Err() != nil {
			return
		}
		if err := w.do(ctx, d); err != nil && ctx.Err() == nil {
			w.trace.violate("the test itself", "%s of %s: %v", d.kind, w.slots[d.slot].tag(), err)
		}
	}
}

// do does a deed; what can't be done just now isn't.
func (w *world) do(ctx context.Context, d deed) error {
	s := w.slots[d.slot]
	switch d.kind {
	case renew, rollBack:
		return w.replace(ctx, s.secret, d)
	case loseSecret, findSecret:
		return w.hide(ctx, s.secret, d.kind == loseSecret)
	case recreate:
		return w.recreateOne(ctx)
	case rotateKey:
		return w.rotate(ctx, w.keyrings[d.dice%len(w.keyrings)], d.dice%5 == 0)
	case driftListener, driftDomain, dropDomain, dropUnused:
		w.byHand(ctx, d)
		return nil
	case touchService:
		w.touch(ctx, w.services[d.dice%len(w.services)])
		return nil
	case annotateByHand:
		w.annotate(ctx, w.services[d.dice%len(w.services)], w.strangers[d.slot%len(w.strangers)])
		return nil
	}
	if s.state != made {
		return nil
	}
	return w.doTo(ctx, s, d)
}

// doTo does a deed to an object that is there.
func (w *world) doTo(ctx context.Context, s *slot, d deed) error {
	switch d.kind {
	case deleteObject, deleteUnbound:
		return w.remove(ctx, s, d.kind == deleteUnbound)
	case unbind:
		return w.bind(ctx, s, d.dice)
	case rebind:
		return w.bind(ctx, s, -1)
	case wipeStatus:
		return w.wipe(ctx, s)
	case keepMore:
		limit := int32(d.dice % 4)
		return w.change(ctx, s, d.kind, func(o *v1alpha1.ServerCertificate) { o.Spec.RevisionHistoryLimit = &limit })
	default:
		return w.change(ctx, s, d.kind, func(o *v1alpha1.ServerCertificate) { o.Spec.Suspend = d.kind == suspend })
	}
}

// note tells of a deed, and counts it.
func (w *world) note(kind, what string) {
	w.trace.note("%s: %s", kind, what)
	w.trace.count("deed "+kind, 1)
}

// change changes an object as it is now.
func (w *world) change(ctx context.Context, s *slot, kind string, change func(*v1alpha1.ServerCertificate)) error {
	w.note(kind, s.tag())
	return w.insist(ctx, kind, func() error {
		object := s.object()
		if err := w.client.Get(ctx, client.ObjectKeyFromObject(object), object); err != nil {
			return err
		}
		change(object)
		return w.client.Update(ctx, object)
	})
}

// bind takes one binding out, or puts all in.
func (w *world) bind(ctx context.Context, s *slot, out int) error {
	if len(s.bindings) == 0 || (out < 0 && len(s.out) == 0) {
		return nil
	}
	kind := rebind
	if out >= 0 {
		kind = unbind
		s.out[s.bindings[out%len(s.bindings)].Name] = true
	} else {
		s.out = map[string]bool{}
	}
	return w.changeBindings(ctx, s, kind)
}

// changeBindings makes the spec have those that are in. A target counts as wanted only
// while it surely is: from the change on, or until it.
func (w *world) changeBindings(ctx context.Context, s *slot, kind string) error {
	for _, b := range s.bindings {
		if s.out[b.Name] {
			w.ledger.want(s.tag(), claimOf(s.namespace, b), false)
		}
	}
	err := w.change(ctx, s, kind, func(o *v1alpha1.ServerCertificate) { o.Spec.Bindings = s.in() })
	if err == nil {
		w.wantAll(s)
	}
	return err
}

func (w *world) wantAll(s *slot) {
	for _, b := range s.in() {
		w.ledger.want(s.tag(), claimOf(s.namespace, b), true)
	}
}

// replace puts a new identity into a Secret, or one that it had before.
func (w *world) replace(ctx context.Context, s *secret, d deed) error {
	identity, err := newIdentity()
	if err != nil {
		return err
	}
	if d.kind == rollBack {
		last := s.history[max(0, len(s.history)-4):]
		identity = last[d.dice%len(last)]
	}
	s.history = append(s.history, identity)
	if s.missing {
		return nil
	}
	w.note(d.kind, fmt.Sprintf("%s/%s, digest %.8s", s.namespace, s.name, digest(identity)))
	return w.put(ctx, s)
}

// put makes the Secret hold its current identity.
func (w *world) put(ctx context.Context, s *secret) error {
	for _, o := range s.objects {
		if o.state == made {
			w.announce(o)
		}
	}
	object, err := s.current().Secret(s.name, s.namespace)
	if err != nil {
		return err
	}
	return w.insist(ctx, "writing a Secret", func() error {
		err := w.client.Update(ctx, object.DeepCopy())
		if apierrors.IsNotFound(err) {
			err = w.client.Create(ctx, object.DeepCopy())
		}
		return err
	})
}

// announce gives reason for an upload of what the Secret holds, unless that was the last.
func (w *world) announce(s *slot) {
	if now := digest(s.secret.current()); s.announced != now {
		s.announced = now
		w.ledger.decide(s.tag(), now)
	}
}

// hide deletes a Secret, or makes it again.
func (w *world) hide(ctx context.Context, s *secret, missing bool) error {
	if s.missing == missing {
		return nil
	}
	s.missing = missing
	if !missing {
		w.note(findSecret, s.namespace+"/"+s.name)
		return w.put(ctx, s)
	}
	w.note(loseSecret, s.namespace+"/"+s.name)
	return w.insist(ctx, loseSecret, func() error {
		object := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: s.name}}
		return client.IgnoreNotFound(w.client.Delete(ctx, object))
	})
}

// remove deletes an object, maybe with its bindings taken out before.
func (w *world) remove(ctx context.Context, s *slot, unbound bool) error {
	for _, b := range s.bindings {
		s.out[b.Name] = true
		w.ledger.want(s.tag(), claimOf(s.namespace, b), false)
	}
	if unbound && len(s.bindings) > 0 {
		if err := w.changeBindings(ctx, s, deleteUnbound); err != nil {
			return err
		}
	}
	w.note(deleteObject, s.tag())
	s.state = going
	return w.insist(ctx, deleteObject, func() error { return client.IgnoreNotFound(w.client.Delete(ctx, s.object())) })
}

// wipe empties a status, as a restore from a backup does.
func (w *world) wipe(ctx context.Context, s *slot) error {
	w.note(wipeStatus, s.tag())
	patch := client.RawPatch(types.JSONPatchType, []byte(`[{"op":"remove","path":"/status"}]`))
	return w.insist(ctx, wipeStatus, func() error {
		err := w.client.Status().Patch(ctx, s.object(), patch)
		if apierrors.IsInvalid(err) { // there is none
			return nil
		}
		return err
	})
}

// recreateOne makes the first object again that isn't there; one that is still going is
// freed from what it serves.
func (w *world) recreateOne(ctx context.Context) error {
	for _, s := range w.slots {
		if s.state == going {
			if err := w.see(ctx, s); err != nil {
				return err
			}
		}
		switch s.state {
		case gone:
			return w.create(ctx, s)
		case going:
			w.free(ctx, s)
		}
	}
	return nil
}

// see looks whether an object that is going has gone.
func (w *world) see(ctx context.Context, s *slot) error {
	return w.insist(ctx, "looking at an object", func() error {
		err := w.client.Get(ctx, client.ObjectKeyFromObject(s.object()), s.object())
		if apierrors.IsNotFound(err) {
			w.trace.note("gone: %s", s.tag())
			s.state = gone
			return nil
		}
		return err
	})
}

func (w *world) create(ctx context.Context, s *slot) error {
	s.out, s.announced = map[string]bool{}, ""
	w.note(recreate, s.tag())
	if !s.secret.missing {
		w.announce(s)
	}
	err := w.insist(ctx, recreate, func() error {
		err := w.client.Create(ctx, s.object())
		if apierrors.IsAlreadyExists(err) { // an answer was lost
			return nil
		}
		return err
	})
	if err == nil {
		s.state = made
		w.wantAll(s)
	}
	return err
}

// free has others served where an object that is going is: people do that in the console.
func (w *world) free(ctx context.Context, s *slot) {
	w.freeServices(ctx, s)
	defaults, domains := w.witness.servedBy(s.tag())
	for i, t := range defaults {
		err := w.cloud.SetListenerCertificate(ctx, t.balancer, t.port, w.strangers[i%len(w.strangers)])
		w.trace.note("%s: %s:%d freed from %s: %s", driftListener, t.balancer, t.port, s.tag(), told(err))
	}
	for _, e := range domains {
		w.dropDomain(ctx, target{e.LoadBalancerID, e.ListenerPort, strings.ToLower(e.Domain)}, e.ID)
	}
}

// told is an error's code, or what else there is to say.
func told(err error) string {
	switch {
	case err == nil:
		return "done"
	case cloud.CodeOf(err) != "":
		return cloud.CodeOf(err)
	default:
		return err.Error()
	}
}

// byHand changes something in the cloud, if the cloud lets.
func (w *world) byHand(ctx context.Context, d deed) {
	stranger := w.strangers[d.dice%len(w.strangers)]
	switch d.kind {
	case driftListener:
		t := targetOf(w.slots[d.slot%listeners].bindings[0].Listener)
		if all := w.witness.serviceListeners(); d.dice%4 == 0 && len(all) > 0 {
			t = all[d.slot%len(all)]
		}
		w.driftService(t.balancer)
		w.note(d.kind, fmt.Sprintf("%s:%d: %s", t.balancer, t.port,
			told(w.cloud.SetListenerCertificate(ctx, t.balancer, t.port, stranger))))
	case driftDomain, dropDomain:
		all := w.witness.extensionsNow()
		if len(all) == 0 {
			return
		}
		e := all[d.dice%len(all)]
		if d.kind == dropDomain {
			w.dropDomain(ctx, target{e.LoadBalancerID, e.ListenerPort, strings.ToLower(e.Domain)}, e.ID)
			return
		}
		w.note(d.kind, fmt.Sprintf("%s of %s:%d: %s", e.Domain, e.LoadBalancerID, e.ListenerPort,
			told(w.cloud.SetExtension(ctx, e.ID, stranger))))
	case dropUnused:
		w.dropUnused(ctx, d.dice)
	}
}

func (w *world) dropDomain(ctx context.Context, t target, id string) {
	w.ledger.dropByHand(t)
	err := w.cloud.DeleteExtension(ctx, id)
	if cloud.CodeOf(err) != "" || errors.Is(err, syscall.ECONNREFUSED) {
		w.ledger.droppedByHand(t) // it wasn't
	}
	w.note(dropDomain, fmt.Sprintf("%s of %s:%d: %s", t.domain, t.balancer, t.port, told(err)))
}

// dropUnused deletes a certificate of ours; that is a reason to upload it again.
func (w *world) dropUnused(ctx context.Context, dice int) {
	ids := w.witness.unused()
	if len(ids) == 0 {
		return
	}
	id := ids[dice%len(ids)]
	tags := w.witness.certificate(id).Tags
	w.ledger.decide(tags[v1alpha1.TagObject], tags[v1alpha1.TagDigest])
	w.note(dropUnused, fmt.Sprintf("%s of %s: %s", id, tags[v1alpha1.TagObject], told(w.cloud.DeleteCertificate(ctx, id))))
}

// renew gives a Secret that is to be made something to hold.
func (s *secret) renew() error {
	identity, err := newIdentity()
	if err == nil {
		s.history = []*certs.Identity{identity}
	}
	return err
}
