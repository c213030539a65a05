package plan

import (
	"fmt"
	"strings"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/ccm"
)

// judgment is what is to be done for a binding, or, without a step, how it stands.
type judgment struct {
	step    Step
	reason  v1alpha1.Reason // ReasonBound where it is served
	message string
	seen    string // the certificate that is served there
}

func pending(reason v1alpha1.Reason, format string, values ...any) judgment {
	return judgment{reason: reason, message: fmt.Sprintf(format, values...)}
}

// judge weighs what was seen of a binding in the spec: the checks in the order in which
// they are told, then each listener of the target.
func (s State) judge(b binding) judgment {
	sight := s.Sights[b.key()]
	if sight.Err != nil {
		obstacle := s.bindingRefusal(b, sight, sight.Err)
		return judgment{reason: obstacle.Reason, message: obstacle.Message, seen: s.entry(b).CertificateID}
	}
	for _, check := range []func(binding, Sight) *judgment{s.checkService, s.checkLoadBalancer, s.checkRights, s.checkListeners, s.checkRivals, s.checkHolders} {
		if j := check(b, sight); j != nil {
			if j.reason != v1alpha1.ReasonBindingNotAllowed {
				j.seen = s.seen(b, s.known(b, sight))
			}
			return *j
		}
	}
	var j judgment
	sight = s.known(b, sight)
	if b.direct(sight) {
		j = s.judgeListeners(b, sight)
	} else {
		j = s.judgeService(b, sight)
	}
	j.seen = s.seen(b, sight)
	return j
}

// checkService: the Service must be there, and have a Classic Load Balancer.
func (s State) checkService(b binding, sight Sight) *judgment {
	if b.Service == nil {
		return nil
	}
	var j judgment
	switch service := sight.Service; {
	case service == nil:
		j = pending(v1alpha1.ReasonServiceNotFound, "Service %q doesn't exist: create it in namespace %s", b.Service.Name, s.Object.Namespace)
	case service.Unsupported != "":
		j = pending(v1alpha1.ReasonServiceUnsupported, "Service %q %s", service.Name, service.Unsupported)
	case b.domain() != "" && service.Malformed:
		j = pending(v1alpha1.ReasonServiceUnsupported, "the annotation %s of Service %q isn't a list of domain:certificate: mend it", ccm.AnnotationExtensions, service.Name)
	case !service.Manages() || service.LoadBalancerID == "" || sight.LoadBalancer.Found:
		return nil
	default:
		j = pending(v1alpha1.ReasonLoadBalancerNotFound, "%s: InvalidLoadBalancerId.NotFound: the load balancer %s that the Service names isn't in %s",
			b.place(sight, 0), service.LoadBalancerID, s.Region)
	}
	return &j
}

// checkLoadBalancer: one that is written directly must exist.
func (s State) checkLoadBalancer(b binding, sight Sight) *judgment {
	if !b.direct(sight) || sight.LoadBalancer.Found {
		return nil
	}
	j := pending(v1alpha1.ReasonLoadBalancerNotFound, "%s: InvalidLoadBalancerId.NotFound: load balancer %s isn't in %s: correct the ID, or use a load balancer of the certificate's region",
		b.place(sight, 0), sight.LoadBalancer.ID, s.Region)
	return &j
}

// checkListeners: what is written directly must be an HTTPS listener, and able to have a
// domain extension.
func (s State) checkListeners(b binding, sight Sight) *judgment {
	if !b.direct(sight) {
		return nil
	}
	for _, port := range b.ports(sight) {
		var j judgment
		switch l, found := sight.LoadBalancer.listener(port); {
		case !found:
			j = pending(v1alpha1.ReasonListenerNotFound, "%s: ListenerNotFound: the load balancer has no listener at port %d: create an HTTPS listener there", b.place(sight, port), port)
		case l.Protocol != "https":
			j = pending(v1alpha1.ReasonListenerInvalid, "%s is a listener for %s: only an HTTPS listener serves certificates", b.place(sight, port), strings.ToUpper(l.Protocol))
		case b.domain() != "" && sight.LoadBalancer.Shared:
			j = pending(v1alpha1.ReasonListenerInvalid, "%s: a shared-performance load balancer has no domain extensions: use one of guaranteed performance", b.place(sight, port))
		default:
			continue
		}
		return &j
	}
	return nil
}

// checkRights is the binding policy, for what this controller writes itself. Where a Service
// is annotated it is the CCM that writes; the domain that it can't change is ours to write.
func (s State) checkRights(b binding, sight Sight) *judgment {
	for _, port := range s.written(b, sight) {
		if s.mayBind(sight, port) {
			continue
		}
		mend := fmt.Sprintf("put the tag %s=%s on it (its value is * or namespaces separated by commas)", v1alpha1.TagNamespaces, s.Object.Namespace)
		if by := sight.LoadBalancer.TaggedBy; by != "" {
			mend = fmt.Sprintf("its tags don't count while Service %s has the cloud controller manager write some of %s on it: take that out of the Service's annotations", by, v1alpha1.TagPrefix)
		}
		j := pending(v1alpha1.ReasonBindingNotAllowed,
			"%s: namespace %s may not bind load balancer %s: %s, give the object credentials of its own, or start the manager with --binding-policy=Any",
			b.place(sight, 0), s.Object.Namespace, sight.LoadBalancer.ID, mend)
		return &j
	}
	return nil
}

// written are the ports of the listeners that this controller may have to write itself.
func (s State) written(b binding, sight Sight) []int32 {
	if b.direct(sight) {
		return b.ports(sight)
	}
	var ports []int32
	for _, l := range s.outdatedExtensions(b, sight) {
		ports = append(ports, l.Port)
	}
	return ports
}

// checkRivals: the older object keeps a target.
func (s State) checkRivals(b binding, sight Sight) *judgment {
	r := s.older(b, sight)
	if r == nil {
		return nil
	}
	j := pending(v1alpha1.ReasonBindingConflict, "%s is wanted by the older ServerCertificate %s/%s: take the binding out of one of them", b.place(sight, 0), r.Namespace, r.Name)
	return &j
}

// checkHolders: a listener that the CCM manages, or that serves another cluster's
// certificate, isn't taken.
func (s State) checkHolders(b binding, sight Sight) *judgment {
	for _, port := range s.written(b, sight) {
		l, _ := sight.LoadBalancer.listener(port)
		if b.direct(sight) && !ownedBy(l.Owner, sight.Service) && managed(l.Owner, b.domain()) {
			j := pending(v1alpha1.ReasonBindingConflict,
				"%s is managed by the cloud controller manager for Service %s/%s, which would put its own certificate back: bind to the service %q in namespace %s instead",
				b.place(sight, port), l.Owner.Namespace, l.Owner.Name, l.Owner.Name, l.Owner.Namespace)
			return &j
		}
		served := l.serves(b.domain())
		if l.Unlisted {
			j := pending(v1alpha1.ReasonProgressing, "%s serves certificate %s, which isn't in the region's list yet: waiting to see whose it is", b.place(sight, port), served)
			return &j
		}
		if cluster := l.Clusters[served]; cluster != "" && cluster != s.ClusterID {
			j := pending(v1alpha1.ReasonBindingConflict, "%s serves certificate %s of cluster %q by its tag %s: take its binding out there, and point the listener elsewhere",
				b.place(sight, port), served, cluster, v1alpha1.TagCluster)
			return &j
		}
	}
	return nil
}

// ownedBy tells whether a listener was made for just that Service.
func ownedBy(owner, service *ccm.Service) bool {
	return owner != nil && service != nil && owner.Namespace == service.Namespace && owner.Name == service.Name
}

// managed tells whether the CCM would overwrite what a listener serves for a domain. Of a
// Service that this cluster doesn't have nobody here knows.
func managed(owner *ccm.Service, domain string) bool {
	switch {
	case owner == nil:
		return false
	case owner.ResourceVersion == "":
		return true
	case !owner.Manages():
		return false
	case domain != "":
		return len(owner.Extensions) > 0 || owner.Malformed
	default:
		return owner.CertificateID != ""
	}
}

// seen is what the first listener of a binding that doesn't serve the wanted certificate
// serves, or all of them.
func (s State) seen(b binding, sight Sight) string {
	served := ""
	for _, port := range b.ports(sight) {
		l, _ := sight.LoadBalancer.listener(port)
		if served = l.serves(b.domain()); served != s.Status.CertificateID {
			return served
		}
	}
	return served
}

// served is the judgment that all is well.
func (s State) served(b binding) judgment {
	return judgment{reason: v1alpha1.ReasonBound, message: s.uncovered(b)}
}

// uncovered warns of a domain that the certificate isn't for; "" where it is.
func (s State) uncovered(b binding) string {
	domain := strings.ToLower(b.domain())
	names := s.Status.DNSNames
	if s.Wanted != nil && len(s.Wanted.DNSNames) > 0 {
		names = s.Wanted.DNSNames
	}
	if domain == "" || len(names) == 0 {
		return ""
	}
	_, parent, _ := strings.Cut(domain, ".")
	for _, name := range names {
		if name = strings.ToLower(name); name == domain || name == "*."+parent {
			return ""
		}
	}
	return cut(fmt.Sprintf("the certificate doesn't cover %s, only %s", domain, strings.Join(names, ", ")), v1alpha1.MaxMessage)
}
