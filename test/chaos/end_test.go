package chaos

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/api/v1alpha1"
)

// settling is how long all may take to be in order, once nobody disturbs it any more.
const settling = 90 * time.Second

// restore puts back what people took away, so that there is an order to come to.
func (w *world) restore(ctx context.Context) error {
	w.trace.note("people put everything back")
	for _, k := range w.keyrings {
		if err := w.rotate(ctx, k, false); err != nil {
			return err
		}
	}
	for _, s := range w.secrets {
		if err := w.hide(ctx, s, false); err != nil {
			return err
		}
	}
	for _, s := range w.slots {
		if s.state != made {
			continue
		}
		if err := w.bind(ctx, s, -1); err != nil {
			return err
		}
		if err := w.change(ctx, s, resumeObject, func(o *v1alpha1.ServerCertificate) { o.Spec.Suspend = false }); err != nil {
			return err
		}
	}
	if err := w.restoreObjects(ctx); err != nil {
		return err
	}
	return w.restoreServices(ctx)
}

// restoreObjects makes those again that are away.
func (w *world) restoreObjects(ctx context.Context) error {
	for {
		if err := w.recreateOne(ctx); err != nil || !slices.ContainsFunc(w.slots, func(s *slot) bool { return s.state != made }) {
			return err
		}
		if err := w.hurry(ctx); err != nil {
			return err
		}
		wait(ctx, 200*time.Millisecond)
		if ctx.Err() != nil {
			return fmt.Errorf("making all objects again: %w", ctx.Err())
		}
	}
}

// hurry asks for a look at what is going: its certificate was in use, which is looked at rarely.
func (w *world) hurry(ctx context.Context) error {
	for _, s := range w.slots {
		if s.state != going {
			continue
		}
		patch := fmt.Sprintf(`{"metadata":{"annotations":{%q:%q}}}`, v1alpha1.AnnotationSyncRequestedAt, time.Now().Format("15:04:05"))
		err := w.client.Patch(ctx, s.object(), client.RawPatch("application/merge-patch+json", []byte(patch)))
		if client.IgnoreNotFound(err) != nil {
			return err
		}
	}
	return nil
}

// unsettled is what isn't as it should be.
func (w *world) unsettled(ctx context.Context) []string {
	objects, err := w.objects(ctx)
	if err != nil {
		return []string{err.Error()}
	}
	holders := w.holdersOf(objects)
	var odd []string
	for i := range objects {
		odd = append(odd, w.unready(&objects[i], holders)...)
	}
	if len(objects) != len(w.slots) {
		odd = append(odd, fmt.Sprintf("%d objects, want %d", len(objects), len(w.slots)))
	}
	return slices.Concat(odd, w.unserved(holders), w.misannotated(ctx, holders), w.lost(objects))
}

// objects are those of the slots that there are. Others may share the API server.
func (w *world) objects(ctx context.Context) (ours []v1alpha1.ServerCertificate, err error) {
	list := &v1alpha1.ServerCertificateList{}
	if err := w.client.List(ctx, list); err != nil {
		return nil, err
	}
	tags := map[string]bool{}
	for _, s := range w.slots {
		tags[s.tag()] = true
	}
	for _, o := range list.Items {
		if tags[v1alpha1.ObjectTag(o.Namespace, o.Name)] {
			ours = append(ours, o)
		}
	}
	return ours, nil
}

// holdersOf gives, for each target, the object that is to have it: the oldest.
func (w *world) holdersOf(objects []v1alpha1.ServerCertificate) map[target]*v1alpha1.ServerCertificate {
	holders := map[target]*v1alpha1.ServerCertificate{}
	for i := range objects {
		for _, t := range w.allTargetsOf(&objects[i]) {
			if holders[t] == nil || older(&objects[i], holders[t]) {
				holders[t] = &objects[i]
			}
		}
	}
	return holders
}

// allTargetsOf are the places that an object is to be served at.
func (w *world) allTargetsOf(o *v1alpha1.ServerCertificate) (all []target) {
	for _, b := range o.Spec.Bindings {
		all = append(all, w.targetsOf(o.Namespace, b)...)
	}
	return all
}

func older(a, b *v1alpha1.ServerCertificate) bool {
	if !a.CreationTimestamp.Equal(&b.CreationTimestamp) {
		return a.CreationTimestamp.Before(&b.CreationTimestamp)
	}
	return a.Namespace+"/"+a.Name < b.Namespace+"/"+b.Name
}

// unready tells what isn't Ready, but for what is lawfully in conflict.
func (w *world) unready(o *v1alpha1.ServerCertificate, holders map[target]*v1alpha1.ServerCertificate) []string {
	status, reason := metav1.ConditionTrue, v1alpha1.ReasonSynced
	if len(o.Spec.Bindings) > 0 {
		reason = v1alpha1.ReasonBound
	}
	for _, t := range w.allTargetsOf(o) {
		if holders[t] != o {
			status, reason = metav1.ConditionFalse, v1alpha1.ReasonBindingConflict
		}
	}
	ready := meta.FindStatusCondition(o.Status.Conditions, v1alpha1.ConditionReady)
	switch {
	case ready == nil:
		return []string{fmt.Sprintf("%s/%s has no condition Ready", o.Namespace, o.Name)}
	case ready.Status != status || ready.Reason != string(reason) || ready.ObservedGeneration != o.Generation:
		return []string{fmt.Sprintf("%s/%s, generation %d: Ready=%s of generation %d, %s, want %s, %s: %s", o.Namespace, o.Name, o.Generation,
			ready.Status, ready.ObservedGeneration, ready.Reason, status, reason, ready.Message)}
	case o.Status.PendingUpload != nil:
		return []string{fmt.Sprintf("%s/%s has a pending upload", o.Namespace, o.Name)}
	}
	return nil
}

// unserved tells the targets that don't serve their holder's certificate, and statuses that
// name one that doesn't exist or isn't of the Secret.
func (w *world) unserved(holders map[target]*v1alpha1.ServerCertificate) []string {
	w.witness.drain()
	serves := w.witness.served()
	var odd []string
	for t, o := range holders {
		if serves[t] != o.Status.CertificateID {
			odd = append(odd, fmt.Sprintf("%v serves %q, want %q of %s/%s", t, serves[t], o.Status.CertificateID, o.Namespace, o.Name))
		}
	}
	return odd
}

// lost tells the live certificates with our tags that no status knows, and the statuses'
// that aren't live or are another's.
func (w *world) lost(objects []v1alpha1.ServerCertificate) []string {
	known, current := map[string]bool{}, map[string]*v1alpha1.ServerCertificate{}
	for i := range objects {
		o := &objects[i]
		known[o.Status.CertificateID] = true
		current[v1alpha1.ObjectTag(o.Namespace, o.Name)] = o
		for _, old := range o.Status.Superseded {
			known[old.CertificateID] = true
		}
	}
	var odd []string
	for _, id := range w.witness.ids() {
		if tags := w.witness.certificate(id).Tags; tags[v1alpha1.TagCluster] == w.witness.cluster && !known[id] {
			odd = append(odd, fmt.Sprintf("lost: %s of %s, digest %.8s", id, tags[v1alpha1.TagObject], tags[v1alpha1.TagDigest]))
		}
	}
	for _, s := range w.slots {
		o := current[s.tag()]
		if o == nil {
			continue
		}
		c := w.witness.certificate(o.Status.CertificateID)
		if c.ID == "" || c.Tags[v1alpha1.TagObject] != s.tag() || c.Digest != digest(s.secret.current()) {
			odd = append(odd, fmt.Sprintf("%s tells of %q, digest %.8s, want digest %.8s", s.tag(), o.Status.CertificateID, c.Digest, digest(s.secret.current())))
		}
	}
	return odd
}

// served is what each target serves.
func (w *witness) served() map[target]string {
	w.mu.Lock()
	defer w.mu.Unlock()
	serves := map[target]string{}
	for _, l := range w.listeners {
		serves[target{l.LoadBalancerID, l.Port, ""}] = l.ServerCertificateID
	}
	for _, e := range w.extensions {
		serves[target{e.LoadBalancerID, e.ListenerPort, strings.ToLower(e.Domain)}] = e.ServerCertificateID
	}
	return serves
}

// settle waits until all is in order, and that it stays so.
func (w *world) settle(ctx context.Context) {
	began := time.Now()
	short, cancel := context.WithTimeout(ctx, settling)
	defer cancel()
	err := w.restore(short)
	ticker := time.NewTicker(500 * time.Millisecond)
	defer ticker.Stop()
	odd := w.unsettled(short)
	for len(odd) > 0 && err == nil {
		select {
		case <-ticker.C:
			if now := w.unsettled(ctx); short.Err() == nil {
				odd = now
			}
		case <-short.Done():
			err = short.Err()
		}
	}
	w.trace.note("settled after %.1fs: %v", time.Since(began).Seconds(), err)
	w.trace.count("settled", int(time.Since(began).Seconds()+0.5))
	if err != nil {
		w.tell(odd, err)
		return
	}
	uploads := w.trace.of("uploads")
	wait(ctx, 7*time.Second) // more than the resync interval
	w.tell(w.unsettled(ctx), nil)
	if more := w.trace.of("uploads") - uploads; more > 0 {
		w.trace.violate("uploads beyond decisions", "%d after all was in order", more)
	}
}

// tell writes down what isn't in order at the end.
func (w *world) tell(odd []string, err error) {
	if err != nil && len(odd) == 0 {
		w.trace.violate("order", "%v", err)
	}
	for _, text := range odd {
		kind := "order"
		if strings.HasPrefix(text, "lost: ") {
			kind = "lost"
		}
		w.trace.violate(kind, "at the end, %v: %s", err, text)
	}
}
