package plan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/clberr"
)

// Outcome is what came of a step.
type Outcome struct {
	// At is when it ended.
	At time.Time
	// Err is the cloud's refusal or failure; nil where the step was done.
	Err *clberr.Error
	// Held says that a dry run held the step back, Stale that what it was to write had
	// changed meanwhile.
	Held, Stale bool
	// AccountID is Identify's finding.
	AccountID string
	// Lists are Look's findings, newest first.
	Lists []List
	// Certificate is what Upload made.
	Certificate Certificate
	// Sights are Survey's findings, by Want.Key.
	Sights map[string]Sight
	// ResourceVersion is that of the Service as Annotate wrote it.
	ResourceVersion string
	// Users are Locate's findings: who uses the certificate.
	Users []string
	// Object is the object as AddFinalizer, RecordIntent, ClaimExtension or Record wrote it.
	Object *v1alpha1.ServerCertificate
}

// After is the state after a step came to its outcome. It is pure, and each call
// brings the pass nearer its end.
func After(s State, step Step, o Outcome) State {
	s.Fresh = false // a step may take its time
	switch {
	case o.Held:
		return s.afterHolding(step)
	case o.Stale:
		return s.afterStale(step, o)
	case o.Err != nil:
		return s.afterFailure(step, o)
	}
	if s.Trouble == nil {
		s = s.recovered(step)
	}
	if _, records := step.(Record); records {
		_, ready := s.sum()
		s.Events = append(s.Events, s.complaint(ready)...) // at the end it is no news any more
	}
	if o.Object != nil {
		s.Object, s.Recorded, s.Fresh = o.Object, o.Object.Status, true
		s.Status.Conditions = o.Object.Status.Conditions // when they turned
		s.Memory = s.Memory.Wrote(o.Object)
	}
	return s.afterSuccess(step, o)
}

// afterHolding is the state after a dry run held a step back: that of one binding keeps none
// of the others.
func (s State) afterHolding(step Step) State {
	if b, ok := s.bindingOf(step); ok {
		s.HeldAt = maps.Clone(s.HeldAt)
		if s.HeldAt == nil {
			s.HeldAt = map[string]string{}
		}
		s.HeldAt[b.key()] = step.String()
		return s
	}
	s.Held, s.Stopped = step, true
	return s
}

// afterSuccess is the state after a step was done.
func (s State) afterSuccess(step Step, o Outcome) State {
	switch step := step.(type) {
	case Look:
		return s.afterLook(o)
	case RecordIntent:
		return s.afterIntent(step, o)
	case Upload:
		return s.afterUpload(step, o)
	case Adopt:
		return s.afterAdoption(step, o)
	case Rename, MoveGroup, PutTags, RemoveTags, Delete, Forget:
		return s.afterChange(step, o)
	case Survey, ClaimExtension, SetCertificate, SetExtension, CreateExtension, DeleteExtension, Annotate, Leave:
		return s.afterServing(step, o)
	case Spare:
		return s.unusable(step.ID, v1alpha1.ReasonInUse, "certificate "+step.ID+" isn't deleted: "+step.Where, o.At.Add(s.delayInUse(s.Memory.TidyFailures)))
	case Locate:
		return s.afterLocating(step, o)
	default:
		return s.afterNote(step, o)
	}
}

// afterNote is the state after a step that touched no certificate.
func (s State) afterNote(step Step, o Outcome) State {
	switch step := step.(type) {
	case Identify:
		s.Identified, s.AccountID = true, o.AccountID
	case Wait:
		s.Stopped, s.Until = true, step.Until
		s.Memory.VerifyAt = step.Until // what is waited for is told by the next list
	case AddFinalizer:
		s.HasFinalizer = true
		s.Memory.Complete = s.Memory.Complete || !knowing(s.Recorded)
	case RemoveFinalizer:
		s.HasFinalizer, s.Stopped = false, true
	case Confirm:
		s.Fresh = true
	case Record: // the object as written says it all
	}
	return s
}

// afterIntent binds the object to its account, cluster id and region from here on.
func (s State) afterIntent(step RecordIntent, o Outcome) State {
	s.Status.PendingUpload = Pending(step.Digest, o.At, s.UploadTimeout)
	s = s.owned()
	s.Memory.PendingStart, s.Memory.PendingClosed = s.Status.PendingUpload.StartTime.Time, o.At.Add(s.UploadTimeout)
	forgot := s.forgetful()
	s.Intended, s.Memory.Complete = true, true
	if forgot {
		return s.claim(o.At)
	}
	return s
}

// afterAdoption makes a certificate that is there already the current one. A list may
// show it although it was deleted: it is looked at again when none can any more.
func (s State) afterAdoption(step Adopt, o Outcome) State {
	if asked := s.asked(); asked == step.Certificate.ID || s.adoptionObstacle() != nil {
		s.Status.LastHandledAdoption = asked
	}
	s = s.take(step.Certificate, step.Certificate.CreateTime, o.At)
	s.Memory.VerifyAt = o.At.Add(s.Window)
	s = s.claim(o.At)
	s.Events = append(s.Events, Event{Reason: "Adopted", Action: "Adopt", Message: fmt.Sprintf(
		"Certificate %s is in %s already: taken over without an upload", step.Certificate.ID, s.Region)})
	return s
}

// owned notes whose the certificate is. An account that can't be told is none other.
func (s State) owned() State {
	s.Status.AccountID = cmp.Or(s.AccountID, s.Status.AccountID)
	s.Status.ClusterID, s.Status.Region = s.ClusterID, s.Region
	return s
}

// Pending is the intent to upload, decided at a time. After its deadline no request
// of it may leave.
func Pending(digest string, at time.Time, timeout time.Duration) *v1alpha1.PendingUpload {
	return &v1alpha1.PendingUpload{
		Digest:    digest,
		StartTime: metav1.NewMicroTime(at.Truncate(time.Microsecond)),
		Deadline:  metav1.NewMicroTime(at.Add(timeout).Truncate(time.Microsecond)),
	}
}

// afterLook takes note of what a list showed.
func (s State) afterLook(o Outcome) State {
	s.Lists = o.Lists
	if s.Memory.Refused != "" {
		s.Lists = withoutCertificate(s.Lists, s.Memory.Refused)
	}
	if s.current() {
		if _, ok := s.find(s.Status.CertificateID); ok {
			s.Memory.Verified, s.Memory.Generation = s.Lists[0].Began, s.Object.Generation
			s.Status.AccountID = cmp.Or(s.Status.AccountID, s.AccountID)
		}
	}
	return s.claim(o.At)
}

// afterUpload makes the new certificate the current one.
func (s State) afterUpload(step Upload, o Outcome) State {
	c := o.Certificate
	s.Intended = false
	s.Status.PendingUpload = nil
	previous := s.Status.CertificateID
	c.Tags = map[string]string{}
	for _, tag := range step.Tags {
		c.Tags[tag.Key] = tag.Value
	}
	s.Lists = withCertificate(s.Lists, c)
	s = s.take(c, o.At, o.At)
	message := fmt.Sprintf("Uploaded certificate %s to %s%s", c.ID, s.Region, s.until())
	if previous != "" {
		message += ", superseding " + previous
	}
	s.Events = append(s.Events, Event{Reason: "Uploaded", Action: "Upload", Message: message})
	if s.Wanted.MissingIntermediate {
		s.Events = append(s.Events, Event{Warning: true, Reason: "IncompleteChain", Action: "Upload", Message: s.chainNote()})
	}
	return s
}

// until says when the certificate expires, where that is known.
func (s State) until() string {
	if s.Status.NotAfter == nil {
		return ""
	}
	return ", valid until " + stamp(s.Status.NotAfter.Time)
}

// take makes c, uploaded some time ago, the current certificate; the one before is
// superseded.
func (s State) take(c Certificate, uploaded, at time.Time) State {
	old := s.Status
	if old.CertificateID != "" && old.CertificateID != c.ID {
		s = s.supersede(v1alpha1.SupersededCertificate{
			CertificateID: old.CertificateID, Fingerprint: old.Fingerprint, NotAfter: old.NotAfter,
			SupersededTime: ptrTime(s.Now), Reason: v1alpha1.ReasonRetained,
		})
	}
	s = s.drop(c.ID)
	s.Status.PendingUpload = nil
	s.Status.CertificateID, s.Status.CertificateName = c.ID, c.Name
	s = s.owned()
	s.Status.ResourceGroupID = c.ResourceGroupID
	s.Status.UploadTime = ptrTime(uploaded)
	s.Status.AppliedTagKeys = nil
	for _, key := range s.appliedTagKeys() {
		if _, there := c.Tags[key]; there {
			s.Status.AppliedTagKeys = append(s.Status.AppliedTagKeys, key)
		}
	}
	s.Memory.Verified, s.Memory.Generation, s.Memory.Since = s.Now, s.Object.Generation, at
	return s.describe(c)
}

// describe writes the certificate's own facts into the status: from the source
// where it is the wanted one, else from what the cloud tells.
func (s State) describe(c Certificate) State {
	st := &s.Status
	st.Digest, st.Fingerprint, st.CommonName = c.Tags[v1alpha1.TagDigest], c.Fingerprint, c.CommonName
	st.DNSNames, st.NotBefore, st.NotAfter, st.AliCloudCertificate = c.DNSNames, nil, ptrTime(c.ExpireTime), nil
	if w := s.Wanted; w != nil && st.Digest == w.Digest {
		st.AliCloudCertificate = w.AliCloud
		if w.Fingerprint != "" {
			st.Fingerprint, st.CommonName, st.DNSNames = w.Fingerprint, w.CommonName, w.DNSNames
			st.NotBefore, st.NotAfter = ptrTime(w.NotBefore), ptrTime(w.NotAfter)
		}
	}
	st.CommonName = cut(st.CommonName, v1alpha1.MaxCommonName)
	st.DNSNames = slices.Clone(st.DNSNames[:min(len(st.DNSNames), v1alpha1.MaxDNSNames)])
	for i, name := range st.DNSNames {
		st.DNSNames[i] = cut(name, v1alpha1.MaxCommonName)
	}
	return s
}

// withCertificate returns the lists with c in the newest.
func withCertificate(lists []List, c Certificate) []List {
	lists = slices.Clone(lists)
	if len(lists) > 0 {
		lists[0].Certificates = append(slices.Clone(lists[0].Certificates), c)
	}
	return lists
}

// ptrTime is a status's time; nil for the zero time.
func ptrTime(t time.Time) *metav1.Time {
	if t.IsZero() {
		return nil
	}
	return &metav1.Time{Time: t.UTC().Truncate(time.Second)}
}
