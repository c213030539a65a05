package plan

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/ccm"
	"github.com/clbcert/clbcert/internal/clberr"
)

// How long to wait for somebody else's doing: soon at first, less often when it lasts. What
// happens to Services is watched besides.
const (
	promptTries  = 20
	promptDelay  = 8 * time.Second
	patientDelay = time.Minute
)

// afterServing is the state after a step for bindings was done.
func (s State) afterServing(step Step, o Outcome) State {
	switch step := step.(type) {
	case Survey:
		return s.afterSurvey(step, o)
	case ClaimExtension:
		return s.claimed(step)
	case SetCertificate:
		s = s.see(step.Spot, func(l *Listener) { l.CertificateID = step.CertificateID })
		return s.wrote(step.Key, o.At).boundEvent(step.Spot, step.CertificateID, step.Was)
	case SetExtension:
		s = s.see(step.Spot, func(l *Listener) {
			l.Extensions = withExtension(l.Extensions, Extension{step.ExtensionID, step.Domain, step.CertificateID})
		})
		return s.wrote(step.Key, o.At).boundEvent(step.Spot, step.CertificateID, step.Was)
	case CreateExtension:
		s = s.see(step.Spot, func(l *Listener) {
			l.Extensions = withExtension(l.Extensions, Extension{"", step.Domain, step.CertificateID})
		})
		return s.wrote(step.Key, o.At).boundEvent(step.Spot, step.CertificateID, "")
	case DeleteExtension:
		s = s.see(step.Spot, func(l *Listener) {
			l.Extensions = slices.DeleteFunc(slices.Clone(l.Extensions), func(e Extension) bool { return e.ID == step.ExtensionID })
		})
		return s
	case Annotate:
		return s.afterAnnotation(step, o)
	case Leave:
		return s.afterLeaving(step)
	}
	return s
}

// afterSurvey takes note of what was seen, and of what is to be looked at again.
func (s State) afterSurvey(step Survey, o Outcome) State {
	s.Sights = maps.Clone(s.Sights)
	if s.Sights == nil {
		s.Sights = map[string]Sight{}
	}
	for _, want := range step.Wants {
		if sight, ok := o.Sights[want.Key()]; ok {
			s.Sights[want.Key()] = sight
		}
	}
	for _, want := range step.Wants {
		s = s.note(want.binding, o.At)
	}
	return s
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
	case j.step == nil && j.reason == v1alpha1.ReasonBound:
		return s.attempted(b, Attempt{})
	case j.step != nil: // written, and not to be seen
		return s.rest(b, at, &Obstacle{Reason: v1alpha1.ReasonCloudUnavailable, Message: fmt.Sprintf(
			"%s was set to certificate %s, and still serves %s: it is tried again", b.place(s.Sights[b.key()], 0), s.Status.CertificateID, orNothing(j.seen))})
	}
	attempt := s.Memory.Attempts[b.key()]
	if attempt.Failed == nil && s.Now.Before(attempt.RetryAt) {
		return s // its time hasn't come
	}
	if err := s.Sights[b.key()].Err; err != nil {
		delay := s.delay(err, attempt.Failures)
		return s.attempted(b, Attempt{Failures: attempt.Failures + 1, RetryAt: at.Add(delay)})
	}
	return s.attempted(b, Attempt{Failures: attempt.Failures + 1, RetryAt: at.Add(s.patience(j.reason, attempt.Failures))})
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

// attempted remembers a try; the zero Attempt forgets it.
func (s State) attempted(b binding, attempt Attempt) State {
	s.Memory.Attempts = maps.Clone(s.Memory.Attempts)
	if s.Memory.Attempts == nil {
		s.Memory.Attempts = map[string]Attempt{}
	}
	s.Memory.Attempts[b.key()] = attempt
	if attempt.Failures == 0 {
		delete(s.Memory.Attempts, b.key())
	}
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
		obstacle.Reason = reasonOfLimit
	}
	failures := s.Memory.Attempts[b.key()].Failures
	s = s.rest(b, o.At, obstacle)
	attempt := s.Memory.Attempts[b.key()]
	if obstacle.Reason != reasonOfLimit {
		attempt.RetryAt = o.At.Add(s.delay(o.Err, failures))
	}
	if refusesID(step, o.Err) && o.At.Sub(s.Memory.Since) > s.Window {
		s.Memory.Refused, s.Memory.RefusedAt = s.Status.CertificateID, o.At
	}
	return s.attempted(b, attempt)
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

// bindingOf is the binding that a step is for.
func (s State) bindingOf(step Step) (binding, bool) {
	keyed, ok := step.(interface{ key() string })
	if !ok {
		return binding{}, false
	}
	for _, b := range s.everywhere() {
		if b.key() == keyed.key() {
			return b, true
		}
	}
	return binding{}, false
}

// see changes what was seen of a listener, as it was just written.
func (s State) see(spot Spot, change func(*Listener)) State {
	s.Sights = maps.Clone(s.Sights)
	sight := s.Sights[spot.Key]
	sight.LoadBalancer.Listeners = slices.Clone(sight.LoadBalancer.Listeners)
	for i := range sight.LoadBalancer.Listeners {
		if l := &sight.LoadBalancer.Listeners[i]; l.Port == spot.Port && l.Protocol == "https" {
			change(l)
		}
	}
	s.Sights[spot.Key] = sight
	return s
}

// withExtension puts an extension into a listener's, in place of the one for its domain.
func withExtension(extensions []Extension, e Extension) []Extension {
	l := Listener{Extensions: extensions}
	old, there := l.extension(e.Domain)
	if !there {
		return append(slices.Clone(extensions), e)
	}
	changed := slices.Clone(extensions)
	changed[slices.Index(changed, old)] = e
	return changed
}

// wrote notes that a binding was written, and is to be looked at.
func (s State) wrote(key string, at time.Time) State {
	s.Written = maps.Clone(s.Written)
	if s.Written == nil {
		s.Written = map[string]time.Time{}
	}
	s.Written[key] = at
	return s
}

// boundEvent tells of a listener that was set, and, where nobody here had set what it
// served before, of that.
func (s State) boundEvent(spot Spot, id, was string) State {
	b, ok := s.bindingOf(SetCertificate{Spot: spot})
	if !ok {
		return s
	}
	place := b.place(s.Sights[spot.Key], spot.Port)
	entry := s.entry(b)
	event := Event{Reason: "Bound", Action: "Bind", Message: fmt.Sprintf("Set %s to certificate %s", place, id)}
	switch {
	case entry.Ready && entry.CertificateID == id:
		event.Warning, event.Reason = true, "BindingDrifted"
		event.Message = fmt.Sprintf("Somebody changed %s: it served %s; set back to certificate %s", place, orNothing(was), id)
	case was != "":
		event.Message += ", from certificate " + was
	}
	return s.tell(event).warnUncovered(b)
}

// tell adds an Event. Those of one reason in one pass are one: Kubernetes would count them
// as the same, and drop the others' messages.
func (s State) tell(event Event) State {
	s.Events = slices.Clone(s.Events)
	for i, other := range s.Events {
		if other.Reason == event.Reason {
			s.Events[i].Message += ". " + event.Message
			return s
		}
	}
	s.Events = append(s.Events, event)
	return s
}

// warnUncovered tells once, as it is bound, that a domain isn't the certificate's.
func (s State) warnUncovered(b binding) State {
	if warning := s.uncovered(b); warning != "" && !b.Left {
		s = s.tell(Event{Warning: true, Reason: "DomainNotCovered", Action: "Bind", Message: b.place(s.Sights[b.key()], 0) + ": " + warning})
	}
	return s
}

// claimed notes that what is about to be made for a binding is its own.
func (s State) claimed(step ClaimExtension) State {
	b, ok := s.bindingOf(step)
	if !ok {
		return s
	}
	entry := s.entry(b)
	entry.OwnsExtension, entry.Reason = true, v1alpha1.ReasonProgressing
	return s.putEntry(entry)
}

// putEntry puts a binding's entry into the status.
func (s State) putEntry(entry v1alpha1.BindingStatus) State {
	entries := slices.Clone(s.Status.Bindings)
	entries = slices.DeleteFunc(entries, func(e v1alpha1.BindingStatus) bool {
		return e.Name == entry.Name || sameTarget(target(e), target(entry))
	})
	s.Status.Bindings = append(entries, entry)
	return s
}

// afterAnnotation notes what the Service says now, and that it was told so.
func (s State) afterAnnotation(step Annotate, o Outcome) State {
	b, ok := s.bindingOf(step)
	if !ok {
		return s
	}
	sight := s.Sights[step.Key]
	service := step.Service
	service.ResourceVersion = o.ResourceVersion
	if step.Annotation == ccm.AnnotationCertificate {
		service.CertificateID = step.Value
	} else {
		service.Extensions, _ = ccm.ParseExtensions(step.Value)
	}
	sight.Service = &service
	s.Sights = maps.Clone(s.Sights)
	s.Sights[step.Key] = sight
	if b.Left {
		return s
	}
	entry := s.entry(b)
	entry.AnnotatedCertificateID = s.Status.CertificateID
	s = s.putEntry(entry)
	message := fmt.Sprintf("Set the annotation %s of Service %q to certificate %s", step.Annotation, service.Name, s.Status.CertificateID)
	if step.Was != "" {
		message += ", from " + step.Was
	}
	return s.tell(Event{Reason: "Annotated", Action: "Bind", Message: message}).warnUncovered(b).note(b, o.At)
}

// afterLeaving drops a binding that was taken out of the spec.
func (s State) afterLeaving(step Leave) State {
	b, ok := s.bindingOf(step)
	if !ok {
		return s
	}
	s = s.tell(Event{Reason: "Unbound", Action: "Unbind", Message: fmt.Sprintf(
		"Binding %q of %s was taken out: %s", b.Name, b.place(s.Sights[step.Key], 0), step.Why)})
	s.Status.Bindings = slices.DeleteFunc(slices.Clone(s.Status.Bindings), func(e v1alpha1.BindingStatus) bool {
		return sameTarget(target(e), b.Binding)
	})
	return s.attempted(b, Attempt{})
}

// bindingEntries are the status's bindings, in the spec's order, as they stand by now.
func (s State) bindingEntries() []v1alpha1.BindingStatus {
	var entries []v1alpha1.BindingStatus
	for _, b := range s.everywhere() {
		entry := s.entryNow(b)
		entry.Message = cut(entry.Message, v1alpha1.MaxMessage)
		if old := s.entry(b); old.Reason == entry.Reason {
			entry.Message = steady(old.Message, entry.Message)
		}
		entries = append(entries, entry)
	}
	return entries
}

// entryNow is how a binding stands.
func (s State) entryNow(b binding) v1alpha1.BindingStatus {
	entry := s.entry(b)
	entry.Listener, entry.Service = b.Listener, b.Service
	stand := func(ready bool, reason v1alpha1.Reason, message string) v1alpha1.BindingStatus {
		entry.Ready, entry.Reason, entry.Message = ready, reason, message
		return entry
	}
	sight, seen := s.Sights[b.key()]
	if !seen {
		switch {
		case entry.Reason == "" || entry.Ready && entry.CertificateID != s.Status.CertificateID:
			return stand(false, v1alpha1.ReasonProgressing, "waiting to be bound")
		default:
			return entry
		}
	}
	if sight.Err != nil && transient(sight.Err) && entry.Ready && entry.CertificateID == s.Status.CertificateID {
		return entry // what was in order stays so until something says otherwise
	}
	j := s.assess(b)
	entry.CertificateID = j.seen
	held, refused := s.HeldAt[b.key()], s.resting(b)
	switch {
	case held != "":
		return stand(false, v1alpha1.ReasonDryRun, "--dry-run: would "+held)
	case j.step != nil && refused != nil:
		return stand(false, refused.Reason, refused.Message)
	case j.step != nil:
		return stand(false, v1alpha1.ReasonProgressing, "about to "+j.step.String())
	default:
		return stand(j.reason == v1alpha1.ReasonBound, j.reason, j.message)
	}
}
