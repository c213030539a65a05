package plan

import (
	"slices"

	"github.com/clbcert/clbcert/api/v1alpha1"
)

// release lets a Terminating object go, once nothing of it is left in the cloud
// that has to go first. The object goes only when no upload of it is out.
func (s State) release() Step {
	switch {
	case !s.HasFinalizer:
		return nil
	case s.Object.Annotations[v1alpha1.AnnotationAbandon] == "true":
		return RemoveFinalizer{}
	case s.retains():
		// A request that has left takes a while to take effect.
		if done := s.leaving().Add(s.Window); s.Now.Before(done) {
			return Wait{Until: done}
		}
		return RemoveFinalizer{}
	case s.untouched():
		return RemoveFinalizer{}
	case s.heldBack() && len(s.Tried) == 0: // one in use doesn't keep the others
		return nil
	default:
		return s.identified(s.clear)
	}
}

// retains tells that the cloud is to be left as it is.
func (s State) retains() bool {
	return s.Object.Spec.DeletionPolicy == v1alpha1.DeletionPolicyRetain
}

// untouched tells that nothing was ever uploaded for the object: by this process,
// or, in a dry run, as far as the status knows.
func (s State) untouched() bool {
	return !knowing(s.Recorded) && (s.Memory.Complete || s.DryRun)
}

// clear deletes all certificates of the object, then lets it go. What comes of an upload
// is deleted, too; what looks like it may be another that is dead already, and so only
// its absence lets the object go.
func (s State) clear() Step {
	if since := s.Now.Add(-s.Window); !s.looked(since) {
		return Look{Since: since}
	}
	if step := s.unbind(); step != nil {
		return step
	}
	if step := s.clearNext(); step != nil {
		return step
	}
	for _, id := range append(s.superseded(), s.Status.CertificateID) {
		if step := s.confirmGone(id); step != nil {
			return step
		}
	}
	if s.knowsAny() || len(s.Tried) > 0 {
		return nil
	}
	if leaving := s.leaving(); !leaving.IsZero() {
		if proof := s.absent(leaving, s.Ours); !proof.proven {
			return s.lookAt(proof.next, 0)
		}
	}
	return RemoveFinalizer{}
}

// clearNext deletes the next certificate that is there; nil where none is left to try.
func (s State) clearNext() Step {
	if s.Locating != nil {
		return *s.Locating
	}
	for _, c := range s.newest() {
		switch {
		case !s.Ours(c) || slices.Contains(s.Tried, c.ID):
		case len(c.NamedBy) > 0:
			return Spare{ID: c.ID, Where: c.named()}
		default:
			return s.surely(Delete{ID: c.ID})
		}
	}
	return nil
}

// confirmGone returns the next step for a certificate that the status names and
// that isn't there to be deleted.
func (s State) confirmGone(id string) Step {
	if id == "" || slices.Contains(s.Tried, id) {
		return nil
	}
	if _, listed := s.find(id); listed {
		return Forget{ID: id} // without our tags: not ours to delete
	}
	return s.giveUp(id)
}

// knowsAny tells whether the status still names a certificate.
func (s State) knowsAny() bool {
	return s.Status.CertificateID != "" || len(s.Status.Superseded) > 0
}
