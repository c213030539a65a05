package monitoring

import (
	"strings"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/env"
)

// stage is a namespace of a real cluster with a cloud and a manager of its own, whose metrics
// are served as an installation serves them.
type stage struct {
	*testing.T
	cluster   *env.Cluster
	cloud     *env.Simulator
	manager   *env.Manager
	namespace string
	component component
}

func setStage(t *testing.T, flags ...string) *stage {
	t.Helper()
	t.Parallel()
	cluster := env.Shared(t)
	s := &stage{T: t, cluster: cluster, cloud: env.StartSimulator(t), namespace: cluster.Namespace(t), component: render(t, cluster)}
	if _, err := cluster.TryKubectl(t.Context(), strings.NewReader(s.component.rest),
		"apply", "--server-side", "--validate=strict", "-f", "-"); err != nil {
		t.Fatal(err)
	}
	s.manager = env.StartManager(t, cluster, s.cloud, append([]string{
		"--watch-namespaces", s.namespace, "--cluster-id", "monitored", "--metrics-secure=true"}, flags...)...)
	return s
}

// scraping is what has Prometheus scrape the stage's manager, as config/prometheus says.
func (s *stage) scraping() string {
	s.Helper()
	_, address, _ := strings.Cut(s.manager.MetricsURL, "://")
	return s.component.scrapeConfig(address, s.token())
}

// token is one of the service account that config/prometheus has Prometheus scrape as.
func (s *stage) token() string {
	s.Helper()
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "clbcert-system", Name: "clbcert-metrics-scraper"}}
	if name := s.component.monitor.Spec.Endpoints[0].Authorization.Credentials.Name; name != account.Name {
		s.Fatalf("Prometheus is to take its token from the Secret %s, which isn't that of the service account %s", name, account.Name)
	}
	request := &authenticationv1.TokenRequest{}
	if err := s.cluster.Client.SubResource("token").Create(s.Context(), account, request); err != nil {
		s.Fatalf("asking for a token: %v", err)
	}
	return request.Status.Token
}

func (s *stage) create(objects ...client.Object) {
	s.Helper()
	for _, object := range objects {
		if err := s.cluster.Client.Create(s.Context(), object); err != nil {
			s.Fatalf("creating %T %s: %v", object, object.GetName(), err)
		}
	}
}

// secret is the Secret `<name>-tls` with a certificate that is valid for a while.
func (s *stage) secret(name string, valid time.Duration) *corev1.Secret {
	s.Helper()
	secret, err := certs.NewLeaf(s.T, certs.Valid(time.Now().Add(-time.Hour), time.Now().Add(valid))).Secret(name+"-tls", s.namespace)
	if err != nil {
		s.Fatal(err)
	}
	return secret
}

// mismatched is that Secret with the key of another certificate.
func (s *stage) mismatched(name string) *corev1.Secret {
	s.Helper()
	secret, other := s.secret(name, month), s.secret(name, month)
	secret.Data[corev1.TLSPrivateKeyKey] = other.Data[corev1.TLSPrivateKeyKey]
	return secret
}

// credentials is a Secret with an access key that nobody has.
func (s *stage) credentials(name string) *corev1.Secret {
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: name},
		StringData: map[string]string{"accessKeyID": "LTAI5tNobodys", "accessKeySecret": "nobodys"}}
}

// put writes what a Secret is to hold.
func (s *stage) put(secret *corev1.Secret) {
	s.Helper()
	if err := s.cluster.Client.Update(s.Context(), secret); err != nil {
		s.Fatalf("updating the Secret %s: %v", secret.Name, err)
	}
}

const month = 30 * 24 * time.Hour

// certificate is a ServerCertificate whose source is the Secret `<name>-tls`.
func (s *stage) certificate(name string, bindings ...v1alpha1.Binding) *v1alpha1.ServerCertificate {
	return &v1alpha1.ServerCertificate{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: name},
		Spec:       v1alpha1.ServerCertificateSpec{SecretRef: &v1alpha1.SecretReference{Name: name + "-tls"}, Bindings: bindings},
	}
}

// listener is a binding to port 443 of a load balancer.
func listener(loadBalancerID string) v1alpha1.Binding {
	return v1alpha1.Binding{Name: "default", Listener: &v1alpha1.ListenerTarget{LoadBalancerID: loadBalancerID, Port: 443}}
}

// awaitReady waits until the condition Ready of the object's present spec has a status.
func (s *stage) awaitReady(object *v1alpha1.ServerCertificate, status metav1.ConditionStatus) *v1alpha1.ServerCertificate {
	s.Helper()
	return env.WaitFor(s, s.cluster, object, "Ready="+string(status), func(o *v1alpha1.ServerCertificate) bool {
		c := meta.FindStatusCondition(o.Status.Conditions, v1alpha1.ConditionReady)
		return c != nil && c.Status == status && c.ObservedGeneration == o.Generation
	})
}
