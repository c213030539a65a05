package security

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/cloud"
	"github.com/clbcert/clbcert/test/env"
)

// config is the folder of the manifests.
const config = "../../config"

// stage is what one test plays on.
type stage struct {
	*testing.T
	cluster   *env.Cluster
	cloud     *env.Simulator
	namespace string
}

func newStage(t *testing.T, cluster *env.Cluster, simulatorFlags ...string) *stage {
	t.Helper()
	return &stage{T: t, cluster: cluster, cloud: env.StartSimulator(t, simulatorFlags...), namespace: cluster.Namespace(t)}
}

// in is the stage for a subtest.
func (s *stage) in(t *testing.T) *stage {
	inner := *s
	inner.T = t
	return &inner
}

// must ends the test on an error.
func (s *stage) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// create creates objects.
func (s *stage) create(objects ...client.Object) {
	s.Helper()
	for _, object := range objects {
		s.must(s.cluster.Client.Create(s.Context(), object))
	}
}

// update changes an object as it is now.
func (s *stage) update(object client.Object, change func()) {
	s.Helper()
	for {
		s.must(s.cluster.Client.Get(s.Context(), client.ObjectKeyFromObject(object), object))
		change()
		err := s.cluster.Client.Update(s.Context(), object)
		if apierrors.IsConflict(err) {
			continue
		}
		s.must(err)
		return
	}
}

// poll waits for what tells nobody when it comes.
func (s *stage) poll(what string, holds func() bool) {
	s.Helper()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for limit := time.Now().Add(env.Patience); !holds(); <-ticker.C {
		if time.Now().After(limit) {
			s.Fatalf("waited %s for %s", env.Patience, what)
		}
	}
}

// certificate is a ServerCertificate of that name whose source is the Secret `<name>-tls`.
func (s *stage) certificate(name string, bindings ...v1alpha1.Binding) *v1alpha1.ServerCertificate {
	return &v1alpha1.ServerCertificate{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: name},
		Spec:       v1alpha1.ServerCertificateSpec{SecretRef: &v1alpha1.SecretReference{Name: name + "-tls"}, Bindings: bindings},
	}
}

// secret is a Secret with a chain and key of its own.
func (s *stage) secret(name string) *corev1.Secret {
	s.Helper()
	secret, err := certs.NewLeaf(s.T, certs.Names("a.com", "*.a.com")).Secret(name, s.namespace)
	s.must(err)
	return secret
}

// renew puts another certificate into the object's Secret, and waits until that is Ready.
func (s *stage) renew(object *v1alpha1.ServerCertificate) {
	s.Helper()
	before := object.DeepCopy()
	s.must(s.cluster.Client.Get(s.Context(), client.ObjectKeyFromObject(object), before))
	fresh := s.secret(object.Spec.SecretRef.Name)
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: fresh.Name}}
	s.update(secret, func() { secret.Data = fresh.Data })
	s.wait(object, "its renewal", func(o *v1alpha1.ServerCertificate) bool {
		return o.Status.CertificateID != before.Status.CertificateID
	})
}

// wait waits until the object holds.
func (s *stage) wait(object *v1alpha1.ServerCertificate, what string, holds func(*v1alpha1.ServerCertificate) bool) *v1alpha1.ServerCertificate {
	s.Helper()
	return env.WaitFor(s, s.cluster, object, what, holds)
}

// says tells whether Ready is so for the object's present spec, with that reason.
func says(status metav1.ConditionStatus, reason v1alpha1.Reason) func(*v1alpha1.ServerCertificate) bool {
	return func(o *v1alpha1.ServerCertificate) bool {
		c := meta.FindStatusCondition(o.Status.Conditions, v1alpha1.ConditionReady)
		return c != nil && c.Status == status && c.Reason == string(reason) && c.ObservedGeneration == o.Generation
	}
}

// synced and bound are Ready, without bindings and with.
var (
	synced = says(metav1.ConditionTrue, v1alpha1.ReasonSynced)
	bound  = says(metav1.ConditionTrue, v1alpha1.ReasonBound)
)

// isBound tells whether a binding serves the object's certificate.
func isBound(name string) func(*v1alpha1.ServerCertificate) bool {
	return func(o *v1alpha1.ServerCertificate) bool {
		for _, b := range o.Status.Bindings {
			if b.Name == name {
				return b.Ready && b.CertificateID == o.Status.CertificateID
			}
		}
		return false
	}
}

// listener makes a load balancer that the namespace may bind, with an HTTPS listener at 443
// that serves somebody's certificate.
func (s *stage) listener() (loadBalancer, certificate string) {
	s.Helper()
	console := cloud.New(s, s.cloud)
	identity := certs.NewLeaf(s.T)
	key, err := identity.KeyPEM(certs.SEC1)
	s.must(err)
	certificate = console.Upload(s, "stranger", nil, identity.ChainPEM(), key)
	loadBalancer = console.CreateLoadBalancer(s, "slb.s2.small", map[string]string{v1alpha1.TagNamespaces: s.namespace}, "")
	console.CreateHTTPSListener(s, loadBalancer, 443, certificate, "")
	console.StartListener(s, loadBalancer, 443)
	return loadBalancer, certificate
}

// toListener is a binding to the listener at 443, of its default certificate or a domain's.
func toListener(name, loadBalancer, domain string) v1alpha1.Binding {
	return v1alpha1.Binding{Name: name, Listener: &v1alpha1.ListenerTarget{LoadBalancerID: loadBalancer, Port: 443, Domain: v1alpha1.Domain(domain)}}
}

// protocolPort is the annotation that gives a Service's port HTTPS.
const protocolPort = "service.beta.kubernetes.io/alibaba-cloud-loadbalancer-protocol-port"

// service is a Service that waits for a load balancer.
func (s *stage) service(name string) *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: name, Annotations: map[string]string{protocolPort: "https:443"}},
		Spec: corev1.ServiceSpec{
			Type: corev1.ServiceTypeLoadBalancer, Selector: map[string]string{"app": name},
			Ports: []corev1.ServicePort{{Name: "https", Port: 443}},
		},
	}
}

// annotated waits until a Service names the object's certificate.
func (s *stage) annotated(service *corev1.Service, object *v1alpha1.ServerCertificate) {
	s.Helper()
	id := s.wait(object, "an ID", func(o *v1alpha1.ServerCertificate) bool { return o.Status.CertificateID != "" }).Status.CertificateID
	env.WaitFor(s, s.cluster, service, "its annotations", func(o *corev1.Service) bool {
		return strings.Contains(o.Annotations["service.beta.kubernetes.io/alibaba-cloud-loadbalancer-cert-id"], id) &&
			strings.Contains(o.Annotations["service.beta.kubernetes.io/alibaba-cloud-loadbalancer-domain-extensions"], id)
	})
}
