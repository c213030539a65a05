package plan

import (
	"slices"
	"strings"

	"github.com/clbcert/clbcert/api/v1alpha1"
)

// judgeListeners weighs what is written directly: the first listener that serves something
// else is set.
func (s State) judgeListeners(b binding, sight Sight) judgment {
	for _, port := range b.ports(sight) {
		l, _ := sight.LoadBalancer.listener(port)
		if step := s.set(b, sight, l); step != nil {
			return judgment{step: step}
		}
	}
	return s.served(b)
}

// set is what makes a listener serve the certificate, nil where it does.
func (s State) set(b binding, sight Sight, l Listener) Step {
	if l.serves(b.domain()) == s.Status.CertificateID {
		return nil
	}
	spot := Spot{Key: b.key(), LoadBalancerID: sight.LoadBalancer.ID, Port: l.Port, Domain: b.domain()}
	if b.domain() == "" {
		return SetCertificate{Spot: spot, CertificateID: s.Status.CertificateID, Was: l.CertificateID}
	}
	extension, there := l.extension(b.domain())
	switch {
	case there:
		return SetExtension{Spot: spot, ExtensionID: extension.ID, CertificateID: s.Status.CertificateID, Was: extension.CertificateID}
	case !s.owns(b):
		return ClaimExtension{Key: b.key(), Place: b.place(sight, l.Port)}
	default:
		return CreateExtension{Spot: spot, CertificateID: s.Status.CertificateID}
	}
}

// owns tells that it is on record that the binding's domain had nothing before it. That is
// written down before anything is made: what is taken out later may be deleted by that alone.
func (s State) owns(b binding) bool {
	for _, e := range s.Recorded.Bindings {
		if sameTarget(target(e), b.Binding) {
			return e.OwnsExtension
		}
	}
	return false
}

// judgeLeft is what is to be done for a binding that was taken out of the spec: what was
// made for it goes, unless it serves somebody else by now; all else stays as it is.
func (s State) judgeLeft(b binding) judgment {
	leave := func(why string) judgment { return judgment{step: Leave{Key: b.key(), Why: why}} }
	sight := s.Sights[b.key()]
	switch {
	case b.domain() == "":
		return leave("the default certificate stays as it is")
	case !s.entry(b).OwnsExtension:
		return leave("the domain had a certificate before, and stays as it is")
	case sight.Err != nil:
		obstacle := s.bindingRefusal(b, sight, sight.Err)
		return judgment{reason: obstacle.Reason, message: obstacle.Message}
	case b.Service != nil && sight.Service == nil:
		return leave("the Service is gone")
	case b.Service != nil && sight.Service.Manages():
		return s.judgeLeftService(b, sight)
	default:
		return s.unset(b, sight)
	}
}

// unset deletes the domain extensions that were made for a binding.
func (s State) unset(b binding, sight Sight) judgment {
	leave := func(why string) judgment { return judgment{step: Leave{Key: b.key(), Why: why}} }
	for _, port := range b.ports(sight) {
		l, _ := sight.LoadBalancer.listener(port)
		extension, there := l.extension(b.domain())
		switch {
		case !there:
			continue
		case !s.mayBind(sight, port):
			return leave("namespace " + s.Object.Namespace + " may not bind the load balancer any more")
		case !s.mine(extension.CertificateID):
			return leave("the domain serves certificate " + extension.CertificateID + " by now")
		case s.successor(b, sight, port) != "":
			return judgment{step: Leave{Key: b.key(), Why: "another binding of this object serves it", To: s.successor(b, sight, port)}}
		case s.heir(b, sight) != "":
			return pending(v1alpha1.ReasonProgressing, "%s was taken out: ServerCertificate %s wants it, and it stays until that has taken it over", b.place(sight, port), s.heir(b, sight))
		default:
			return judgment{step: DeleteExtension{
				Spot:        Spot{Key: b.key(), LoadBalancerID: sight.LoadBalancer.ID, Port: port, Domain: b.domain()},
				ExtensionID: extension.ID,
			}}
		}
	}
	return leave("its domain extension is deleted")
}

// successor is the binding in the spec, by name, that comes to the same listener and domain
// by another way; "" where none does.
func (s State) successor(old binding, at Sight, port int32) string {
	for _, b := range s.bindings() {
		sight := s.Sights[b.key()]
		if strings.EqualFold(b.domain(), old.domain()) && sight.LoadBalancer.ID == at.LoadBalancer.ID && slices.Contains(b.ports(sight), port) {
			return b.Name
		}
	}
	return ""
}

// mine tells whether a certificate is one of this object's.
func (s State) mine(id string) bool {
	c, listed := s.find(id)
	return s.Knows(id) || listed && s.Ours(c)
}

// Spot is where a step writes.
type Spot struct {
	// Key is the binding's.
	Key, LoadBalancerID string
	Port                int32
	Domain              string
}

// reasonOfLimit is what a full quota means at a listener.
const reasonOfLimit = v1alpha1.ReasonExtensionLimitExceeded
