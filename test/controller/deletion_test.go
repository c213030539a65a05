package controller

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/env"
)

// retained has the cloud left as it is.
func retained(o *v1alpha1.ServerCertificate) { o.Spec.DeletionPolicy = v1alpha1.DeletionPolicyRetain }

// annotated sets an annotation.
func annotated(o *v1alpha1.ServerCertificate, key, value string) {
	if o.Annotations == nil {
		o.Annotations = map[string]string{}
	}
	o.Annotations[key] = value
}

// sync creates the object with its Secret and waits until it is Ready.
func (s *stage) sync(object *v1alpha1.ServerCertificate) *v1alpha1.ServerCertificate {
	s.Helper()
	s.create(s.secret(object.Spec.SecretRef.Name, certs.NewLeaf(s.T)), object)
	return s.ready(object)
}

// gone waits until the object is gone, and checks how many certificates it left.
func (s *stage) gone(object *v1alpha1.ServerCertificate, left int) {
	s.Helper()
	env.WaitGone(s, s.cluster, object)
	if live := s.live(object); len(live) != left {
		s.Errorf("%s left %d certificates, want %d: %+v", object.Name, len(live), left, live)
	}
}

func TestAnObjectGoesWithItsCertificates(t *testing.T) {
	s := setStage(t, "--list-lag", "300ms").manage("--consistency-window", "500ms", "--api-timeout", "1s")
	cases := map[string]struct {
		options []func(*v1alpha1.ServerCertificate)
		before  func(*stage, *v1alpha1.ServerCertificate)
		left    int
	}{
		"by default all of them": {nil, func(s *stage, o *v1alpha1.ServerCertificate) { s.renew(o, certs.NewLeaf(s.T)) }, 0},
		"with Retain none": {[]func(*v1alpha1.ServerCertificate){retained},
			func(s *stage, o *v1alpha1.ServerCertificate) { s.renew(o, certs.NewLeaf(s.T)) }, 2},
		"also when the Secret went first": {nil, func(s *stage, o *v1alpha1.ServerCertificate) {
			s.delete(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: o.Spec.SecretRef.Name}})
			s.unready(o, v1alpha1.ReasonSecretNotFound)
		}, 0},
		"also when it is suspended": {nil, func(s *stage, o *v1alpha1.ServerCertificate) {
			s.update(o, func() { o.Spec.Suspend = true })
		}, 0},
		"also when its status was wiped": {nil, func(s *stage, o *v1alpha1.ServerCertificate) {
			s.manager.Kill(s)
			s.wipe(o)
			s.delete(o)
			s.manager.Start(s)
		}, 0},
		"with an annotation to abandon that came too early": {nil, func(s *stage, o *v1alpha1.ServerCertificate) {
			s.update(o, func() { annotated(o, v1alpha1.AnnotationAbandon, "yes") })
		}, 0},
	}
	for because, c := range cases {
		t.Run(because, func(t *testing.T) {
			s := s.in(t)
			object := s.certificate(name(because), c.options...)
			s.sync(object)
			c.before(s, object)
			if s.get(object).DeletionTimestamp == nil {
				s.delete(object)
			}
			s.gone(object, c.left)
		})
	}
}

// name is an object's name made of a sentence.
func name(sentence string) string { return strings.ReplaceAll(strings.ToLower(sentence), " ", "-") }

func TestTheFinalizerIsThereOnceItIsNeeded(t *testing.T) {
	s := setStage(t).manage()
	object := s.certificate("web")
	s.create(object)
	if waiting := s.unready(object, v1alpha1.ReasonSecretNotFound); len(waiting.Finalizers) != 0 {
		t.Errorf("finalizers %v before anything was uploaded", waiting.Finalizers)
	}
	s.create(s.secret("web-tls", certs.NewLeaf(t)))
	if synced := s.ready(object); len(synced.Finalizers) != 1 || synced.Finalizers[0] != v1alpha1.Finalizer {
		t.Errorf("finalizers %v, want %s", synced.Finalizers, v1alpha1.Finalizer)
	}
	bad := s.certificate("bad")
	s.create(bad)
	s.unready(bad, v1alpha1.ReasonSecretNotFound)
	s.delete(bad)
	s.gone(bad, 0)
}

func TestAnObjectWhoseUploadWasRefusedGoesAtOnce(t *testing.T) {
	s := setStage(t).manage()
	s.cloud.SetFaults(t, "UploadServerCertificate=CertificateFormatInvalid")
	object := s.certificate("web")
	s.create(s.secret("web-tls", certs.NewLeaf(t)), object)
	s.unready(object, v1alpha1.ReasonRejectedByCloud)
	s.delete(object)
	s.gone(object, 0)
}

func TestAStuckObjectSaysWhyAndCanBeAbandoned(t *testing.T) {
	s := setStage(t).manage()
	object := s.certificate("web")
	id := s.sync(object).Status.CertificateID
	s.cloud.SetFaults(t, "DeleteServerCertificate=CertificateAndPrivateKeyIsRefered")
	s.delete(object)
	stuck := s.wait(object, "why it stays", func(o *v1alpha1.ServerCertificate) bool {
		return condition(o, v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonInUse)
	})
	s.checkSays(stuck, "CertificateAndPrivateKeyIsRefered", "RequestId", v1alpha1.AnnotationAbandon)
	s.checkParts(stuck, false)
	s.update(object, func() { annotated(object, v1alpha1.AnnotationAbandon, "true") })
	s.gone(object, 1)
	if ids := s.ids(); ids[0] != id {
		t.Errorf("the cloud has %v, want %s", ids, id)
	}
}

func TestAStuckObjectGoesOnceItsCertificateIsFree(t *testing.T) {
	s := setStage(t).manage()
	object := s.certificate("web")
	s.sync(object)
	s.cloud.SetFaults(t, "DeleteServerCertificate=CertificateAndPrivateKeyIsRefered")
	s.delete(object)
	s.unready(object, v1alpha1.ReasonInUse)
	s.cloud.SetFaults(t)
	s.gone(object, 0)
}

func TestAStuckObjectGoesWithRetain(t *testing.T) {
	s := setStage(t).manage()
	object := s.certificate("web")
	s.sync(object)
	s.cloud.SetFaults(t, "DeleteServerCertificate=Forbidden.RAM")
	s.delete(object)
	said := s.unready(object, v1alpha1.ReasonUnauthorized)
	s.checkSays(said, "slb:DeleteServerCertificate")
	s.checkParts(said, true)
	s.update(object, func() { retained(object) })
	s.gone(object, 1)
}

// The object must not go while a request of it may still make a certificate.
func TestAnObjectWaitsForItsUpload(t *testing.T) {
	for policy, left := range map[v1alpha1.DeletionPolicy]int{v1alpha1.DeletionPolicyDelete: 0, v1alpha1.DeletionPolicyRetain: 1} {
		t.Run(string(policy), func(t *testing.T) {
			s := setStage(t, "--list-lag", "300ms", "--latency", "400ms").manage("--api-timeout", "2s", "--consistency-window", "500ms")
			object := s.certificate("web", func(o *v1alpha1.ServerCertificate) { o.Spec.DeletionPolicy = policy })
			s.create(s.secret("web-tls", certs.NewLeaf(t)), object)
			s.wait(object, "an intent", isPending)
			s.delete(object)
			s.gone(object, left)
		})
	}
}

func TestOfCredentialsThatWentFirstItSaysWhatToDo(t *testing.T) {
	s := setStage(t).manage()
	credentials := s.credentials("aliyun", env.AccessKeyID, env.AccessKeySecret)
	object := s.certificate("web", signedBy("aliyun"))
	s.create(credentials)
	s.sync(object)
	s.delete(credentials)
	s.unready(object, v1alpha1.ReasonCredentialsInvalid)
	s.delete(object)
	stuck := s.wait(object, "what it needs", func(o *v1alpha1.ServerCertificate) bool {
		return strings.Contains(message(o, v1alpha1.ConditionReady), v1alpha1.AnnotationAbandon)
	})
	s.checkSays(stuck, `"aliyun"`, "create it", "accessKeyID")
	s.checkParts(stuck, false)
	s.create(s.credentials("aliyun", env.AccessKeyID, env.AccessKeySecret))
	s.gone(object, 0)
}
