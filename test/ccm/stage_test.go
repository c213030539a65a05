package ccm_test

import (
	"os"
	"strconv"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/test/ccm"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/cloud"
	"github.com/clbcert/clbcert/test/env"
)

func TestMain(m *testing.M) { os.Exit(env.Run(m)) }

// stage is what one test plays on: a namespace, a cloud and a CCM of its own.
type stage struct {
	*testing.T
	cluster   *env.Cluster
	simulator *env.Simulator
	cloud     *cloud.Client
	ccm       *ccm.CCM
	namespace string
}

func setStage(t *testing.T, options ...ccm.Option) *stage {
	t.Helper()
	t.Parallel()
	s := &stage{T: t, cluster: env.Shared(t), simulator: env.StartSimulator(t)}
	s.cloud, s.namespace = cloud.New(t, s.simulator), s.cluster.Namespace(t)
	s.ccm = ccm.Start(t, s.cluster, s.cloud, s.namespace, options...)
	return s
}

// upload makes a certificate and gives its ID.
func (s *stage) upload(name string) string {
	s.Helper()
	identity := certs.NewLeaf(s, certs.Kind(certs.RSA2048))
	key, err := identity.KeyPEM(certs.PKCS1)
	if err != nil {
		s.Fatal(err)
	}
	return s.cloud.Upload(s, name, nil, identity.ChainPEM(), key)
}

// annotations are a Service's, by their names without a prefix; "-" takes one off.
type annotations map[string]string

// serve makes a Service of type LoadBalancer whose ports are HTTPS.
func (s *stage) serve(a annotations, ports ...int32) *corev1.Service {
	s.Helper()
	service := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: "web", Annotations: map[string]string{}},
		Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeLoadBalancer},
	}
	var protocols []string
	for _, port := range ports {
		text := strconv.Itoa(int(port))
		protocols = append(protocols, "https:"+text)
		service.Spec.Ports = append(service.Spec.Ports, corev1.ServicePort{Name: "p" + text, Port: port})
	}
	service.Annotations[ccm.Annotation(ccm.ProtocolPort)] = strings.Join(protocols, ",")
	write(service, a)
	if err := s.cluster.Client.Create(s.Context(), service); err != nil {
		s.Fatal(err)
	}
	return service
}

func write(service *corev1.Service, a annotations) {
	for name, value := range a {
		if value == "-" {
			delete(service.Annotations, ccm.Annotation(name))
		} else {
			service.Annotations[ccm.Annotation(name)] = value
		}
	}
}

// change changes a Service as it is now.
func (s *stage) change(service *corev1.Service, edit func()) {
	s.Helper()
	err := retry.RetryOnConflict(retry.DefaultRetry, func() error {
		if err := s.cluster.Client.Get(s.Context(), client.ObjectKeyFromObject(service), service); err != nil {
			return err
		}
		edit()
		return s.cluster.Client.Update(s.Context(), service)
	})
	if err != nil {
		s.Fatal(err)
	}
}

func (s *stage) annotate(service *corev1.Service, a annotations) {
	s.Helper()
	s.change(service, func() { write(service, a) })
}

// synced waits until the CCM has applied the Service as it is, reads it, and gives the ID of its load balancer.
func (s *stage) synced(service *corev1.Service) string {
	s.Helper()
	latest := env.WaitFor(s, s.cluster, service, "the CCM's hash and address", func(o *corev1.Service) bool {
		return ccm.Synced(o) && len(o.Status.LoadBalancer.Ingress) == 1
	})
	latest.DeepCopyInto(service)
	return service.Labels[ccm.LabelLoadBalancer]
}

// refused makes the CCM look at the Service and checks that it fails for the reason.
func (s *stage) refused(service *corev1.Service, reason string) {
	s.Helper()
	if err := s.ccm.Look(s, service.Name); err == nil || !strings.Contains(err.Error(), reason) {
		s.Fatalf("a pass over the Service gave %v, want an error with %q", err, reason)
	}
}

// looked makes the CCM look at the Service and checks that it is content.
func (s *stage) looked(service *corev1.Service) {
	s.Helper()
	if err := s.ccm.Look(s, service.Name); err != nil {
		s.Fatalf("a pass over the Service gave %v", err)
	}
}

// serves checks the certificates of a listener, the default one and those of its extensions.
func (s *stage) serves(balancer string, port int, certificate string, extensions map[string]string) {
	s.Helper()
	listener := s.cloud.Listener(s, balancer, port)
	if listener.CertificateID != certificate {
		s.Errorf("port %d serves %s by default, want %s", port, listener.CertificateID, certificate)
	}
	got := listener.Certificates()
	for domain, id := range extensions {
		if got[domain] != id {
			s.Errorf("port %d serves %q for %s, want %q", port, got[domain], domain, id)
		}
	}
	if len(got) != len(extensions) {
		s.Errorf("port %d has the extensions %v, want %v", port, got, extensions)
	}
}
