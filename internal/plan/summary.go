package plan

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
)

// Outlook is what a pass came to: the status to record, whether it differs from what
// is recorded, the events to tell, and when to come back.
type Outlook struct {
	Status v1alpha1.ServerCertificateStatus
	Events []Event
	// Wake is when something is due by itself.
	Wake time.Time
}

// Summary sums a pass up at its end.
func Summary(s State) Outlook {
	status, ready := s.sum()
	if request := s.SyncRequest(); request != "" && (!s.Object.Spec.Suspend || s.Deleting()) {
		status.LastHandledSyncRequest = request
	}
	if s.Object.Annotations[v1alpha1.AnnotationAdopt] == "" {
		status.LastHandledAdoption = ""
	}
	return Outlook{Status: status, Events: append(s.Events, s.complaint(ready)...), Wake: s.wake()}
}

// Snapshot is the status as it stands in the middle of a pass.
func Snapshot(s State) v1alpha1.ServerCertificateStatus {
	status, _ := s.sum()
	return status
}

// sum is the status with its conditions, which are made nowhere else, and Ready's verdict.
func (s State) sum() (v1alpha1.ServerCertificateStatus, verdict) {
	status := *s.Status.DeepCopy()
	status.ObservedGeneration = s.Object.Generation
	if !s.Deleting() && !s.Object.Spec.Suspend {
		status.Bindings = s.bindingEntries()
	}
	conditions := conditions{list: status.Conditions, now: metav1.Time{Time: s.Now.UTC().Truncate(time.Second)}, generation: s.Object.Generation}
	ready := s.summarize(&conditions, status.Bindings)
	status.Conditions = conditions.list
	return status, ready
}

// summarize sets all conditions and returns Ready's verdict.
func (s State) summarize(c *conditions, entries []v1alpha1.BindingStatus) verdict {
	if s.Object.Spec.Suspend && !s.Deleting() {
		c.set(v1alpha1.ConditionSuspended, verdict{metav1.ConditionTrue, v1alpha1.ReasonSuspended, "spec.suspend is true: nothing is uploaded, bound or cleaned up"})
		if meta.FindStatusCondition(c.list, v1alpha1.ConditionReady) == nil {
			c.set(v1alpha1.ConditionReady, verdict{metav1.ConditionUnknown, v1alpha1.ReasonSuspended, "suspended before the first sync"})
		}
		c.clear(v1alpha1.ConditionReconciling)
		return verdict{}
	}
	c.clear(v1alpha1.ConditionSuspended)
	uploaded := s.uploaded()
	c.set(v1alpha1.ConditionUploaded, uploaded)
	bound := s.bound(entries)
	c.setIf(len(s.Object.Spec.Bindings) > 0, v1alpha1.ConditionBound, bound)
	ready := s.ready(uploaded, bound)
	c.set(v1alpha1.ConditionReady, ready)
	stalls := ready.status != metav1.ConditionTrue && s.stalls(ready.reason)
	c.setIf(stalls, v1alpha1.ConditionStalled, verdict{metav1.ConditionTrue, ready.reason, ready.message})
	c.setIf(ready.status != metav1.ConditionTrue && !stalls, v1alpha1.ConditionReconciling,
		verdict{metav1.ConditionTrue, v1alpha1.ReasonProgressing, ready.message})
	return ready
}

// verdict is a condition's value.
type verdict struct {
	status  metav1.ConditionStatus
	reason  v1alpha1.Reason
	message string
}

// uploaded tells whether the wanted certificate is in the cloud.
func (s State) uploaded() verdict {
	switch obstacle := s.firstObstacle(); {
	case obstacle != nil && s.Deleting():
		return verdict{metav1.ConditionFalse, obstacle.Reason, cut(obstacle.Message, v1alpha1.MaxMessage-len(wayOut)) + wayOut}
	case obstacle != nil:
		return verdict{metav1.ConditionFalse, obstacle.Reason, obstacle.Message}
	case s.Held != nil:
		return verdict{metav1.ConditionFalse, v1alpha1.ReasonDryRun, "--dry-run: would " + s.Held.String()}
	case s.Deleting():
		return verdict{metav1.ConditionFalse, v1alpha1.ReasonDeleting, "the object's certificates are being deleted"}
	case s.Intended && s.retrying(): // the same again: nothing to tell until it ends otherwise
		return verdict{metav1.ConditionFalse, s.Memory.Failed.Reason, s.Memory.Failed.Message}
	case s.Status.PendingUpload != nil:
		return verdict{metav1.ConditionFalse, v1alpha1.ReasonProgressing, s.progress()}
	case s.current():
		return verdict{metav1.ConditionTrue, v1alpha1.ReasonSynced, s.success()}
	default:
		return verdict{metav1.ConditionFalse, v1alpha1.ReasonProgressing, "making sure that the certificate isn't in the cloud already"}
	}
}

// wayOut is for a Terminating object that can't go: its owner may not have the means
// to mend what stands in the way.
const wayOut = "; or set the annotation " + v1alpha1.AnnotationAbandon + `="true" to let the object go and leave the cloud as it is`

// progress tells what is awaited of a pending upload.
func (s State) progress() string {
	if s.Intended {
		return "uploading the certificate with digest " + s.Status.PendingUpload.Digest
	}
	return "an upload's outcome is unknown: looking for the certificate with digest " + s.Status.PendingUpload.Digest
}

// success tells of the certificate in the cloud.
func (s State) success() string {
	message := "certificate " + s.Status.CertificateID + " is in " + s.Status.Region
	if s.Wanted.MissingIntermediate {
		message += "; " + s.chainNote()
	}
	return cut(message, v1alpha1.MaxMessage)
}

// chainNote warns of a chain that ends too early.
func (s State) chainNote() string {
	return s.Wanted.Source + ": tls.crt lacks the leaf's issuer: clients that don't have it can't verify the certificate; append the intermediate"
}

// firstObstacle is the first part that isn't in order: source, access, account.
func (s State) firstObstacle() *Obstacle {
	if !s.Deleting() {
		if obstacle := s.sourceObstacle(); obstacle != nil {
			return obstacle
		}
	}
	if obstacle := s.accessObstacle(); obstacle != nil {
		return obstacle
	}
	if s.Unsettled != nil {
		return s.Unsettled
	}
	if obstacle := s.rejected(); obstacle != nil {
		return obstacle
	}
	if !s.Identified {
		return nil
	}
	if obstacle := s.identityObstacle(); obstacle != nil {
		return obstacle
	}
	return s.adoptionObstacle()
}

// ready sums the parts up.
func (s State) ready(uploaded, bound verdict) verdict {
	if uploaded.status != metav1.ConditionTrue {
		return uploaded
	}
	if obstacle := s.validity(); obstacle != nil {
		return verdict{metav1.ConditionFalse, obstacle.Reason, obstacle.Message}
	}
	if len(s.Object.Spec.Bindings) > 0 {
		return bound
	}
	return uploaded
}

// bound tells whether every binding serves the certificate: else of the first that doesn't.
func (s State) bound(entries []v1alpha1.BindingStatus) verdict {
	named := func(e v1alpha1.BindingStatus) bool {
		return slices.ContainsFunc(s.Object.Spec.Bindings, func(b v1alpha1.Binding) bool { return b.Name == e.Name })
	}
	for _, e := range entries {
		if !e.Ready && named(e) {
			return verdict{metav1.ConditionFalse, e.Reason, fmt.Sprintf("binding %q: %s", e.Name, e.Message)}
		}
	}
	texts := []string{fmt.Sprintf("certificate %s is served by every binding (%d)", s.Status.CertificateID, len(s.Object.Spec.Bindings))}
	for _, e := range entries {
		if e.Message != "" && named(e) {
			texts = append(texts, fmt.Sprintf("binding %q: %s", e.Name, e.Message))
		}
	}
	return verdict{metav1.ConditionTrue, v1alpha1.ReasonBound, strings.Join(texts, "; ")}
}

// stalls tells whether Ready's reason waits for a person.
func (s State) stalls(reason v1alpha1.Reason) bool {
	if obstacle := s.firstObstacle(); obstacle != nil && obstacle.Reason == reason {
		return obstacle.stalls()
	}
	return reason.Stalls()
}

// complaint is the Event for a Ready that turned False, or whose reason changed: one
// for each row of equal ones.
func (s State) complaint(ready verdict) []Event {
	if ready.status != metav1.ConditionFalse {
		return nil
	}
	if ready.reason == v1alpha1.ReasonProgressing || ready.reason == v1alpha1.ReasonDeleting {
		return nil
	}
	old := meta.FindStatusCondition(s.Recorded.Conditions, v1alpha1.ConditionReady)
	if old != nil && old.Reason == string(ready.reason) && steady(old.Message, ready.message) == old.Message {
		return nil
	}
	return []Event{{Warning: ready.reason != v1alpha1.ReasonDryRun, Reason: string(ready.reason), Action: "Sync", Message: ready.message}}
}

// conditions is the list under work.
type conditions struct {
	list       []metav1.Condition
	now        metav1.Time
	generation int64
}

// set sets a condition; a message that differs by its RequestId alone stays as it was.
func (c *conditions) set(kind string, v verdict) {
	message := cut(v.message, v1alpha1.MaxMessage)
	if old := meta.FindStatusCondition(c.list, kind); old != nil && old.Reason == string(v.reason) {
		message = steady(old.Message, message)
	}
	meta.SetStatusCondition(&c.list, metav1.Condition{
		Type: kind, Status: v.status, Reason: string(v.reason), Message: message,
		ObservedGeneration: c.generation, LastTransitionTime: c.now,
	})
}

// clear removes a condition.
func (c *conditions) clear(kind string) { meta.RemoveStatusCondition(&c.list, kind) }

// setIf sets a condition that is absent when False.
func (c *conditions) setIf(holds bool, kind string, v verdict) {
	if !holds {
		c.clear(kind)
		return
	}
	c.set(kind, v)
}

// requestID is what differs between two reports of the same error.
var requestID = regexp.MustCompile(`RequestId [0-9A-Za-z-]+`)

// steady returns old where the messages differ by their RequestIds alone: retries
// must not write the status each time.
func steady(old, message string) string {
	if requestID.ReplaceAllString(old, "") == requestID.ReplaceAllString(message, "") {
		return old
	}
	return message
}
