package plan

import (
	"fmt"
	"time"

	"github.com/clbcert/clbcert/api/v1alpha1"
)

// Step is one thing to do next. Its text says what it does, as a dry run tells it.
type Step interface {
	fmt.Stringer
	// Writes tells whether the step changes the cloud, or prepares to: a dry run
	// stops there.
	Writes() bool
}

// reads and writes mark the steps, for Writes.
type (
	reads  struct{}
	writes struct{}
)

// Writes is false for a step that leaves the cloud as it is.
func (reads) Writes() bool { return false }

// Writes is true for a step that changes the cloud, or prepares to.
func (writes) Writes() bool { return true }

// The steps, each with one effect at most.
type (
	// Identify finds the account that the credentials belong to.
	Identify struct{ reads }
	// Look lists the region's certificates: a list that began at Since or later.
	Look struct {
		reads
		Since time.Time
	}
	// Wait ends the pass until a time at which the next step can be told.
	Wait struct {
		reads
		Until time.Time
	}
	// AddFinalizer and RemoveFinalizer hold the object and let it go.
	AddFinalizer    struct{ writes }
	RemoveFinalizer struct{ reads }
	// RecordIntent writes down what is about to be uploaded, so that whoever comes
	// after a crash looks for it.
	RecordIntent struct {
		writes
		Digest string
	}
	// Upload uploads the wanted certificate, which must be the intent's.
	Upload struct {
		writes
		Name, ResourceGroupID string
		Tags                  []Tag
		Deadline              time.Time
	}
	// Adopt takes a certificate of this object that is already in the cloud.
	Adopt struct {
		reads
		Certificate Certificate
	}
	// Forget drops what the status says of a certificate, or of an upload, that isn't
	// in the cloud.
	Forget struct {
		reads
		ID      string
		Pending bool
	}
	// Rename, PutTags, RemoveTags and MoveGroup change the certificate in place.
	Rename struct {
		writes
		ID, Name string
	}
	PutTags struct {
		writes
		ID   string
		Tags []Tag
	}
	RemoveTags struct {
		writes
		ID   string
		Keys []string
	}
	MoveGroup struct {
		writes
		ID, ResourceGroupID string
	}
	// Record writes the status down before something that relies on it.
	Record struct{ reads }
	// Confirm makes sure that the object as read is no stale copy: what it says of
	// certificates is about to be acted on, and the cloud keeps no copy of what is deleted.
	Confirm struct{ reads }
	// Delete deletes a certificate of this object from the cloud.
	Delete struct {
		writes
		ID string
	}
)

// Tag is one tag of a certificate.
type Tag struct{ Key, Value string }

func (Identify) String() string        { return "find the account of the credentials" }
func (Look) String() string            { return "list the region's certificates" }
func (s Wait) String() string          { return "wait until " + stamp(s.Until) }
func (AddFinalizer) String() string    { return "upload the certificate" }
func (RemoveFinalizer) String() string { return "remove the finalizer " + v1alpha1.Finalizer }
func (s RecordIntent) String() string  { return "upload the certificate with digest " + s.Digest }
func (s Upload) String() string        { return "upload the certificate as " + s.Name }
func (s Adopt) String() string         { return "adopt certificate " + s.Certificate.ID }
func (s Forget) String() string        { return "forget certificate " + s.ID }
func (s Rename) String() string        { return "rename certificate " + s.ID + " to " + s.Name }
func (s PutTags) String() string       { return fmt.Sprintf("tag certificate %s with %v", s.ID, s.Tags) }
func (s RemoveTags) String() string    { return fmt.Sprintf("untag certificate %s: %v", s.ID, s.Keys) }
func (s MoveGroup) String() string {
	return "move certificate " + s.ID + " to resource group " + s.ResourceGroupID
}
func (Record) String() string   { return "record the status" }
func (Confirm) String() string  { return "read the object anew" }
func (s Delete) String() string { return "delete certificate " + s.ID }
