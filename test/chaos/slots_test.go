package chaos

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/certs"
)

// How large the world is. Each load balancer has a listener at each of the ports. Those that
// bind Services, or bring credentials of their own, come after the others.
const (
	plainSlots   = 60
	serviceSlots = 8
	ownSlots     = 4
	slots        = plainSlots + serviceSlots + ownSlots

	balancers = 6
	listeners = 24
	services  = 6
)

var (
	ports      = []int{443, 8443, 9443, 10443}
	namespaces = []string{"chaos-a", "chaos-b", "chaos-c"}
)

// secret is a Secret of one or several objects, and what it has held.
type secret struct {
	namespace, name string
	history         []*certs.Identity // what it holds, or is to hold, last
	missing         bool
	objects         []*slot
}

// slot is an object that comes and goes, always under the same name.
type slot struct {
	namespace, name string
	secret          *secret
	bindings        []v1alpha1.Binding
	out             map[string]bool // bindings that aren't in the spec now
	state           string          // made, gone or going
	announced       string          // the digest that was decided on last, since it was made
	keys            *keyring        // its own credentials, if it brings any
}

const (
	made  = "made"
	gone  = "gone"
	going = "going"
)

// tag is the object's tag.
func (s *slot) tag() string { return v1alpha1.ObjectTag(s.namespace, s.name) }

// in are the bindings that the spec is to have now.
func (s *slot) in() []v1alpha1.Binding {
	var all []v1alpha1.Binding
	for _, b := range s.bindings {
		if !s.out[b.Name] {
			all = append(all, b)
		}
	}
	return all
}

// object is the slot's as it is made.
func (s *slot) object() *v1alpha1.ServerCertificate {
	object := &v1alpha1.ServerCertificate{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: s.name},
		Spec: v1alpha1.ServerCertificateSpec{
			SecretRef: &v1alpha1.SecretReference{Name: s.secret.name}, Bindings: s.in(),
		},
	}
	if s.keys != nil {
		object.Spec.CredentialsSecretRef = &v1alpha1.SecretReference{Name: s.keys.name}
	}
	return object
}

// newSlot is one that isn't made yet, with a Secret of its own.
func newSlot(namespace string, i int) *slot {
	name := fmt.Sprintf("web-%02d", i)
	s := &slot{namespace: namespace, name: name, out: map[string]bool{}, state: gone, secret: &secret{namespace: namespace, name: name + "-tls"}}
	s.secret.objects = append(s.secret.objects, s)
	return s
}

// newSlots makes the world's plan of plain ones, given the IDs of the load balancers: 24 objects have a
// listener each, 24 a domain on two listeners each, 6 want a listener and 3 a domain that
// another has, and 3 share a Secret and are served nowhere.
func newSlots(ids []string) (all []*slot, secrets []*secret) {
	at := func(n int) (id string, port int32) {
		n %= listeners
		return ids[n%balancers], int32(ports[n/balancers])
	}
	binding := func(name string, n int, domain string) v1alpha1.Binding {
		id, port := at(n)
		return v1alpha1.Binding{Name: name, Listener: &v1alpha1.ListenerTarget{
			LoadBalancerID: id, Port: port, Domain: v1alpha1.Domain(domain),
		}}
	}
	for i := range plainSlots {
		namespace := namespaces[i%len(namespaces)]
		if i >= 57 {
			namespace = namespaces[0]
		}
		s := newSlot(namespace, i)
		switch domain := fmt.Sprintf("d%d.chaos.test", i); {
		case i < 24:
			s.bindings = []v1alpha1.Binding{binding("default", i, "")}
		case i < 48:
			s.bindings = []v1alpha1.Binding{binding("one", i, domain), binding("two", i+1, domain)}
		case i < 54:
			s.bindings = []v1alpha1.Binding{binding("default", i, ""), binding("own", i, domain)}
		case i < 57:
			s.bindings = []v1alpha1.Binding{binding("theirs", i-30, fmt.Sprintf("D%d.Chaos.test", i-30))}
		}
		if i > 57 {
			s.secret = secrets[len(secrets)-1]
			s.secret.objects = append(s.secret.objects, s)
		} else {
			secrets = append(secrets, s.secret)
		}
		all = append(all, s)
	}
	return all, secrets
}

// digest is that of an identity's chain, as in the tag.
func digest(identity *certs.Identity) string {
	hash := sha256.New()
	for _, c := range identity.Chain() {
		hash.Write(c.Raw)
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// current is what the Secret is to hold.
func (s *secret) current() *certs.Identity { return s.history[len(s.history)-1] }

// newIdentity is a renewal. All are for all domains, and valid by any clock that is moved.
func newIdentity() (*certs.Identity, error) {
	const month = 30 * 24 * time.Hour
	return certs.MakeLeaf(certs.Names("chaos.test", "*.chaos.test"), certs.Valid(time.Now().Add(-month), time.Now().Add(month)))
}
