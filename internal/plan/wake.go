package plan

import (
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/clbcert/clbcert/api/v1alpha1"
)

// wake is when the object is due again without anybody's doing: at the time that
// the plan waits for, when a failure may be over, when what was changed or adopted is
// to be looked at, when the certificate becomes valid or expires, and at the next resync
// at the latest.
func (s State) wake() time.Time {
	due := []time.Time{s.Until}
	if !s.Object.Spec.Suspend || s.Deleting() {
		due = append(due, s.turns(), s.reappears(), s.Memory.RetryAt, s.Memory.VerifyAt)
		for _, attempt := range s.Memory.Attempts {
			due = append(due, attempt.RetryAt)
		}
		if s.awaitsList() {
			due = append(due, s.Now.Add(max(s.pollInterval(), firstDelay)))
		}
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

// soonest is how soon a missing Secret is looked for again.
const soonest = 5 * time.Second

// reappears is when a missing Secret, one of a wrong type, or one that may not be read, is
// looked for again: only Secrets of the right type are watched, and no rights are. The longer it was so, the more rarely.
func (s State) reappears() time.Time {
	unwatched := []v1alpha1.Reason{v1alpha1.ReasonSecretNotFound, v1alpha1.ReasonSecretTypeInvalid, v1alpha1.ReasonProgressing}
	if s.Source == nil || !slices.Contains(unwatched, s.Source.Reason) {
		return time.Time{}
	}
	var age time.Duration
	if ready := meta.FindStatusCondition(s.Recorded.Conditions, v1alpha1.ConditionReady); ready != nil {
		age = s.Now.Sub(ready.LastTransitionTime.Time)
	}
	return s.Now.Add(max(soonest, s.spread(age)))
}

// awaitsList tells that a Service isn't annotated before its certificate is in the region's
// list, where the CCM looks for it.
func (s State) awaitsList() bool {
	c, listed := s.find(s.Status.CertificateID)
	return listed && c.Unlisted && slices.ContainsFunc(s.bindings(), func(b binding) bool {
		return s.Sights[b.key()].Service != nil && s.assess(b).reason == v1alpha1.ReasonServicePending
	})
}

// awaitsTidying tells that the deletion of a superseded certificate was refused, and
// is to be tried again.
func (s State) awaitsTidying() bool { return slices.ContainsFunc(s.Status.Superseded, troubled) }
