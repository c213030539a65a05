package plan

import (
	"slices"
	"time"

	"github.com/clbcert/clbcert/api/v1alpha1"
)

// superseded returns the IDs of the status's superseded certificates, newest first.
func (s State) superseded() []string {
	ids := make([]string, 0, len(s.Status.Superseded))
	for _, c := range s.Status.Superseded {
		ids = append(ids, c.CertificateID)
	}
	return ids
}

// claim takes certificates under this object's tags that the status doesn't know among
// the superseded ones, as far as there is room, newest first: nothing of the object may
// be in the cloud without being known.
func (s State) claim(at time.Time) State {
	var found []Certificate
	for _, c := range s.newest() {
		wanted := s.Wanted != nil && c.Tags[v1alpha1.TagDigest] == s.Wanted.Digest && !s.current()
		pending := s.Status.PendingUpload != nil && c.Tags[v1alpha1.TagDigest] == s.Status.PendingUpload.Digest
		if !s.knows(c.ID) && s.Ours(c) && !wanted && !pending {
			found = append(found, c)
		}
	}
	slices.SortFunc(found, newestFirst)
	room := max(v1alpha1.MaxSuperseded-len(s.Status.Superseded), 0)
	list := slices.Clone(s.Status.Superseded)
	for _, c := range found[:min(len(found), room)] {
		list = append(list, superseded(c, at))
	}
	s.Status.Superseded = list
	return s
}

// superseded is the status's entry for a certificate that was found in the cloud.
func superseded(c Certificate, at time.Time) v1alpha1.SupersededCertificate {
	return v1alpha1.SupersededCertificate{
		CertificateID: c.ID, Fingerprint: c.Fingerprint, NotAfter: ptrTime(c.ExpireTime),
		SupersededTime: ptrTime(at), Reason: v1alpha1.ReasonRetained,
	}
}

// supersede puts an entry in front of the superseded ones, which stay within their limit.
func (s State) supersede(entry v1alpha1.SupersededCertificate) State {
	list := append([]v1alpha1.SupersededCertificate{entry}, s.Status.Superseded...)
	s.Status.Superseded = list[:min(len(list), v1alpha1.MaxSuperseded)]
	return s
}

// drop takes a certificate out of the superseded ones.
func (s State) drop(id string) State {
	s.Status.Superseded = slices.DeleteFunc(slices.Clone(s.Status.Superseded),
		func(c v1alpha1.SupersededCertificate) bool { return c.CertificateID == id })
	return s
}

// trouble notes why a superseded certificate couldn't be deleted.
func (s State) trouble(id string, reason v1alpha1.Reason, message string) State {
	list := slices.Clone(s.Status.Superseded)
	for i := range list {
		if list[i].CertificateID == id {
			list[i].Reason, list[i].Message = reason, steady(list[i].Message, message)
		}
	}
	s.Status.Superseded = list
	return s
}

// troubled tells that an earlier attempt to delete the certificate was refused.
func troubled(c v1alpha1.SupersededCertificate) bool {
	return c.Reason != v1alpha1.ReasonRetained && c.Reason != v1alpha1.ReasonDeleting
}
