// Package kstatus asks the library by which Flux, Argo CD's users and kpt judge objects what it makes of a real
// ServerCertificate in each of its states. It judges what users see, never how it comes about.
package kstatus

import (
	"os"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/klog/v2"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/env"
)

func TestMain(m *testing.M) {
	log.SetLogger(klog.Background()) // else the tests' own client complains
	os.Exit(env.Run(m))
}

// stage is what one test plays on: a namespace, a cloud and a manager of its own, and one object with its Secret.
type stage struct {
	*testing.T

	cluster *env.Cluster
	cloud   *env.Simulator
	manager *env.Manager
	object  *v1alpha1.ServerCertificate
	secret  *corev1.Secret
}

func setStage(t *testing.T) *stage {
	t.Helper()
	t.Parallel()
	s := &stage{T: t, cluster: env.Shared(t), cloud: env.StartSimulator(t)}
	namespace := s.cluster.Namespace(t)
	s.manager = env.StartManager(t, s.cluster, s.cloud, "--watch-namespaces", namespace,
		"--api-timeout", "1s", "--consistency-window", "500ms")
	secret, err := certs.NewLeaf(t).Secret("web-tls", namespace)
	if err != nil {
		t.Fatal(err)
	}
	s.secret = secret
	s.object = &v1alpha1.ServerCertificate{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "web"},
		Spec:       v1alpha1.ServerCertificateSpec{SecretRef: &v1alpha1.SecretReference{Name: secret.Name}},
	}
	return s
}

func (s *stage) create(objects ...client.Object) {
	s.Helper()
	for _, object := range objects {
		if err := s.cluster.Client.Create(s.Context(), object); err != nil {
			s.Fatalf("creating %T %s: %v", object, object.GetName(), err)
		}
	}
}

// synced creates the object with its Secret, and waits until it is Ready.
func (s *stage) synced() {
	s.Helper()
	s.create(s.secret, s.object)
	s.becomes("a sync", status.CurrentStatus, v1alpha1.ReasonSynced)
}

// patch merges a change into an object as it is now.
func (s *stage) patch(object client.Object, change string) {
	s.Helper()
	if err := s.cluster.Client.Patch(s.Context(), object, client.RawPatch("application/merge-patch+json", []byte(change))); err != nil {
		s.Fatalf("patching %s: %v", object.GetName(), err)
	}
}

// becomes waits until the manager says a reason of Ready, for the object's present generation, and checks what kstatus
// makes of the object then.
func (s *stage) becomes(after string, want status.Status, reason v1alpha1.Reason) {
	s.Helper()
	object := env.WaitFor(s, s.cluster, s.object, string(reason)+" after "+after, func(o *v1alpha1.ServerCertificate) bool {
		for _, condition := range o.Status.Conditions {
			if condition.Type == v1alpha1.ConditionReady {
				return condition.Reason == string(reason) && o.Status.ObservedGeneration == o.Generation
			}
		}
		return false
	})
	s.check(after, object, want)
}

// check checks what kstatus makes of an object as the API server gave it.
func (s *stage) check(after string, object *v1alpha1.ServerCertificate, want status.Status) {
	s.Helper()
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		s.Fatal(err)
	}
	result, err := status.Compute(&unstructured.Unstructured{Object: content})
	if err != nil {
		s.Fatalf("computing the status after %s: %v", after, err)
	}
	if result.Status != want {
		s.Errorf("after %s it is %s (%s), want %s; its conditions: %+v", after, result.Status, result.Message, want, object.Status.Conditions)
	}
}
