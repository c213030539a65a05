package plan

import (
	"slices"
	"time"
)

// wake is when the object is due again without anybody's doing: at the time that
// the plan waits for, when a failure may be over, when what was changed or adopted is
// to be looked at, when the certificate becomes valid or expires, and at the next resync
// at the latest.
func (s State) wake() time.Time {
	due := []time.Time{s.Until}
	if !s.Object.Spec.Suspend || s.Deleting() {
		due = append(due, s.turns(), s.Memory.RetryAt, s.Memory.VerifyAt)
		if s.awaitsTidying() {
			due = append(due, s.Memory.TidyAt)
		}
	}
	next := s.Now.Add(s.spread(s.Resync))
	for _, t := range due {
		if t.After(s.Now) && t.Before(next) {
			next = t
		}
	}
	return next
}

// turns is when the wanted certificate becomes valid, or expires.
func (s State) turns() time.Time {
	notBefore, notAfter := s.lifetime()
	if s.Now.Before(notBefore) {
		return notBefore
	}
	return notAfter
}

// awaitsTidying tells that the deletion of a superseded certificate was refused, and
// is to be tried again.
func (s State) awaitsTidying() bool { return slices.ContainsFunc(s.Status.Superseded, troubled) }
