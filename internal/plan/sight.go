package plan

import (
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/ccm"
	"github.com/clbcert/clbcert/internal/clberr"
)

// Sight is what a survey saw of one binding's target.
type Sight struct {
	// Began is when the oldest of its reads of the cloud was asked for.
	Began time.Time
	// Err is why the cloud couldn't be read.
	Err *clberr.Error
	// Service is what a binding to a Service is about; nil where there is no such Service.
	// Manager is who wrote its annotation last, where that isn't what is wanted.
	Service *ccm.Service
	Manager string
	// LoadBalancer is the target's; without an ID where none is known yet.
	LoadBalancer LoadBalancer
	// Rivals are other objects that want the same.
	Rivals []Rival
}

// LoadBalancer is a load balancer as far as a binding is concerned by it.
type LoadBalancer struct {
	ID string
	// Found says that it exists in the region.
	Found bool
	// Shared says that it is a shared-performance instance, without domain extensions.
	Shared bool
	Tags   map[string]string
	// TaggedBy is a Service, as namespace/name, that has the CCM write tags of ours on it.
	TaggedBy string
	// Listeners are all of the load balancer's.
	Listeners []Listener
}

// Listener is a listener of any protocol.
type Listener struct {
	Port     int32
	Protocol string
	// CertificateID is the default certificate's, of an HTTPS listener.
	CertificateID string
	// Extensions are those of a listener that a binding with a domain is about.
	Extensions []Extension
	// Owner is the Service that the CCM made the listener for, by its description: with
	// its names alone where the cluster has no such Service. nil where somebody else made it.
	Owner *ccm.Service
	// Clusters are the cluster tags of the certificates that it serves, by ID. One that is
	// Unlisted is in no list yet, and may be anybody's.
	Clusters map[string]string
	Unlisted bool
}

// Extension is a listener's certificate for one domain.
type Extension struct{ ID, Domain, CertificateID string }

// Rival is another object's wish for the same target.
type Rival struct {
	Namespace, Name string
	Created         metav1.Time
	Terminating     bool
	// OwnCredentials says that the object brings its own, Bound that its status says that
	// it is served there.
	OwnCredentials, Bound bool
	// Service is what it is bound to; nil for a listener.
	Service *ccm.Service
}

// extension finds a listener's extension for a domain.
func (l Listener) extension(domain string) (Extension, bool) {
	for _, e := range l.Extensions {
		if strings.EqualFold(e.Domain, domain) {
			return e, true
		}
	}
	return Extension{}, false
}

// serves is the ID of the certificate that the listener has for a domain, or by default.
func (l Listener) serves(domain string) string {
	if domain == "" {
		return l.CertificateID
	}
	e, _ := l.extension(domain)
	return e.CertificateID
}

// listener finds the load balancer's at a port.
func (b LoadBalancer) listener(port int32) (Listener, bool) {
	for _, l := range b.Listeners {
		if l.Port == port && l.Protocol == "https" {
			return l, true
		}
	}
	for _, l := range b.Listeners {
		if l.Port == port {
			return l, true
		}
	}
	return Listener{}, false
}

// entitled tells whether somebody may bind a listener of a load balancer: the tag on it says
// so, or it is that of their own Service, or RAM decides, with their own credentials.
func (s State) entitled(namespace string, own bool, service *ccm.Service, on LoadBalancer, port int32) bool {
	if s.BindAny || own || service != nil && service.Manages() && madeFor(*service, on, port) {
		return true
	}
	if on.TaggedBy != "" {
		return false // the tag may be a Service's owner's work
	}
	for allowed := range strings.SplitSeq(on.Tags[v1alpha1.TagNamespaces], ",") {
		if allowed = strings.TrimSpace(allowed); allowed == "*" || allowed == namespace {
			return true
		}
	}
	return false
}

// madeFor tells whether the CCM made the load balancer, or the listener, for the Service. The
// Service's label says nothing of that, for its owners can write it; the CCM's own tag and the
// descriptions of listeners they can't.
func madeFor(service ccm.Service, on LoadBalancer, port int32) bool {
	if mark, marked := on.Tags[ccm.TagOwner]; marked {
		return mark == service.Mark
	}
	l, _ := on.listener(port)
	return ownedBy(l.Owner, &service)
}

// mayBind tells whether the object may bind a listener that its binding is about.
func (s State) mayBind(sight Sight, port int32) bool {
	return s.entitled(s.Object.Namespace, s.OwnCredentials, sight.Service, sight.LoadBalancer, port)
}

// known is the sight with no more of the load balancer than the object's owners may see:
// where a Service's load balancer isn't proven to be the Service's, nothing.
func (s State) known(b binding, sight Sight) Sight {
	if b.direct(sight) || !sight.LoadBalancer.Found {
		return sight
	}
	for _, port := range b.ports(sight) {
		if s.mayBind(sight, port) {
			return sight
		}
	}
	sight.LoadBalancer = LoadBalancer{}
	return sight
}

// older is the rival that keeps the target, if one does: of two the older, by creation,
// then by name.
func (s State) older(b binding, sight Sight) *Rival {
	me := s.Object
	for i, r := range sight.Rivals {
		same := me.CreationTimestamp.Equal(&r.Created)
		if me.CreationTimestamp.Before(&r.Created) || same && me.Namespace+"/"+me.Name <= r.Namespace+"/"+r.Name {
			continue
		}
		if s.holds(b, sight, r) {
			return &sight.Rivals[i]
		}
	}
	return nil
}

// holds tells whether a rival has a claim on the target of a binding. Who is Terminating or
// mayn't bind it has none, and neither has who wants to write a listener that the CCM
// manages, unless it serves there.
func (s State) holds(b binding, sight Sight, r Rival) bool {
	switch own := sight.Service; {
	case r.Terminating:
		return false
	case r.Service == nil && !b.direct(sight) && !r.Bound:
		return false
	case r.Service != nil && own != nil && r.Service.Namespace == own.Namespace && r.Service.Name == own.Name:
		return true
	default:
		return slices.ContainsFunc(b.ports(sight), func(port int32) bool {
			return s.entitled(r.Namespace, r.OwnCredentials && r.Bound, r.Service, sight.LoadBalancer, port)
		})
	}
}

// heir is another object that wants the target, and will take it over; "" where none does.
func (s State) heir(b binding, sight Sight) string {
	for _, r := range sight.Rivals {
		if s.holds(b, sight, r) {
			return r.Namespace + "/" + r.Name
		}
	}
	return ""
}
