package plan

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/ccm"
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

// afterAnnotation notes what the Service says now, and that it was told so.
func (s State) afterAnnotation(step Annotate, o Outcome) State {
	b, ok := s.bindingOf(step)
	if !ok {
		return s
	}
	service := step.Service
	service.ResourceVersion = o.ResourceVersion
	if step.Annotation == ccm.AnnotationCertificate {
		service.CertificateID = step.Value
	} else {
		service.Extensions, _ = ccm.ParseExtensions(step.Value)
	}
	s.Sights = maps.Clone(s.Sights)
	for key, sight := range s.Sights { // other bindings may be about the same Service
		if sight.Service != nil && sight.Service.Namespace == service.Namespace && sight.Service.Name == service.Name {
			sight.Service = &service
			s.Sights[key] = sight
		}
	}
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
	for _, to := range s.bindings() {
		if entry := s.entry(to); to.Name == step.To {
			entry.OwnsExtension = true
			s = s.putEntry(entry)
		}
	}
	return s.attempted(b, Attempt{})
}
