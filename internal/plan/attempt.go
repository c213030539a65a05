package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/clberr"
)

// Attempt is what came of the last try to have a binding served.
type Attempt struct {
	// Failures counts the tries in a row, RetryAt is when the next is due.
	Failures int
	RetryAt  time.Time
	// Failed is why a write was refused; nil where something is waited for. It holds the
	// next back only for what it was tried For.
	Failed *Obstacle
	For    string
	// Looked is when the last look at what is waited for began.
	Looked time.Time
}

// How long to wait for somebody else's doing: soon at first, less often when it lasts. What
// happens to Services is watched besides.
const (
	promptTries  = 20
	promptDelay  = 8 * time.Second
	patientDelay = time.Minute
)

// attemptFor stands for all that a try depends on.
func (s State) attemptFor(b binding) string {
	version := ""
	if service := s.Sights[b.key()].Service; service != nil {
		version = service.ResourceVersion
	}
	return strings.Join([]string{s.Inputs, s.Status.CertificateID, version, b.place(Sight{}, 0)}, "|")
}

// resting is the refusal that still holds back a binding's writes; nil where none does.
func (s State) resting(b binding) *Obstacle {
	attempt := s.Memory.Attempts[b.key()]
	if attempt.Failed == nil || attempt.For != s.attemptFor(b) {
		return nil
	}
	if !s.Now.Before(attempt.RetryAt) || s.SyncRequest() != "" && !s.Refused[b.key()] {
		return nil
	}
	return attempt.Failed
}

// attempted remembers a try; the zero Attempt forgets it.
func (s State) attempted(b binding, attempt Attempt) State {
	s.Memory.Attempts = maps.Clone(s.Memory.Attempts)
	if s.Memory.Attempts == nil {
		s.Memory.Attempts = map[string]Attempt{}
	}
	s.Memory.Attempts[b.key()] = attempt
	maps.DeleteFunc(s.Memory.Attempts, func(key string, a Attempt) bool {
		return a.Failures == 0 || !slices.ContainsFunc(s.everywhere(), func(b binding) bool { return b.key() == key })
	})
	return s
}

// rest holds back the writes of a binding after a failure.
func (s State) rest(b binding, at time.Time, obstacle *Obstacle) State {
	failures := s.Memory.Attempts[b.key()].Failures
	delay := s.patience(obstacle.Reason, failures)
	s.Refused = maps.Clone(s.Refused)
	if s.Refused == nil {
		s.Refused = map[string]bool{}
	}
	s.Refused[b.key()] = true
	return s.attempted(b, Attempt{Failures: failures + 1, RetryAt: at.Add(delay), Failed: obstacle, For: s.attemptFor(b)})
}

// note remembers how a binding stands after a look at it: nothing where all is well, else
// when to look again.
func (s State) note(b binding, at time.Time) State {
	j := s.assess(b)
	written, tried := s.Written[b.key()]
	verified := tried && !s.Sights[b.key()].Began.Before(written)
	switch {
	case j.step != nil && !verified:
		return s // it is about to be written
	case j.step != nil: // written, and not to be seen
		return s.rest(b, at, &Obstacle{Reason: v1alpha1.ReasonCloudUnavailable, Message: fmt.Sprintf(
			"%s was set to certificate %s, and still serves %s: it is tried again", b.place(s.Sights[b.key()], 0), s.Status.CertificateID, orNothing(j.seen))})
	case j.reason == v1alpha1.ReasonBound:
		if s.Memory.Attempts[b.key()].Failures > 0 { // what it served before may be free now
			s.TidyDue, s.Memory.TidyFailures = true, 0
		}
		return s.attempted(b, Attempt{})
	default:
		return s.await(b, j.reason, at)
	}
}

// await remembers when to look again at a binding that waits for somebody else's doing.
func (s State) await(b binding, reason v1alpha1.Reason, at time.Time) State {
	attempt, sight := s.Memory.Attempts[b.key()], s.Sights[b.key()]
	same := attempt.For == s.attemptFor(b)
	switch {
	case same && attempt.Failed == nil && s.Now.Before(attempt.RetryAt):
		return s // its time hasn't come
	case !same && attempt.Failures > 0 && sight.Began.Before(s.Now):
		return s // it is looked at anew
	case !same:
		attempt.Failures = 0 // something changed: it may be over soon
	}
	delay := s.patience(reason, attempt.Failures)
	if sight.Err != nil {
		delay = s.delay(sight.Err, attempt.Failures)
	}
	return s.attempted(b, Attempt{
		Failures: attempt.Failures + 1, RetryAt: at.Add(delay), For: s.attemptFor(b), Looked: sight.Began,
	})
}

// patience is how long to wait for what this controller doesn't do.
func (s State) patience(reason v1alpha1.Reason, before int) time.Duration {
	switch {
	case reason.Stalls():
		return s.spread(min(maxDelay, s.Resync))
	case before < promptTries:
		return s.spread(doubled(firstDelay, before, promptDelay))
	default:
		return s.spread(doubled(patientDelay, before-promptTries, s.Resync))
	}
}

// afterFailedServing is the state after a write for a binding was refused, or failed. The
// other bindings go on.
func (s State) afterFailedServing(step Step, o Outcome) State {
	b, ok := s.bindingOf(step)
	if !ok {
		return s
	}
	sight := s.Sights[b.key()]
	sight.Began = time.Time{} // whatever it was, look again
	s.Sights = maps.Clone(s.Sights)
	s.Sights[b.key()] = sight
	obstacle := s.bindingRefusal(b, sight, o.Err)
	if _, extends := step.(CreateExtension); extends && o.Err.Class() == clberr.Quota {
		obstacle.Reason, obstacle.Message = reasonOfLimit, cut(fmt.Sprintf(
			"%s: %s; take another domain off the listener, or ask for more additional domain names per listener in the Quota Center",
			b.place(sight, 0), o.Err), v1alpha1.MaxMessage)
	}
	failures := s.Memory.Attempts[b.key()].Failures
	s = s.rest(b, o.At, obstacle)
	attempt := s.Memory.Attempts[b.key()]
	if obstacle.Reason != reasonOfLimit {
		attempt.RetryAt = o.At.Add(s.delayServing(o.Err, failures))
	}
	if refusesID(step, o.Err) && o.At.Sub(s.Memory.Since) > s.Window && s.Memory.Disowned != s.Status.Digest {
		s.Memory.Refused, s.Memory.RefusedAt = s.Status.CertificateID, o.At
		s.Memory.Disowned = s.Status.Digest
	}
	return s.attempted(b, attempt)
}

// afterStale looks anew at a binding whose Service changed meanwhile, soon.
func (s State) afterStale(step Step, o Outcome) State {
	b, ok := s.bindingOf(step)
	if !ok {
		return s
	}
	sight := s.Sights[b.key()]
	s = s.rest(b, o.At, &Obstacle{Reason: v1alpha1.ReasonServicePending, Message: b.place(sight, 0) + ": the Service changed meanwhile: it is read anew"})
	attempt := s.Memory.Attempts[b.key()]
	attempt.RetryAt = o.At.Add(s.spread(doubled(firstDelay/16, attempt.Failures, promptDelay)))
	return s.attempted(b, attempt)
}

// delayServing is how long to wait after a refused write for a binding. A load balancer is
// busy after each change, and so several in a row are in each other's way: they take turns.
func (s State) delayServing(err *clberr.Error, before int) time.Duration {
	if err.Class() == clberr.Transient && err.Outcome == clberr.Refused && err.Known() {
		return s.spread(doubled(firstDelay/2, before/2, unavailableDelay))
	}
	return s.delay(err, before)
}

// refusesID tells that the service said that the certificate itself isn't there.
func refusesID(step Step, err *clberr.Error) bool {
	switch step.(type) {
	case SetCertificate, SetExtension, CreateExtension:
		return err.Outcome == clberr.Refused && (err.Code == "ServerCertificateId.NotFound" || err.Code == "InvalidParameter.ServerCertificateId")
	default:
		return false
	}
}

// bindingRefusal is what a refusal or failure of the cloud means for a binding: where, the
// code and RequestId, and what mends it.
func (s State) bindingRefusal(b binding, sight Sight, err *clberr.Error) *Obstacle {
	obstacle := s.refusal(Survey{}, err)
	obstacle.Message = cut(b.place(sight, 0)+": "+obstacle.Message, v1alpha1.MaxMessage)
	return obstacle
}
