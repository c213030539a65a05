package plan

import (
	"fmt"
	"strings"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/ccm"
)

// judgeService weighs a Service whose listeners the CCM writes by its annotations: they are
// set, and the listeners are watched until they serve what they say.
func (s State) judgeService(b binding, sight Sight) judgment {
	if named := b.annotated(sight); named != s.Status.CertificateID {
		return s.annotate(b, sight, named)
	}
	return s.confirm(b, sight)
}

// annotate sets the Service's annotation, once for each certificate: who puts another value
// back has the last word.
func (s State) annotate(b binding, sight Sight, named string) judgment {
	service := *sight.Service
	if s.entry(b).AnnotatedCertificateID == s.Status.CertificateID {
		return pending(v1alpha1.ReasonBindingConflict,
			"the annotation %s of Service %q was set to certificate %s, and %s has put %q back: let go of it there, or take the binding out",
			annotationOf(b), service.Name, s.Status.CertificateID, manager(sight), named)
	}
	if c, listed := s.find(s.Status.CertificateID); !listed || c.Unlisted {
		if !s.looked(s.Now) {
			return judgment{step: Look{Since: s.Now}} // the CCM looks for it in the list
		}
		return pending(v1alpha1.ReasonServicePending, "%s: waiting until certificate %s is in the region's list, where the cloud controller manager looks for it",
			b.place(sight, 0), s.Status.CertificateID)
	}
	if b.domain() == "" {
		return judgment{step: Annotate{Key: b.key(), Service: service, Annotation: ccm.AnnotationCertificate, Value: s.Status.CertificateID, Was: named}}
	}
	return s.annotateDomain(b, sight, named)
}

// annotateDomain sets one entry of the annotation. Where the entry is there with another
// certificate, the listeners are set first: the CCM can't change a domain's certificate, and
// fails at it while annotation and cloud differ.
func (s State) annotateDomain(b binding, sight Sight, named string) judgment {
	service := *sight.Service
	if outdated := s.outdatedExtensions(b, sight); len(outdated) > 0 {
		return judgment{step: s.set(b, sight, outdated[0])}
	}
	entries := service.Extensions
	if len(entries) == 0 {
		var same bool
		if entries, same = present(sight); !same {
			return pending(v1alpha1.ReasonBindingConflict,
				"the HTTPS listeners of Service %q have different domain extensions, and the annotation %s is for all: make them alike, or name them there yourself", service.Name, ccm.AnnotationExtensions)
		}
	}
	spelt, there := spelling(b, sight)
	if named == "" && !there && !s.owns(b) {
		return judgment{step: ClaimExtension{Key: b.key(), Place: b.place(sight, 0)}}
	}
	value := ccm.FormatExtensions(ccm.With(entries, spelt, s.Status.CertificateID))
	return judgment{step: Annotate{Key: b.key(), Service: service, Annotation: ccm.AnnotationExtensions, Value: value, Was: named}}
}

// spelling is the domain as a listener has it already, if one is there: the CCM compares with
// regard to case, and would delete what differs by that alone.
func spelling(b binding, sight Sight) (domain string, there bool) {
	for _, port := range sight.Service.HTTPSPorts {
		l, _ := sight.LoadBalancer.listener(port)
		if e, there := l.extension(b.domain()); there {
			return e.Domain, true
		}
	}
	return b.domain(), false
}

// outdatedExtensions are the Service's listeners that have the domain with another
// certificate, before the annotation is set.
func (s State) outdatedExtensions(b binding, sight Sight) []Listener {
	if b.domain() == "" || sight.Service == nil || s.entry(b).AnnotatedCertificateID == s.Status.CertificateID {
		return nil
	}
	var outdated []Listener
	for _, port := range sight.Service.HTTPSPorts {
		l, _ := sight.LoadBalancer.listener(port)
		if e, there := l.extension(b.domain()); there && e.CertificateID != s.Status.CertificateID {
			outdated = append(outdated, l)
		}
	}
	return outdated
}

// present are the domain extensions that the Service's listeners have: a first annotation
// names them all, for the CCM deletes what it doesn't name. They must be the same ones.
func present(sight Sight) (entries []ccm.Extension, same bool) {
	first := true
	for _, port := range sight.Service.HTTPSPorts {
		l, found := sight.LoadBalancer.listener(port)
		if !found {
			continue
		}
		if first {
			for _, e := range l.Extensions {
				entries = ccm.With(entries, e.Domain, e.CertificateID)
			}
			first = false
			continue
		}
		if len(l.Extensions) != len(entries) {
			return nil, false
		}
		for _, e := range l.Extensions {
			if ccm.Find(entries, e.Domain) != e.CertificateID {
				return nil, false
			}
		}
	}
	return entries, true
}

// confirm looks at the listeners of a Service that is annotated as wanted.
func (s State) confirm(b binding, sight Sight) judgment {
	if sight.LoadBalancer.ID == "" {
		return pending(v1alpha1.ReasonServicePending, "%s: waiting for the cloud controller manager to give it a load balancer; if that lasts, look at the Service's Events",
			b.place(sight, 0))
	}
	for _, port := range sight.Service.HTTPSPorts {
		l, found := sight.LoadBalancer.listener(port)
		switch {
		case !found:
			return pending(v1alpha1.ReasonServicePending, "%s: ListenerNotFound: waiting for the cloud controller manager to make the listener; if that lasts, look at the Service's Events", b.place(sight, port))
		case l.serves(b.domain()) == s.Status.CertificateID:
		case s.leftAlone(b) && l.serves(b.domain()) != "" && s.mayBind(sight, port):
			return judgment{step: s.set(b, sight, l)} // and the CCM wants the same
		default:
			return pending(v1alpha1.ReasonServicePending, "%s serves %s: waiting for the cloud controller manager to set certificate %s; if that lasts, look at the Service's Events",
				b.place(sight, port), orNothing(l.serves(b.domain())), s.Status.CertificateID)
		}
	}
	return s.served(b)
}

// leftAlone tells that the CCM won't set what a listener serves: it doesn't look again by
// itself at one that was as it should be, and can't change a domain's certificate. One that
// was changed before it was seen to be as it should be shows by lasting.
func (s State) leftAlone(b binding) bool {
	attempt := s.Memory.Attempts[b.key()]
	return b.domain() != "" || s.entry(b).BoundCertificateID == s.Status.CertificateID ||
		attempt.For == s.attemptFor(b) && attempt.Failures >= promptTries
}

// judgeLeftService takes a domain out of the Service's annotation. Others' entries stay, and
// the CCM deletes what isn't named any more; of an empty annotation it takes no notice.
func (s State) judgeLeftService(b binding, sight Sight) judgment {
	service := *sight.Service
	named := ccm.Find(service.Extensions, b.domain())
	switch {
	case named != "" && !s.mine(named):
		return judgment{step: Leave{Key: b.key(), Why: "the annotation names certificate " + named + " by now"}}
	case named != "":
		value := ccm.FormatExtensions(ccm.Without(service.Extensions, b.domain()))
		return judgment{step: Annotate{Key: b.key(), Service: service, Annotation: ccm.AnnotationExtensions, Value: value, Was: named}}
	case len(service.Extensions) > 0:
		return judgment{step: Leave{Key: b.key(), Why: "it isn't in the annotation any more, and the cloud controller manager deletes the domain extension"}}
	default:
		return s.unset(b, sight)
	}
}

// annotationOf is the annotation that a binding is about.
func annotationOf(b binding) string {
	if b.domain() == "" {
		return ccm.AnnotationCertificate
	}
	return ccm.AnnotationExtensions
}

func manager(sight Sight) string {
	if sight.Manager == "" {
		return "somebody"
	}
	return fmt.Sprintf("%q", sight.Manager)
}

func orNothing(id string) string {
	if strings.TrimSpace(id) == "" {
		return "nothing"
	}
	return "certificate " + id
}
