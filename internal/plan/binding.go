package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/ccm"
)

// binding is a place where the certificate is to be served, or was until it was taken out
// of the spec.
type binding struct {
	v1alpha1.Binding
	// Left says that the spec doesn't have it any more.
	Left bool
}

// key names a binding's sight and attempts. Of one name there may be one in the spec and one
// that was taken out.
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

// annotated is the certificate that the Service's annotation names for the binding, where
// the CCM goes by it.
func (b binding) annotated(sight Sight) string {
	switch {
	case b.Service == nil || sight.Service == nil || b.direct(sight):
		return ""
	case b.domain() == "":
		return sight.Service.CertificateID
	default:
		return ccm.Find(sight.Service.Extensions, b.domain())
	}
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

// bindings are the spec's.
func (s State) bindings() []binding {
	all := make([]binding, 0, len(s.Object.Spec.Bindings))
	for _, b := range s.Object.Spec.Bindings {
		all = append(all, binding{b, false})
	}
	return all
}

// everywhere are all bindings there is something to do for.
func (s State) everywhere() []binding { return append(s.bindings(), s.left()...) }
