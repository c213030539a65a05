package plan

import (
	"slices"
	"strings"
	"time"

	"github.com/clbcert/clbcert/api/v1alpha1"
)

// tidy deletes what the current certificate superseded, beyond what is to be kept, by a list
// that began at since or later.
func (s State) tidy(since time.Time) Step {
	if s.Locating != nil {
		return *s.Locating
	}
	if len(s.Lists) == 0 && len(s.surplus()) > 0 {
		return Look{Since: since}
	}
	for _, id := range s.surplus() {
		if step := s.retire(id); step != nil {
			return step
		}
	}
	return nil
}

// surplus are the IDs of superseded certificates that are to go now: those beyond
// revisionHistoryLimit, any of the current one's digest, and what isn't there any more, which
// takes no other's place.
func (s State) surplus() []string {
	limit := 1
	if s.Object.Spec.RevisionHistoryLimit != nil {
		limit = int(*s.Object.Spec.RevisionHistoryLimit)
	}
	var surplus []string
	kept := 0
	for _, old := range s.Status.Superseded {
		c, listed := s.find(old.CertificateID)
		double := listed && c.Tags[v1alpha1.TagDigest] == s.Status.Digest
		missing := !listed && len(s.Lists) > 0
		if !double && !missing && kept < limit {
			kept++
			continue
		}
		if !slices.Contains(s.Tried, old.CertificateID) && (s.TidyDue || s.SyncRequest() != "" || !troubled(old)) {
			surplus = append(surplus, old.CertificateID)
		}
	}
	return surplus
}

// spare is the oldest superseded certificate where the quota is full, to make room: what
// is wanted goes before a way back. "" where there is none, or room.
func (s State) spare() string {
	ids := s.superseded()
	for i := len(ids) - 1; i >= 0 && s.Crowded; i-- {
		if !slices.Contains(s.Tried, ids[i]) {
			return ids[i]
		}
	}
	return ""
}

// retire returns the next step towards a certificate's deletion.
func (s State) retire(id string) Step {
	certificate, listed := s.find(id)
	served := s.servedIDs()[id]
	switch {
	case !listed:
		return s.giveUp(id)
	case served != "":
		return Spare{ID: id, Where: served + " still serves it"}
	case len(certificate.NamedBy) > 0:
		return Spare{ID: id, Where: certificate.named()}
	case !s.Ours(certificate):
		return Forget{ID: id} // it lost its tags: nothing tells any more that it is ours to delete
	case id == s.Recorded.CertificateID:
		return Record{} // a crash after the deletion must not leave the dead ID as the current one
	default:
		return s.surely(Delete{ID: id})
	}
}

// named says which Services' annotations name the certificate: it is theirs to keep.
func (c Certificate) named() string {
	return "the annotations of Service " + strings.Join(c.NamedBy, ", ") + " name it"
}
