package plan_test

import (
	"encoding/json"
	"errors"
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/clbcert/clbcert/api/v1alpha1"
)

var (
	errConflict = errors.New("conflict")
	errNotFound = errors.New("not found")
	errLost     = errors.New("the answer was lost")
)

// latest is the object as the modelled API server has it; nil where there is none.
func (w *world) latest(name string) *v1alpha1.ServerCertificate {
	versions := w.objects[name]
	if len(versions) == 0 {
		return nil
	}
	return versions[len(versions)-1]
}

// create makes an object anew.
func (w *world) create(name string) {
	limit := int32(w.rng.IntN(3))
	object := &v1alpha1.ServerCertificate{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, Generation: 1}}
	object.UID = types.UID(strconv.Itoa(w.version + 1))
	object.Spec.RevisionHistoryLimit = &limit
	object.CreationTimestamp = metav1.NewTime(w.now.Truncate(time.Second))
	if w.coin() {
		w.rebind(object)
	}
	w.store(name, object)
}

// store appends a version of an object, and tells all replicas but the writer.
func (w *world) store(name string, object *v1alpha1.ServerCertificate) {
	w.version++
	if object != nil {
		object.ResourceVersion = strconv.Itoa(w.version)
		if !object.DeletionTimestamp.IsZero() && len(object.Finalizers) == 0 {
			object = nil
		}
	}
	w.objects[name] = append(w.objects[name], object)
	for _, r := range w.replicas {
		r.due[name] = w.now
	}
}

// change changes the object by hand, whatever its version.
func (w *world) byHand(name string, change func(*v1alpha1.ServerCertificate)) {
	object := w.latest(name).DeepCopy()
	change(object)
	w.store(name, object)
}

// write is a replica's write, of exactly the version that it read. Faults lose it, or
// its answer.
func (r *replica) write(name string, read *v1alpha1.ServerCertificate, change func(*v1alpha1.ServerCertificate)) (*v1alpha1.ServerCertificate, error) {
	w := r.world
	live := w.latest(name)
	switch {
	case live == nil:
		return nil, errNotFound
	case live.UID != read.UID || live.ResourceVersion != read.ResourceVersion:
		return nil, errConflict
	case !w.quiet && w.chance(20):
		return nil, errLost
	}
	object := live.DeepCopy()
	change(object)
	w.store(name, object)
	if !w.quiet && w.chance(20) {
		return nil, errLost
	}
	w.writes++
	delete(r.due, name) // its own echo is no news
	if known := r.memories[name]; known != nil {
		known.written = w.version
	}
	return object.DeepCopy(), nil
}

// asStored is a status as it comes back from the API server: times in seconds.
func asStored(status v1alpha1.ServerCertificateStatus) v1alpha1.ServerCertificateStatus {
	var stored v1alpha1.ServerCertificateStatus
	text, err := json.Marshal(status)
	if err == nil {
		err = json.Unmarshal(text, &stored)
	}
	if err != nil {
		return v1alpha1.ServerCertificateStatus{}
	}
	return stored
}

// people do something to objects, Secrets or certificates.
func (w *world) people() {
	name := w.anyName()
	object := w.latest(name)
	switch {
	case object == nil:
		if w.now.Sub(w.left[name]) > 4*window { // lists show what was left
			w.note("somebody creates %s", name)
			w.create(name)
		}
		return
	case w.chance(3):
		w.note("the Secret of %s is renewed or rolled back", name)
		w.setSecret(name, w.rng.IntN(4))
		return
	case w.chance(3):
		w.meddle(name)
		return
	}
	w.byHand(name, func(o *v1alpha1.ServerCertificate) {
		switch w.rng.IntN(12) {
		case 10:
			w.rebind(o)
		case 11:
			w.drift()
		case 9:
			o.Spec.Suspend = !o.Spec.Suspend
			w.note("%s is suspended: %v", name, o.Spec.Suspend)
		case 8:
			w.note("%s is to be retained, or abandoned", name)
			if w.coin() {
				o.Spec.DeletionPolicy = v1alpha1.DeletionPolicyRetain
			} else {
				o.Annotations = map[string]string{v1alpha1.AnnotationAbandon: "true"}
			}
		case 7:
			w.missing[name] = !w.missing[name]
			w.note("the Secret of %s is missing: %v", name, w.missing[name])
		case 6:
			w.restore(name, o)
		case 0:
			w.note("the status of %s is wiped", name)
			w.wiped[name] = w.now
			o.Status = v1alpha1.ServerCertificateStatus{}
		case 1:
			w.note("%s is deleted", name)
			if o.DeletionTimestamp.IsZero() {
				at := metav1.NewTime(w.now)
				o.DeletionTimestamp = &at
			}
		case 2:
			w.note("%s gets other tags", name)
			o.Generation++
			o.Spec.Tags = map[string]v1alpha1.TagValue{"team": v1alpha1.TagValue(strconv.Itoa(w.rng.IntN(3)))}
		case 3:
			w.note("%s gets another name", name)
			o.Generation++
			o.Spec.CertificateName = "name-" + strconv.Itoa(w.rng.IntN(3))
		case 4:
			w.note("%s keeps another number of superseded certificates", name)
			o.Generation++
			limit := int32(w.rng.IntN(3))
			o.Spec.RevisionHistoryLimit = &limit
		case 5:
			w.note("a sync of %s is asked for", name)
			o.Annotations = map[string]string{v1alpha1.AnnotationSyncRequestedAt: strconv.Itoa(w.version)}
		}
	})
}

// restore gives an object an earlier status. Only who wrote the one after can tell that
// from the true one; and one that names a certificate which has lost its tags since would
// be one accident too many.
func (w *world) restore(name string, o *v1alpha1.ServerCertificate) {
	old := w.objects[name][w.rng.IntN(len(w.objects[name]))]
	known := w.replicas[0].memories[name]
	if old == nil || old.UID != o.UID || len(w.replicas) > 1 || known == nil || known.uid != o.UID {
		return
	}
	current := w.find(old.Status.CertificateID)
	if current == nil || current.Tags[v1alpha1.TagObject] == current.owner {
		w.note("the status of %s is restored to %s", name, brief(old.Status))
		w.wiped[name], w.restored = w.now, w.now
		o.Status = *old.Status.DeepCopy()
	}
}

// setSecret changes the content of an object's Secret. A status that was wiped has to be
// restored first: what is forgotten, replaced and wanted again within one window is
// beyond what is promised.
func (w *world) setSecret(name string, content int) {
	if w.now.Sub(w.wiped[name]) < 4*window {
		return
	}
	w.secrets[name] = content
	for _, r := range w.replicas {
		r.due[name] = w.now
	}
}

// meddle changes the cloud by hand.
func (w *world) meddle(name string) {
	current := w.find(w.latest(name).Status.CertificateID)
	if current == nil {
		return
	}
	if w.chance(2) {
		w.note("somebody deletes %s", current.ID)
		w.point(current.ID)
		w.remove(current)
		return
	}
	for _, key := range []string{v1alpha1.TagDigest, v1alpha1.TagObject} {
		if w.coin() {
			w.note("%s loses its tag %s", current.ID, key)
			delete(current.Tags, key)
		}
	}
}

// anyName is the name of one of the objects.
func (w *world) anyName() string { return []string{"web", "api"}[w.rng.IntN(2)] }

// upTo is a random while.
func (w *world) upTo(most time.Duration) time.Duration {
	return time.Duration(w.rng.Int64N(int64(most)))
}

// chance is true once in n.
func (w *world) chance(n int) bool { return w.rng.IntN(n) == 0 }

func (w *world) coin() bool { return w.chance(2) }
