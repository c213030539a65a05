package operation

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/env"
)

// clusterID is the tests' cluster id.
const clusterID = "test-1"

// stage is what one test plays on: a namespace of a real cluster, a cloud and a
// manager of its own.
type stage struct {
	*testing.T
	cluster   *env.Cluster
	cloud     *env.Simulator
	manager   *env.Manager
	namespace string
	faults    []string // those in force that a test takes away one by one
}

// setStage starts all but the manager.
func setStage(t *testing.T, simulatorFlags ...string) *stage {
	t.Helper()
	t.Parallel()
	cluster := env.Shared(t)
	return &stage{T: t, cluster: cluster, cloud: env.StartSimulator(t, simulatorFlags...), namespace: cluster.Namespace(t)}
}

// manage starts the manager for the stage's namespace.
func (s *stage) manage(flags ...string) *stage {
	s.Helper()
	return s.manageAs(nil, flags...)
}

// manageAs is manage with environment variables, which win over the simulator's key.
func (s *stage) manageAs(variables []string, flags ...string) *stage {
	s.Helper()
	flags = append([]string{"--watch-namespaces", s.namespace, "--cluster-id", clusterID}, flags...)
	s.manager = env.ManagerOf(s, s.cluster, s.cloud, flags, variables)
	return s
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

// certificate is a ServerCertificate of that name whose source is the Secret `<name>-tls`.
func (s *stage) certificate(name string, options ...func(*v1alpha1.ServerCertificate)) *v1alpha1.ServerCertificate {
	object := &v1alpha1.ServerCertificate{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: name},
		Spec:       v1alpha1.ServerCertificateSpec{SecretRef: &v1alpha1.SecretReference{Name: name + "-tls"}},
	}
	for _, option := range options {
		option(object)
	}
	return object
}

// from has the object's source be a certificate of Certificate Management Service.
func from(source v1alpha1.AliCloudCertificate) func(*v1alpha1.ServerCertificate) {
	return func(o *v1alpha1.ServerCertificate) {
		o.Spec.SecretRef, o.Spec.AliCloudCertificate = nil, &source
	}
}

// signedBy has the object use a credentials Secret.
func signedBy(secret string) func(*v1alpha1.ServerCertificate) {
	return func(o *v1alpha1.ServerCertificate) {
		o.Spec.CredentialsSecretRef = &v1alpha1.SecretReference{Name: secret}
	}
}

// secret is a Secret with the identity's chain and key.
func (s *stage) secret(name string, identity *certs.Identity) *corev1.Secret {
	s.Helper()
	secret, err := identity.Secret(name, s.namespace)
	s.must(err)
	return secret
}

// add creates an object with its Secret, if that is its source.
func (s *stage) add(object *v1alpha1.ServerCertificate, options ...certs.Option) *v1alpha1.ServerCertificate {
	s.Helper()
	if ref := object.Spec.SecretRef; ref != nil {
		s.create(s.secret(ref.Name, certs.NewLeaf(s.T, options...)))
	}
	s.create(object)
	return object
}

// update changes an object as it is now.
func (s *stage) update(object client.Object, change func()) {
	s.Helper()
	for {
		s.must(s.cluster.Client.Get(s.Context(), client.ObjectKeyFromObject(object), object))
		change()
		err := s.cluster.Client.Update(s.Context(), object)
		if err != nil && strings.Contains(err.Error(), "has been modified") {
			continue
		}
		s.must(err)
		return
	}
}

// renew puts another certificate into the object's Secret.
func (s *stage) renew(object *v1alpha1.ServerCertificate) {
	s.Helper()
	name := object.Spec.SecretRef.Name
	fresh := s.secret(name, certs.NewLeaf(s.T))
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: name}}
	s.update(secret, func() { secret.Data = fresh.Data })
}

// touch changes a Secret in a way that changes nothing.
func (s *stage) touch(name string) {
	s.Helper()
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: name}}
	s.update(secret, func() { secret.Annotations = map[string]string{"touched": secret.ResourceVersion} })
}

// condition tells whether a condition is so, of the object's present generation.
func condition(o *v1alpha1.ServerCertificate, status metav1.ConditionStatus, reason v1alpha1.Reason) bool {
	c := meta.FindStatusCondition(o.Status.Conditions, v1alpha1.ConditionReady)
	return c != nil && c.Status == status && c.Reason == string(reason) && c.ObservedGeneration == o.Generation
}

// isReady tells whether the object is Ready for its present spec.
func isReady(o *v1alpha1.ServerCertificate) bool {
	return condition(o, metav1.ConditionTrue, v1alpha1.ReasonSynced)
}

// ready waits until the object is Ready, and gives it as kubectl shows it.
func (s *stage) ready(object *v1alpha1.ServerCertificate) *v1alpha1.ServerCertificate {
	s.Helper()
	env.WaitFor(s, s.cluster, object, "Ready", isReady)
	return s.shown(object)
}

// unready waits until the object says Ready=False with the reason, and gives it as kubectl shows it.
func (s *stage) unready(object *v1alpha1.ServerCertificate, reason v1alpha1.Reason) *v1alpha1.ServerCertificate {
	s.Helper()
	env.WaitFor(s, s.cluster, object, "Ready=False, "+string(reason), func(o *v1alpha1.ServerCertificate) bool {
		return condition(o, metav1.ConditionFalse, reason)
	})
	return s.shown(object)
}
