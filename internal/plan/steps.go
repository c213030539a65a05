package plan

import (
	"fmt"
	"time"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/ccm"
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
	// Spare leaves a certificate that is in use, as is known without asking.
	Spare struct {
		reads
		ID, Where string
	}
	// Locate finds out who uses a certificate whose deletion was refused for that.
	Locate struct {
		reads
		ID string
		// Extensions says that it is domain extensions that use it.
		Extensions bool
	}
)

// The steps that have the certificate served.
type (
	// Survey looks at the targets of bindings.
	Survey struct {
		reads
		Wants []Want
	}
	// ClaimExtension writes down that what is about to be made for a binding is its own.
	ClaimExtension struct {
		writes
		Key, Place string
	}
	// SetCertificate sets a listener's default certificate, SetExtension that of one of its
	// domain extensions. Was is what was there.
	SetCertificate struct {
		writes
		Spot
		CertificateID, Was string
	}
	SetExtension struct {
		writes
		Spot
		ExtensionID, CertificateID, Was string
	}
	// CreateExtension gives a listener a certificate for one more domain, DeleteExtension
	// takes it away.
	CreateExtension struct {
		writes
		Spot
		CertificateID string
	}
	DeleteExtension struct {
		writes
		Spot
		ExtensionID string
	}
	// Annotate sets an annotation of exactly the Service as seen, or takes it away.
	Annotate struct {
		writes
		Key                    string
		Service                ccm.Service
		Annotation, Value, Was string
	}
	// Leave forgets a binding that was taken out of the spec.
	Leave struct {
		reads
		Key, Why string
		// To is the binding that what was made for it goes over to, "" for none.
		To string
	}
)

// Want asks for a look at a binding that isn't older than Since.
type Want struct {
	binding
	Since time.Time
}

// Key is what the look's Sight is known by.
func (w Want) Key() string { return w.key() }

// Ports are those of the listeners that the binding is about.
func (w Want) Ports(service *ccm.Service) []int32 { return w.ports(Sight{Service: service}) }

// Domain is what the binding is about, "" for a default certificate.
func (w Want) Domain() string { return w.domain() }

func (s Spot) key() string           { return s.Key }
func (s ClaimExtension) key() string { return s.Key }
func (s Annotate) key() string       { return s.Key }
func (s Leave) key() string          { return s.Key }

// String names a listener, and the domain.
func (s Spot) String() string {
	text := fmt.Sprintf("listener %s:%d", s.LoadBalancerID, s.Port)
	if s.Domain != "" {
		text += ", domain " + s.Domain
	}
	return text
}

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
func (Record) String() string           { return "record the status" }
func (Confirm) String() string          { return "read the object anew" }
func (s Delete) String() string         { return "delete certificate " + s.ID }
func (s Spare) String() string          { return "leave certificate " + s.ID + ": " + s.Where }
func (s Locate) String() string         { return "find out who uses certificate " + s.ID }
func (Survey) String() string           { return "look at the bindings' listeners and Services" }
func (s ClaimExtension) String() string { return "create a domain extension: " + s.Place }
func (s SetCertificate) String() string {
	return fmt.Sprintf("set %s to certificate %s", s.Spot, s.CertificateID)
}
func (s SetExtension) String() string {
	return fmt.Sprintf("set %s to certificate %s", s.Spot, s.CertificateID)
}
func (s CreateExtension) String() string {
	return fmt.Sprintf("create %s with certificate %s", s.Spot, s.CertificateID)
}
func (s DeleteExtension) String() string { return "delete the domain extension of " + s.Spot.String() }
func (s Annotate) String() string {
	return fmt.Sprintf("set the annotation %s of Service %q to %q", s.Annotation, s.Service.Name, s.Value)
}
func (s Leave) String() string { return "leave a binding that was taken out: " + s.Why }
