package plan

import (
	"time"

	"github.com/clbcert/clbcert/api/v1alpha1"
)

// Memory is what one process remembers of an object from pass to pass. It makes
// work cheaper or later, never wrong: a new process begins with none.
type Memory struct {
	// FirstSeen is when this process first saw the object.
	FirstSeen time.Time
	// Blank says that this process recorded a status that knew of no certificate:
	// then none can be in the cloud that is just forgotten.
	Blank bool
	// Verified is when the list began that the recorded certificate was last
	// compared with, for Generation.
	Verified   time.Time
	Generation int64
	// Amended is when the certificates were last changed: older lists don't show it.
	Amended time.Time
	// PendingStart names the pending upload that PendingClosed speaks of: the time
	// after which no request of it can be under way.
	PendingStart, PendingClosed time.Time
	// Failures counts the failures in a row, Failed is the last, RetryAt the time
	// before which the cloud isn't called again for Inputs.
	Failures int
	Failed   *Obstacle
	RetryAt  time.Time
	Inputs   string
	// TidyFailures and TidyAt are the same for the clean-up of superseded certificates.
	TidyFailures int
	TidyAt       time.Time
}

// Observe is what a pass over an object begins with, from what earlier ones left. Of a
// pending upload that this process doesn't know, it notes until when a request of it
// may leave another replica: by this one's own clock, from now on.
func (m Memory) Observe(object *v1alpha1.ServerCertificate, now time.Time) Memory {
	if m.FirstSeen.IsZero() {
		m.FirstSeen = now
	}
	if pending := object.Status.PendingUpload; pending != nil && !pending.StartTime.Time.Equal(m.PendingStart) {
		m.PendingStart = pending.StartTime.Time
		m.PendingClosed = now.Add(pending.Deadline.Sub(pending.StartTime.Time))
	}
	return m
}
