package controller

import (
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/env"
)

// stage is what one test plays on: a namespace of a real cluster, a cloud and a
// manager of its own.
type stage struct {
	*testing.T
	cluster   *env.Cluster
	cloud     *env.Simulator
	manager   *env.Manager
	namespace string
}

// clusterID is the tests' cluster id.
const clusterID = "test-1"

// setStage starts all but the manager.
func setStage(t *testing.T, simulatorFlags ...string) *stage {
	t.Helper()
	t.Parallel()
	return setStageNow(t, simulatorFlags...)
}

// setStageNow is setStage for a test that isn't to wait for others.
func setStageNow(t *testing.T, simulatorFlags ...string) *stage {
	t.Helper()
	cluster := env.Shared(t)
	return &stage{T: t, cluster: cluster, cloud: env.StartSimulator(t, simulatorFlags...), namespace: cluster.Namespace(t)}
}

// manage starts the manager for the stage's namespace.
func (s *stage) manage(flags ...string) *stage {
	s.Helper()
	s.manager = env.StartManager(s, s.cluster, s.cloud,
		append([]string{"--watch-namespaces", s.namespace, "--cluster-id", clusterID}, flags...)...)
	s.Cleanup(s.checkRights(s.manager))
	return s
}

// checkRights checks at the end that the rights of config/rbac, under which the manager
// ran, were all that it needed.
func (s *stage) checkRights(manager *env.Manager) func() {
	return func() {
		for line := range strings.Lines(manager.Log()) {
			if strings.Contains(line, " is forbidden: ") {
				s.Errorf("a right is missing in config/rbac: %s", line)
			}
		}
	}
}

// create creates objects.
func (s *stage) create(objects ...client.Object) {
	s.Helper()
	for _, object := range objects {
		if err := s.cluster.Client.Create(s.Context(), object); err != nil {
			s.Fatalf("creating %T %s: %v", object, object.GetName(), err)
		}
	}
}

// secret is a Secret with the identity's chain and key.
func (s *stage) secret(name string, identity *certs.Identity) *corev1.Secret {
	s.Helper()
	secret, err := identity.Secret(name, s.namespace)
	if err != nil {
		s.Fatal(err)
	}
	return secret
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

// update changes an object as it is now.
func (s *stage) update(object client.Object, change func()) {
	s.Helper()
	key := client.ObjectKeyFromObject(object)
	for {
		if err := s.cluster.Client.Get(s.Context(), key, object); err != nil {
			s.Fatalf("reading %s: %v", key, err)
		}
		change()
		err := s.cluster.Client.Update(s.Context(), object)
		if err == nil {
			return
		}
		if client.IgnoreNotFound(err) == nil || !strings.Contains(err.Error(), "has been modified") {
			s.Fatalf("updating %s: %v", key, err)
		}
	}
}

// put replaces what a Secret holds.
func (s *stage) put(name string, identity *certs.Identity) {
	s.Helper()
	fresh := s.secret(name, identity)
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: name}}
	s.update(secret, func() { secret.Data = fresh.Data })
}

// ready waits until the object is Ready, for its present spec, and gives it.
func (s *stage) ready(object *v1alpha1.ServerCertificate) *v1alpha1.ServerCertificate {
	s.Helper()
	return env.WaitFor(s, s.cluster, object, "Ready", isReady)
}

// unready waits until the object says Ready=False with the reason.
func (s *stage) unready(object *v1alpha1.ServerCertificate, reason v1alpha1.Reason) *v1alpha1.ServerCertificate {
	s.Helper()
	return env.WaitFor(s, s.cluster, object, "Ready=False, "+string(reason), func(o *v1alpha1.ServerCertificate) bool {
		return condition(o, v1alpha1.ConditionReady, metav1.ConditionFalse, reason)
	})
}

// condition tells whether a condition is so, of the object's present generation.
func condition(o *v1alpha1.ServerCertificate, kind string, status metav1.ConditionStatus, reason v1alpha1.Reason) bool {
	c := meta.FindStatusCondition(o.Status.Conditions, kind)
	return c != nil && c.Status == status && c.Reason == string(reason) && c.ObservedGeneration == o.Generation &&
		o.Status.ObservedGeneration == o.Generation
}

// barrier asks for a sync and waits until it was handled: what could happen by then has.
func (s *stage) barrier(object *v1alpha1.ServerCertificate) *v1alpha1.ServerCertificate {
	s.Helper()
	request := time.Now().Format(time.RFC3339Nano)
	s.update(object, func() {
		if object.Annotations == nil {
			object.Annotations = map[string]string{}
		}
		object.Annotations[v1alpha1.AnnotationSyncRequestedAt] = request
	})
	return env.WaitFor(s, s.cluster, object, "handled sync request", func(o *v1alpha1.ServerCertificate) bool {
		return o.Status.LastHandledSyncRequest == request
	})
}

// uploads are the upload calls so far.
func (s *stage) uploads() []env.SimulatedCall { return s.cloud.Calls(s, "UploadServerCertificate") }

// ids are the IDs of all certificates there are.
func (s *stage) ids() []string {
	s.Helper()
	var ids []string
	for _, c := range s.cloud.Certificates(s) {
		ids = append(ids, c.ID)
	}
	slices.Sort(ids)
	return ids
}
