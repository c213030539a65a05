// Package plan decides what to do next for one ServerCertificate, from facts
// alone: what is wanted, what the status recorded, what lists of the cloud
// showed, and the time. It never reads or writes anything, knows no key, and asks
// no clock: the same State always gives the same Step.
package plan

import (
	"slices"
	"time"

	"github.com/clbcert/clbcert/api/v1alpha1"
)

// Settings are the manager's, the same for all objects.
type Settings struct {
	// ClusterID is what certificates are tagged with.
	ClusterID string
	// Window is how long the cloud's lists may lag behind an upload or a deletion.
	Window time.Duration
	// UploadTimeout is how long an upload may take from its recorded intent until
	// the last byte of its request may have left.
	UploadTimeout time.Duration
	// Resync is how often what seems in order is looked at again.
	Resync time.Duration
	// DryRun holds back every write to the cloud, and the finalizer.
	DryRun bool
	// BindAny is --binding-policy=Any: load balancers need no tag to be bound.
	BindAny bool
}

// State is all that is known of one object in one pass. Next reads it, After
// returns a later one. Its pointers and slices are shared: nothing in them is ever
// changed in place, except Status, which After owns.
type State struct {
	// Now is the time of the pass, and Jitter a number in [0,1) to spread what many
	// objects would do at once.
	Now    time.Time
	Jitter float64
	Settings

	// Object is the object as read.
	Object *v1alpha1.ServerCertificate
	// Fresh says that the API server confirmed it just now.
	Fresh bool
	// HasFinalizer tells whether the object carries the finalizer by now.
	HasFinalizer bool
	// Status is what is to be recorded, and Recorded what is.
	Status, Recorded v1alpha1.ServerCertificateStatus

	// Wanted is what the source asks for; nil where Source says why that can't be told.
	Wanted *Wanted
	Source *Obstacle
	// Region is where the certificate is to be; Access is what stands in the way of
	// reaching the cloud there: region or credentials.
	Region string
	Access *Obstacle
	// Credentials names the credentials in messages, such as `credentials Secret "aliyun"`.
	Credentials string
	// AccountID is the cloud account's, "" where STS can't be reached. It is known
	// once Identified.
	AccountID  string
	Identified bool

	// Lists are what the region's certificates looked like, newest first: those of
	// this object alone.
	Lists []List

	// OwnCredentials says that the object brings credentials of its own.
	OwnCredentials bool
	// Sights are what was seen of the bindings' targets in this pass, by Want.Key. Written is
	// when a binding was written, Refused whose write was refused, and HeldAt the write that
	// a dry run held back, by the same.
	Sights  map[string]Sight
	Written map[string]time.Time
	Refused map[string]bool
	HeldAt  map[string]string
	// Locating is the certificate whose users are to be found.
	Locating *Locate

	// Inputs stands for all that a person can change to mend something. A failure
	// holds back the cloud only as long as it is the same.
	Inputs string
	// Memory is what earlier passes of this process left.
	Memory Memory

	// Intended says that this pass recorded the intent to upload. TidyDue says that
	// superseded certificates whose deletion was refused may be tried again, and Tried
	// are those that were tried in this pass.
	Intended, TidyDue bool
	Tried             []string
	// Crowded says that the quota refused this pass's upload.
	Crowded bool

	// Unsettled is how the upload failed whose outcome is being looked for.
	Unsettled *Obstacle
	// Trouble is what keeps the wanted certificate from being in the cloud, found in
	// this pass. Held is the write that a dry run held back.
	Trouble *Obstacle
	Held    Step
	// Stopped ends the pass, Until says when the next is due by the plan, if it is.
	Stopped bool
	Until   time.Time
	// Events are what happened, in order.
	Events []Event
}

// Wanted is the certificate that the source asks for.
type Wanted struct {
	// Digest stands for the content, see ServerCertificateStatus.Digest.
	Digest string
	// Fingerprint, CommonName, DNSNames and the times are the leaf's; all empty for a
	// certificate of Certificate Management Service, whose content nobody sees before.
	Fingerprint, CommonName string
	DNSNames                []string
	NotBefore, NotAfter     time.Time
	// MissingIntermediate says that clients may not find the way to a root.
	MissingIntermediate bool
	// Temporary says that it is cert-manager's placeholder.
	Temporary bool
	// AliCloud is the source, if it is one of Certificate Management Service.
	AliCloud *v1alpha1.AliCloudCertificate
	// Source names the source in messages, such as `Secret "web-tls"`.
	Source string
}

// Obstacle says why something can't be done, and what mends it.
type Obstacle struct {
	Reason  v1alpha1.Reason
	Message string
	// Waits says that the reason doesn't stall here, although it does elsewhere.
	Waits bool
}

// stalls tells whether only a person's change helps.
func (o *Obstacle) stalls() bool { return o.Reason.Stalls() && !o.Waits }

// Certificate is a certificate in the cloud, as a list shows it.
type Certificate struct {
	ID, Name, Fingerprint, CommonName, ResourceGroupID string
	DNSNames                                           []string
	CreateTime, ExpireTime                             time.Time
	Tags                                               map[string]string
	// Unlisted says that the service's own list didn't have it yet.
	Unlisted bool
	// NamedBy are the Services whose annotations name it, as namespace/name.
	NamedBy []string
}

// List is what one list of the region showed of the object's certificates: those
// that carry its tags, or that its status names.
type List struct {
	// Began is when the list was asked for: what was so before is in it, but for
	// the lag of lists.
	Began        time.Time
	Certificates []Certificate
}

// Event is something worth telling the object's owner.
type Event struct {
	// Warning tells a warning from a normal event.
	Warning bool
	// Reason and Action are in the words of the Kubernetes Event API.
	Reason, Action, Message string
}

// Deleting tells whether the object is being deleted.
func (s State) Deleting() bool { return !s.Object.DeletionTimestamp.IsZero() }

// SyncRequest is the value of the annotation that asks for a sync now, "" where it
// was handled already.
func (s State) SyncRequest() string {
	value := cut(s.Object.Annotations[v1alpha1.AnnotationSyncRequestedAt], v1alpha1.MaxAnnotationEcho)
	if value == s.Recorded.LastHandledSyncRequest {
		return ""
	}
	return value
}

// ObjectTag is what the tag clbcert.dev/object of its certificates says.
func (s State) ObjectTag() string { return v1alpha1.ObjectTag(s.Object.Namespace, s.Object.Name) }

// Ours tells whether c carries this object's tags. A certificate whose tag names a
// digest that is known, but that has another fingerprint, is none of ours: somebody
// else put the tags there.
func (s State) Ours(c Certificate) bool {
	if c.Tags[v1alpha1.TagCluster] != s.ClusterID || c.Tags[v1alpha1.TagObject] != s.ObjectTag() {
		return false
	}
	digest := c.Tags[v1alpha1.TagDigest]
	known := func(d, fingerprint string) bool {
		return digest == d && fingerprint != "" && !sameFingerprint(fingerprint, c.Fingerprint)
	}
	return !known(s.Recorded.Digest, s.Recorded.Fingerprint) &&
		(s.Wanted == nil || !known(s.Wanted.Digest, s.Wanted.Fingerprint))
}

// Named are the certificates that the object names: in its status, or by its annotation.
func (s State) Named() []string {
	ids := append(s.superseded(), s.Status.CertificateID, s.asked())
	return slices.DeleteFunc(ids, func(id string) bool { return id == "" })
}

// Concerns tells whether a certificate of a list is of interest to the object: it
// carries its tags, or the object names it.
func (s State) Concerns(c Certificate) bool {
	return slices.Contains(s.Named(), c.ID) || c.Tags[v1alpha1.TagCluster] == s.ClusterID && c.Tags[v1alpha1.TagObject] == s.ObjectTag()
}

// current tells whether the wanted certificate is the one in the status.
func (s State) current() bool {
	return s.Wanted != nil && s.Status.CertificateID != "" && s.Status.Digest == s.Wanted.Digest
}

// find returns the certificate of that ID in the newest list.
func (s State) find(id string) (Certificate, bool) {
	for _, c := range s.newest() {
		if c.ID == id {
			return c, true
		}
	}
	return Certificate{}, false
}

// newest returns the certificates of the newest list.
func (s State) newest() []Certificate {
	if len(s.Lists) == 0 {
		return nil
	}
	return s.Lists[0].Certificates
}

// Knows tells whether the status names the certificate.
func (s State) Knows(id string) bool {
	return id == s.Status.CertificateID || slices.Contains(s.superseded(), id)
}
