package plan_test

import (
	"fmt"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/plan"
)

// check holds the world against what is promised at any time.
func (w *world) check() {
	count := map[string]int{}
	for _, c := range w.cloud {
		if c.live(w.now) && c.owner != "" && c.Tags[v1alpha1.TagObject] == c.owner {
			key := c.owner + " " + c.Tags[v1alpha1.TagDigest]
			if count[key]++; count[key] > 1 && c.Tags[v1alpha1.TagDigest] != "" {
				w.fail("two live certificates of %s", key)
			}
		}
	}
}

// checkSummary makes sure that a second pass over the same state writes nothing.
func (w *world) checkSummary(s plan.State, first plan.Outlook) {
	s.Status, s.Recorded = asStored(first.Status), asStored(first.Status)
	second := plan.Summary(s)
	if !equality.Semantic.DeepEqual(second.Status, s.Recorded) {
		w.fail("a second summary differs:\n%v\n%v", brief(s.Recorded), brief(second.Status))
	}
	if first.Wake.Before(s.Now) || first.Wake.After(s.Now.Add(resync)) {
		w.fail("comes back at %v, now is %v", first.Wake, s.Now)
	}
}

// checkEnd holds the world against what is promised once faults have stopped.
func (w *world) checkEnd() {
	known := map[string]bool{}
	for name := range w.objects {
		object := w.latest(name)
		switch {
		case object == nil:
		case !object.DeletionTimestamp.IsZero():
			w.fail("%s is still there", name)
		case !meta.IsStatusConditionTrue(object.Status.Conditions, v1alpha1.ConditionReady) && !w.conflicts(object):
			w.fail("%s isn't Ready: %s", name, brief(object.Status))
		case w.find(object.Status.CertificateID) == nil:
			w.fail("%s has the dead certificate %s", name, object.Status.CertificateID)
		case w.find(object.Status.CertificateID).Tags[v1alpha1.TagDigest] != digestOf(w.secrets[name]):
			w.fail("%s has a certificate of another digest", name)
		case w.unused(object) > int(*object.Spec.RevisionHistoryLimit):
			w.fail("%s keeps too many superseded certificates: %s", name, brief(object.Status))
		default:
			known[object.Status.CertificateID] = true
			for _, c := range object.Status.Superseded {
				known[c.CertificateID] = true
			}
		}
	}
	for _, c := range w.cloud {
		if c.live(w.now) && c.owner != "" && c.Tags[v1alpha1.TagObject] == c.owner && !known[c.ID] && !w.leftBehind(c.owner) {
			w.fail("nobody knows %s of %s any more", c.ID, c.owner)
		}
	}
}

// unused counts the superseded certificates that no listener serves.
func (w *world) unused(object *v1alpha1.ServerCertificate) int {
	count := 0
	for _, c := range object.Status.Superseded {
		if byDefault, byDomain := w.serving(c.CertificateID); !byDefault && !byDomain {
			count++
		}
	}
	return count
}

// checkRelease makes sure that an object goes only when no upload of it is out, unless it
// is abandoned.
func (w *world) checkRelease(object *v1alpha1.ServerCertificate) {
	abandoned := object.Annotations[v1alpha1.AnnotationAbandon] != ""
	if abandoned || object.Spec.DeletionPolicy == v1alpha1.DeletionPolicyRetain {
		w.left[object.Name] = w.now
	}
	for _, c := range w.cloud {
		if c.owner == v1alpha1.ObjectTag(object.Namespace, object.Name) && c.born.After(w.now) && !abandoned {
			w.fail("%s goes while an upload of it is out", object.Name)
		}
	}
}

// leftBehind tells whether the object is gone and left its certificates.
func (w *world) leftBehind(owner string) bool {
	for name, at := range w.left {
		if v1alpha1.ObjectTag("shop", name) == owner {
			return !at.IsZero() && w.latest(name) == nil
		}
	}
	return false
}

// brief is a status in one line.
func brief(s v1alpha1.ServerCertificateStatus) string {
	text := "current=" + s.CertificateID
	if s.PendingUpload != nil {
		text += " pending=" + s.PendingUpload.Digest[:4]
	}
	for _, c := range s.Superseded {
		text += fmt.Sprintf(" superseded=%s(%s)", c.CertificateID, c.Reason)
	}
	if ready := meta.FindStatusCondition(s.Conditions, v1alpha1.ConditionReady); ready != nil {
		text += fmt.Sprintf(" Ready=%s %s: %s", ready.Status, ready.Reason, ready.Message)
	}
	return text
}
