package controller

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/env"
)

// proving are flags with which what isn't in the cloud is proved to be absent soon.
var proving = []string{"--consistency-window", "500ms", "--api-timeout", "1s"}

// backup is what was saved of a namespace.
type backup struct {
	objects []v1alpha1.ServerCertificate
	secrets []corev1.Secret
}

// backUp saves the ServerCertificates and Secrets of the stage's namespace.
func (s *stage) backUp() backup {
	s.Helper()
	objects, secrets := &v1alpha1.ServerCertificateList{}, &corev1.SecretList{}
	for _, list := range []client.ObjectList{objects, secrets} {
		if err := s.cluster.Client.List(s.Context(), list, client.InNamespace(s.namespace)); err != nil {
			s.Fatalf("saving: %v", err)
		}
	}
	return backup{objects.Items, secrets.Items}
}

// saved is the metadata that a backup brings back: what the API server gives is gone. Some
// tools bring finalizers back, and some don't.
func saved(o client.Object, finalizers []string) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Namespace: o.GetNamespace(), Name: o.GetName(), Labels: o.GetLabels(), Annotations: o.GetAnnotations(), Finalizers: finalizers,
	}
}

// restoreSecrets creates the Secrets, or puts back what they held.
func (s *stage) restoreSecrets(b backup) {
	s.Helper()
	for _, old := range b.secrets {
		secret := &corev1.Secret{ObjectMeta: saved(&old, nil), Type: old.Type, Data: old.Data}
		err := s.cluster.Client.Create(s.Context(), secret)
		if apierrors.IsAlreadyExists(err) {
			s.update(secret, func() { secret.Data = old.Data })
			continue
		}
		s.must(err)
	}
}

// restoreObjects creates the ServerCertificates without their statuses: who creates an object
// can't give it one.
func (s *stage) restoreObjects(b backup) {
	s.Helper()
	for _, old := range b.objects {
		s.create(&v1alpha1.ServerCertificate{ObjectMeta: saved(&old, old.Finalizers), Spec: old.Spec})
	}
}

// restoreStatuses puts the statuses back, over what the manager may have written meanwhile.
func (s *stage) restoreStatuses(b backup) {
	s.Helper()
	for _, old := range b.objects {
		for {
			now := s.get(&old)
			now.Status = *old.Status.DeepCopy()
			err := s.cluster.Client.Status().Update(s.Context(), now)
			if err == nil {
				break
			}
			if !apierrors.IsConflict(err) {
				s.Fatalf("restoring the status of %s: %v", old.Name, err)
			}
		}
	}
}

// lose has the objects go as with their cluster's etcd: no manager sees it.
func (s *stage) lose(objects ...*v1alpha1.ServerCertificate) {
	s.Helper()
	s.manager.Kill(s)
	for _, object := range objects {
		s.update(object, func() { object.Finalizers = nil })
		s.delete(object)
		env.WaitGone(s, s.cluster, object)
	}
}

// twin is the stage in another cluster: the same names and the same cloud.
func (s *stage) twin(cluster *env.Cluster) *stage {
	s.Helper()
	twin := *s
	twin.cluster = cluster
	twin.create(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.namespace}})
	return &twin
}

// covering are the names of certificates that bindings to a.com and its domains are for.
var covering = certs.Names("a.com", "*.a.com")

// checkWrites checks which calls the managers made since a call that change something.
func (s *stage) checkWrites(since int, want ...string) {
	s.Helper()
	if got := writes(s.calls(since)); !slices.Equal(got, want) {
		s.Errorf("the managers wrote %q, want %q", got, want)
	}
}

// checkNoDoubles checks that no certificate was made twice for an object.
func (s *stage) checkNoDoubles() {
	s.Helper()
	seen := map[string]string{}
	for _, c := range s.cloud.Certificates(s) {
		key := c.Tags[v1alpha1.TagCluster] + " " + c.Tags[v1alpha1.TagObject] + " " + c.Digest
		if other := seen[key]; other != "" {
			s.Errorf("certificates %s and %s are the same: %s", other, c.ID, key)
		}
		seen[key] = c.ID
	}
}
