package plan

import (
	"cmp"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
)

// Next decides what to do now: nil when nothing is, or when only time or somebody
// else helps. Read from top to bottom it is the whole story of an object.
func Next(s State) Step {
	switch {
	case s.Stopped:
		return nil
	case s.Deleting():
		return s.release()
	case s.Object.Spec.Suspend:
		return nil
	case s.lapsed():
		return Record{} // before anything that may take its time
	case s.sourceObstacle() != nil && s.Status.PendingUpload == nil:
		return s.withoutSource() // bad input costs no call
	case s.spare() != "":
		return s.retire(s.spare()) // a full quota: room first
	case s.heldBack():
		return nil
	default:
		return s.identified(s.sync)
	}
}

// withoutSource clears away bindings that were taken out: that needs no source.
func (s State) withoutSource() Step {
	if len(s.left()) == 0 || s.heldBack() {
		return nil
	}
	return s.identified(s.unbind)
}

// lapsed tells that the current certificate's time has come to an end, or hasn't begun,
// and the status doesn't say so yet.
func (s State) lapsed() bool {
	if !s.current() || s.Status.PendingUpload != nil {
		return false
	}
	obstacle := s.validity()
	recorded := meta.FindStatusCondition(s.Recorded.Conditions, v1alpha1.ConditionReady)
	return obstacle != nil && recorded != nil && recorded.Status == metav1.ConditionTrue
}

// identified goes on as the account that the object belongs to, and as no other.
func (s State) identified(next func() Step) Step {
	switch {
	case !s.Identified:
		return Identify{}
	case s.identityObstacle() != nil:
		return nil
	default:
		return next()
	}
}

// sync brings the cloud to what the source says.
func (s State) sync() Step {
	switch {
	case s.Intended:
		return s.upload()
	case s.Status.PendingUpload != nil:
		return s.settle()
	case s.sourceObstacle() != nil:
		return nil
	case s.asked() != "":
		return s.adoptAsked()
	case s.current():
		return s.keep()
	default:
		return s.obtain()
	}
}

// settle finds out what became of an upload whose outcome isn't recorded: it is
// adopted when a list shows it, and forgotten when two lists prove that nothing
// came of it.
func (s State) settle() Step {
	pending := s.Status.PendingUpload
	matches := func(c Certificate) bool {
		return c.Tags[v1alpha1.TagDigest] == pending.Digest && s.Ours(c)
	}
	if step := s.adopt(matches); step != nil {
		return step
	}
	if _, foreign := s.foreign(); foreign {
		if s.rejected() != nil {
			return nil
		}
		return Forget{Pending: true} // its outcome is known, and somebody asks to try again
	}
	proof := s.absent(s.Memory.PendingClosed, matches)
	if proof.proven {
		return Forget{Pending: true}
	}
	return s.lookAt(proof.next, s.pollInterval())
}

// obtain gets the wanted certificate into the status: one that is already in the
// cloud under this object's tags, else a new one.
func (s State) obtain() Step {
	if since := s.Now.Add(-s.Window); !s.looked(since) {
		return Look{Since: since}
	}
	if s.elsewhere() {
		return Wait{Until: s.Now.Add(max(s.Window, firstDelay))}
	}
	matches := func(c Certificate) bool {
		return c.Tags[v1alpha1.TagDigest] == s.Wanted.Digest && s.Ours(c)
	}
	if step := s.adopt(matches); step != nil {
		return step
	}
	if id := s.unseen(); id != "" {
		return s.giveUp(id)
	}
	if s.forgetful() {
		if proof := s.absent(s.leaving(), matches); !proof.proven {
			return s.lookAt(proof.next, 0)
		}
	}
	if !s.HasFinalizer {
		return AddFinalizer{}
	}
	return RecordIntent{Digest: s.Wanted.Digest}
}

// unseen is a superseded certificate that may be the wanted one, by its leaf, and that
// the newest list lacks: it may just be too new.
func (s State) unseen() string {
	for _, old := range s.Status.Superseded {
		if _, listed := s.find(old.CertificateID); listed {
			continue
		}
		unknown := old.Fingerprint == "" || s.Wanted.Fingerprint == ""
		if unknown || sameFingerprint(old.Fingerprint, s.Wanted.Fingerprint) {
			return old.CertificateID
		}
	}
	return ""
}

// forgetful tells that certificates of this object may be in the cloud that its
// status doesn't know: it was uploaded for once, and the status was wiped or replaced.
func (s State) forgetful() bool { return s.HasFinalizer && !s.Memory.Complete }

// leaving is until when the request of an upload may leave that is pending, or that a
// forgetful status doesn't tell of; zero where there is none.
func (s State) leaving() time.Time {
	switch {
	case s.Status.PendingUpload != nil:
		return s.Memory.PendingClosed
	case s.forgetful():
		return s.Memory.Since.Add(s.UploadTimeout)
	default:
		return time.Time{}
	}
}

// upload uploads what the recorded intent says.
func (s State) upload() Step {
	return Upload{
		Name:            s.certificateName(),
		ResourceGroupID: s.Object.Spec.ResourceGroupID,
		Tags:            s.wantedTags(),
		Deadline:        s.Memory.PendingClosed, // as recorded, on a clock that nobody sets
	}
}

// adopt takes over a certificate that matches, nil where there is none: of several the one
// that a listener serves, else the newest. The others are deleted as superseded.
func (s State) adopt(matches func(Certificate) bool) Step {
	found, ok := newest(s.newest(), matches)
	if !ok {
		return nil
	}
	others := func(c Certificate) bool { return matches(c) && c.ID != found.ID }
	if slices.ContainsFunc(s.newest(), others) {
		if wants := s.unseenBindings(); len(wants) > 0 {
			return Survey{Wants: wants}
		}
		served := s.servedIDs()
		if bound, ok := newest(s.newest(), func(c Certificate) bool { return matches(c) && served[c.ID] != "" }); ok {
			found = bound
		}
	}
	return Adopt{Certificate: found}
}

// newest returns the certificate that matches and was made last.
func newest(certificates []Certificate, matches func(Certificate) bool) (Certificate, bool) {
	var best Certificate
	found := false
	for _, c := range certificates {
		if matches(c) && (!found || newestFirst(c, best) < 0) {
			best, found = c, true
		}
	}
	return best, found
}

// newestFirst orders certificates by when they were made.
func newestFirst(a, b Certificate) int {
	return cmp.Or(b.CreateTime.Compare(a.CreateTime), cmp.Compare(b.ID, a.ID))
}
