package plan

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/clbcert/clbcert/api/v1alpha1"
)

// Memory is what one process remembers of an object from pass to pass. It makes
// work cheaper or later, never wrong: a new process begins with none.
type Memory struct {
	// Standing stands for the status as this process last read or wrote it, and Since
	// is when it first did: nobody else has written it meanwhile. What was in the
	// cloud by then is in lists that begin a window later.
	Standing string
	Since    time.Time
	// Complete says that the status tells of all that is in the cloud: this process saw
	// to that, or has no reason to doubt it.
	Complete bool
	// Verified is when the list began that the recorded certificate was last
	// compared with, for Generation.
	Verified   time.Time
	Generation int64
	// VerifyAt is when it is due to be compared again before its turn, with no older
	// list: after a change of it, or when no list can show it any more that was deleted
	// before it was adopted.
	VerifyAt time.Time
	// PendingStart names the pending upload that PendingClosed speaks of: the time
	// after which no request of it leaves any more. One that has left takes effect, and
	// is in lists, within a window.
	PendingStart, PendingClosed time.Time
	// Failures counts the failures in a row of one kind of step, FailedStep. Failed is
	// the last, RetryAt the time before which the cloud isn't called again for Inputs.
	Failures   int
	FailedStep string
	Failed     *Obstacle
	RetryAt    time.Time
	Inputs     string
	// Rejected says why the pending upload isn't to be repeated for the inputs RejectedFor.
	Rejected    *Obstacle
	RejectedFor string
	// Attempts are what came of the last tries to have bindings served, by Want.Key.
	Attempts map[string]Attempt
	// Refused is a certificate that the service said isn't there, when it was to be bound;
	// lists that show it all the same lag.
	// Disowned is its digest: that is believed once, for else a refusal with another cause
	// would upload without end.
	Refused, Disowned string
	RefusedAt         time.Time
	// TidyFailures and TidyAt are the same for the clean-up of superseded certificates.
	TidyFailures int
	TidyAt       time.Time
	// Users say who uses a certificate whose deletion was refused, by its ID, as was found
	// out last.
	Users map[string]string
}

// Observe is what a pass over an object begins with, from what earlier ones left. Of a
// pending upload that this process doesn't know, it notes until when a request of it
// may leave another replica: by this one's own clock, from now on.
// A status that somebody else wrote may be a wiped or an old one, and so may an empty one.
func (m Memory) Observe(object *v1alpha1.ServerCertificate, now time.Time) Memory {
	if standing := standingOf(object); m.Standing != standing {
		m.Complete = m.Standing == "" && knowing(object.Status)
		m.Standing, m.Since = standing, now
	}
	if pending := object.Status.PendingUpload; pending != nil && !pending.StartTime.Time.Equal(m.PendingStart) {
		m.PendingStart = pending.StartTime.Time
		m.PendingClosed = now.Add(pending.Deadline.Sub(pending.StartTime.Time))
	}
	return m
}

// Wrote notes the object as this process wrote it.
func (m Memory) Wrote(object *v1alpha1.ServerCertificate) Memory {
	m.Standing = standingOf(object)
	return m
}

// knowing tells whether a status tells of anything in the cloud.
func knowing(status v1alpha1.ServerCertificateStatus) bool {
	return status.CertificateID != "" || status.PendingUpload != nil || len(status.Superseded) > 0
}

// standingOf tells one writing of the status from another: by the certificates that it
// knows, and by when and why Ready last turned. Without that they are all alike, and the
// object's version tells them.
func standingOf(object *v1alpha1.ServerCertificate) string {
	status := object.Status
	ready := meta.FindStatusCondition(status.Conditions, v1alpha1.ConditionReady)
	if ready == nil {
		return object.ResourceVersion
	}
	ids := []string{status.CertificateID}
	for _, c := range status.Superseded {
		ids = append(ids, c.CertificateID)
	}
	var pending int64
	if status.PendingUpload != nil {
		pending = status.PendingUpload.StartTime.UnixMicro()
	}
	return fmt.Sprint(ids, pending, ready.LastTransitionTime.Unix(), ready.Reason)
}
