package plan

import (
	"maps"
	"slices"
	"strings"
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
// be in the cloud without being known. A status that may lack more than lists show by now
// stays as empty as it is: whoever comes after a crash must not take it for complete.
func (s State) claim(at time.Time) State {
	if s.forgetful() && !s.current() {
		return s
	}
	var found []Certificate
	for _, c := range s.newest() {
		wanted := s.Wanted != nil && c.Tags[v1alpha1.TagDigest] == s.Wanted.Digest && !s.current()
		pending := s.Status.PendingUpload != nil && c.Tags[v1alpha1.TagDigest] == s.Status.PendingUpload.Digest
		if !s.Knows(c.ID) && s.Ours(c) && !wanted && !pending {
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

// unusable notes why a certificate couldn't be deleted, and when to try again. Of a
// Terminating object it is what all waits for.
func (s State) unusable(id string, reason v1alpha1.Reason, message string, retry time.Time) State {
	s.Tried = append(slices.Clone(s.Tried), id)
	s = s.trouble(id, reason, message)
	s.Memory.TidyAt = retry
	s.Memory.TidyFailures++
	if !s.Deleting() {
		return s
	}
	if reason == v1alpha1.ReasonInUse {
		message += "; take the binding out first, or point the listener elsewhere"
	}
	s.Trouble = &Obstacle{Reason: reason, Message: message}
	return s.backOff(s.Trouble, retry)
}

// afterLocating completes the message of a certificate that is in use with where. That it
// can't be told is no failure.
func (s State) afterLocating(step Locate, o Outcome) State {
	s.Locating = nil
	if len(o.Users) == 0 {
		return s
	}
	known := s.Memory.Users[step.ID]
	where := "; it is used by " + strings.Join(o.Users, ", ")
	s.Memory.Users = maps.Clone(s.Memory.Users)
	if s.Memory.Users == nil {
		s.Memory.Users = map[string]string{}
	}
	s.Memory.Users[step.ID] = where
	for _, old := range s.Status.Superseded {
		if old.CertificateID == step.ID {
			s = s.trouble(step.ID, old.Reason, s.with(strings.TrimSuffix(old.Message, known), where))
		}
	}
	if s.Trouble != nil && s.Deleting() {
		told := *s.Trouble
		told.Message = s.with(strings.Replace(told.Message, known, "", 1), where)
		s.Trouble, s.Memory.Failed = &told, &told
	}
	return s
}

// with is a message with who uses a certificate at its end, whatever has to go for it.
func (s State) with(message, where string) string {
	return cut(message, v1alpha1.MaxMessage-len(where)-len(wayOut)) + where
}

// trouble notes why a superseded certificate couldn't be deleted.
func (s State) trouble(id string, reason v1alpha1.Reason, message string) State {
	for _, old := range s.Recorded.Superseded {
		if old.CertificateID == id {
			message = steady(old.Message, message)
		}
	}
	list := slices.Clone(s.Status.Superseded)
	for i := range list {
		if list[i].CertificateID == id {
			list[i].Reason, list[i].Message = reason, message
		}
	}
	s.Status.Superseded = list
	return s
}

// troubled tells that an earlier attempt to delete the certificate was refused.
func troubled(c v1alpha1.SupersededCertificate) bool {
	return c.Reason != v1alpha1.ReasonRetained && c.Reason != v1alpha1.ReasonDeleting
}
