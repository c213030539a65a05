package plan

import (
	"fmt"
	"strings"
	"time"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/clberr"
)

// How long to wait after a failure, by class. Where the cloud is just away, what
// was mended is seen within ten seconds; a code that nobody knows may be a fault that
// lasts, and is asked about ever more rarely.
const (
	firstDelay       = time.Second
	unavailableDelay = 8 * time.Second
	throttledDelay   = 8 * time.Second // the account's rate is lowered besides
	unknownDelay     = 5 * time.Minute
	quotaDelay       = 10 * time.Minute
	firstTidyDelay   = 5 * time.Second
	tidyDelay        = time.Minute
	lateTidyDelay    = 10 * time.Minute
	// lateTidy is how many refusals make a clean-up late.
	lateTidy = 10
	// maxDelay is the slowest re-check of what only a person can mend.
	maxDelay = time.Hour
	// never is for what time alone doesn't mend: only a change, or a sync request.
	never = 100 * 365 * 24 * time.Hour
)

// afterFailure is the state after the cloud refused a step, or failed.
func (s State) afterFailure(step Step, o Outcome) State {
	if _, serves := s.bindingOf(step); serves {
		return s.afterFailedServing(step, o)
	}
	s = s.failing(step)
	obstacle := s.refusal(step, o.Err)
	switch step := step.(type) {
	case Upload:
		return s.afterFailedUpload(o, obstacle)
	case Delete:
		return s.afterFailedDelete(step, o, obstacle)
	case Locate:
		return s.afterLocating(step, o)
	case Look, Survey:
		if s.current() && transient(o.Err) {
			// What was in order stays so until something says otherwise.
			s.Stopped = true
			return s.backOff(nil, o.At.Add(s.delay(o.Err, s.Memory.Failures)))
		}
	}
	s.Trouble, s.Stopped = obstacle, true
	return s.backOff(obstacle, o.At.Add(s.delay(o.Err, s.Memory.Failures)))
}

// failing begins a new row of failures where another kind of step failed last.
func (s State) failing(step Step) State {
	if kind := fmt.Sprintf("%T", step); kind != s.Memory.FailedStep {
		s.Memory.FailedStep, s.Memory.Failures = kind, 0
	}
	return s
}

// recovered ends a row of failures: the step that failed was done, or isn't needed any
// more. What a retry does before it gets there ends none, but what was held back isn't
// any longer: its time has come, or somebody asked for it.
func (s State) recovered(step Step) State {
	_, adopted := step.(Adopt)
	if adopted || fmt.Sprintf("%T", step) == s.Memory.FailedStep {
		s.Memory.Failures, s.Memory.FailedStep, s.Memory.Failed = 0, "", nil
	}
	s.Memory.RetryAt = time.Time{}
	return s
}

// retrying tells that this pass tries again, as things are, what failed before.
func (s State) retrying() bool { return s.Memory.Failed != nil && s.Memory.Inputs == s.Inputs }

// refusal is the obstacle that a refusal or failure of the cloud makes: what was asked
// for whom, code and RequestId, and what mends it.
func (s State) refusal(step Step, err *clberr.Error) *Obstacle {
	message := err.Error()
	switch _, uploads := step.(Upload); {
	case err.Class() == clberr.Auth:
		message = s.Credentials + ": " + message
	case uploads && err.Class() == clberr.Terminal:
		message = s.Wanted.Source + ": " + message
	}
	if advice := err.Advice(); advice != "" {
		message = strings.TrimRight(message, ".") + ". " + advice
	}
	return &Obstacle{Reason: err.Reason(), Message: cut(message, v1alpha1.MaxMessage)}
}

// afterFailedUpload tells an upload that surely wasn't applied from one that may
// have been: only the former is done with.
func (s State) afterFailedUpload(o Outcome, obstacle *Obstacle) State {
	s.Intended, s.Trouble = false, obstacle
	s.Memory.Rejected, s.Memory.RejectedFor = nil, s.Inputs
	if o.Err.Outcome == clberr.Unknown {
		if o.Err.Class() == clberr.Terminal {
			s.Memory.Rejected = obstacle
		}
		s.Memory.PendingClosed = o.At
		s.Memory.Failures++
		s.Trouble = nil // settling it comes first, and needs the cloud
		s.Unsettled = obstacle
		return s
	}
	s = s.withoutUpload().backOff(obstacle, o.At.Add(s.delay(o.Err, s.Memory.Failures)))
	s.Crowded = o.Err.Class() == clberr.Quota
	s.Stopped = s.spare() == ""
	return s
}

// afterFailedDelete leaves a superseded certificate for later: it stands in nobody's
// way. Of a Terminating object it's what all waits for.
func (s State) afterFailedDelete(step Delete, o Outcome, obstacle *Obstacle) State {
	inUse := o.Err.Class() == clberr.InUse
	s.Stopped = !inUse // any other refusal would meet the next one, too
	where := s.Memory.Users[step.ID]
	if inUse && (where == "" || s.Memory.TidyFailures >= lateTidy) { // to find it costs calls
		s.Locating = &Locate{ID: step.ID, Extensions: o.Err.Code == codeExtensionUses}
	}
	return s.unusable(step.ID, obstacle.Reason, s.with(obstacle.Message, where), o.At.Add(s.delay(o.Err, s.Memory.TidyFailures)))
}

// codeExtensionUses is the code that says that domain extensions use the certificate
// (DeleteServerCertificate).
const codeExtensionUses = "CertificateRelatedDomainExtensionExist"

// transient tells whether time alone may help.
func transient(err *clberr.Error) bool {
	return err.Class() == clberr.Transient || err.Class() == clberr.Throttled
}

// backOff holds the cloud back until then, for what a person can change as it is.
func (s State) backOff(obstacle *Obstacle, until time.Time) State {
	s.Memory.Failures++
	s.Memory.Failed = obstacle
	s.Memory.RetryAt = until
	s.Memory.Inputs = s.Inputs
	return s
}

// delay is how long to wait after a failure, when so many went before in a row.
func (s State) delay(err *clberr.Error, before int) time.Duration {
	switch class := err.Class(); {
	case class == clberr.Throttled:
		return s.spread(doubled(2*firstDelay, before, throttledDelay))
	case class == clberr.Transient && lasting(err):
		return s.spread(doubled(firstDelay, before, unknownDelay))
	case class == clberr.Transient:
		return s.spread(doubled(firstDelay, before, unavailableDelay))
	case class == clberr.Quota:
		return s.spread(min(doubled(time.Minute, before, quotaDelay), s.Resync))
	case class == clberr.InUse:
		return s.delayInUse(before)
	case class == clberr.NotFound:
		return s.Window // the next list tells whether somebody deleted it
	default:
		return s.spread(min(maxDelay, s.Resync))
	}
}

// delayInUse is how long to wait for a certificate to be free.
func (s State) delayInUse(before int) time.Duration {
	if before >= lateTidy {
		return s.spread(lateTidyDelay)
	}
	return s.spread(doubled(firstTidyDelay, before, tidyDelay))
}

// lasting tells of a refusal that nobody knows: an HTTP status of 4xx blames the request.
func lasting(err *clberr.Error) bool {
	return !err.Known() && err.Status >= 400 && err.Status < 500
}

// doubled is first, doubled as often as something failed before, at most limit.
func doubled(first time.Duration, failures int, limit time.Duration) time.Duration {
	delay := first
	for range min(failures, 16) {
		delay *= 2
	}
	return min(delay, limit)
}

// spread takes up to a fifth off a delay, so that many objects don't come back at once.
func (s State) spread(delay time.Duration) time.Duration {
	return delay - time.Duration(s.Jitter*float64(delay)/5)
}
