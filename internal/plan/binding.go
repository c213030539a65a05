package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/clbcert/clbcert/api/v1alpha1"
)

// binding is a place where the certificate is to be served, or was until it was taken out
// of the spec.
type binding struct {
	v1alpha1.Binding
	// Left says that the spec doesn't have it any more.
	Left bool
}

// key names a binding's sight and attempts. Of one name there may be one in the spec and
// one that was taken out.
func (b binding) key() string {
	if b.Left {
		return "-" + b.Name
	}
	return b.Name
}

// domain is the one that the binding is about, "" for the default certificate.
func (b binding) domain() string {
	if b.Service != nil {
		return string(b.Service.Domain)
	}
	return string(b.Listener.Domain)
}

// ports are those of the listeners that the binding is about.
func (b binding) ports(sight Sight) []int32 {
	if b.Listener != nil {
		return []int32{b.Listener.Port}
	}
	if sight.Service == nil {
		return nil
	}
	return sight.Service.HTTPSPorts
}

// direct tells whether the listeners are written by this controller, and not by the CCM.
func (b binding) direct(sight Sight) bool {
	return b.Listener != nil || sight.Service != nil && !sight.Service.Manages()
}

// place names a listener of the binding's, or, with port 0, its target.
func (b binding) place(sight Sight, port int32) string {
	var text string
	switch {
	case b.Listener != nil:
		text = fmt.Sprintf("listener %s:%d", b.Listener.LoadBalancerID, b.Listener.Port)
	case sight.LoadBalancer.ID != "" && port != 0:
		text = fmt.Sprintf("Service %q, listener %s:%d", b.Service.Name, sight.LoadBalancer.ID, port)
	default:
		text = fmt.Sprintf("Service %q", b.Service.Name)
	}
	if domain := b.domain(); domain != "" {
		text += ", domain " + domain
	}
	return text
}

// sameTarget compares where two bindings lead. Domains compare without case.
func sameTarget(a, b v1alpha1.Binding) bool {
	switch {
	case a.Listener != nil && b.Listener != nil:
		return a.Listener.LoadBalancerID == b.Listener.LoadBalancerID && a.Listener.Port == b.Listener.Port &&
			strings.EqualFold(string(a.Listener.Domain), string(b.Listener.Domain))
	case a.Service != nil && b.Service != nil:
		return a.Service.Name == b.Service.Name && strings.EqualFold(string(a.Service.Domain), string(b.Service.Domain))
	default:
		return false
	}
}

// target is a status entry's binding.
func target(e v1alpha1.BindingStatus) v1alpha1.Binding {
	return v1alpha1.Binding{Name: e.Name, Listener: e.Listener, Service: e.Service}
}

// entry is what the status has of a binding, under whatever name.
func (s State) entry(b binding) v1alpha1.BindingStatus {
	for _, e := range s.Status.Bindings {
		if sameTarget(target(e), b.Binding) {
			e.Name = b.Name
			return e
		}
	}
	return v1alpha1.BindingStatus{Name: b.Name, Listener: b.Listener, Service: b.Service}
}

// left are the bindings that the status has and the spec doesn't any more.
func (s State) left() []binding {
	var left []binding
	for _, e := range s.Status.Bindings {
		same := func(b v1alpha1.Binding) bool { return sameTarget(target(e), b) }
		if !slices.ContainsFunc(s.Object.Spec.Bindings, same) {
			left = append(left, binding{target(e), true})
		}
	}
	return left
}

// bindings are the spec's, but for those whose name the status still has for another
// target: that is given up first.
func (s State) bindings() []binding {
	left := s.left()
	var all []binding
	for _, b := range s.Object.Spec.Bindings {
		if !slices.ContainsFunc(left, func(old binding) bool { return old.Name == b.Name }) {
			all = append(all, binding{b, false})
		}
	}
	return all
}

// everywhere are all bindings there is something to do for.
func (s State) everywhere() []binding { return append(s.bindings(), s.left()...) }

// Attempt is what came of the last try to have a binding served.
type Attempt struct {
	// Failures counts the tries in a row, RetryAt is when the next is due.
	Failures int
	RetryAt  time.Time
	// Failed is why a write was refused; nil where something is waited for. It holds the
	// next back only for what it was tried For.
	Failed *Obstacle
	For    string
}

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

// ServedAt tells whether an object's status says that it is served at a binding's target.
func ServedAt(object *v1alpha1.ServerCertificate, b v1alpha1.Binding) bool {
	return slices.ContainsFunc(object.Status.Bindings, func(e v1alpha1.BindingStatus) bool {
		return e.Ready && sameTarget(target(e), b)
	})
}
