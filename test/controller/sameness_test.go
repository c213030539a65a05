package controller

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/certs"
)

func TestOneCertificateIsUploadedOnceHoweverItIsWritten(t *testing.T) {
	// One worker takes what the watches bring in order: see passed.
	s := setStage(t).manage("--concurrency", "1")
	identity := certs.NewLeaf(t, certs.Kind(certs.RSA2048))
	object := s.certificate("web")
	s.create(s.secret("web-tls", identity), object, s.certificate("barrier"))
	synced := s.ready(object)
	calls := len(s.cloud.Calls(t))

	for because, change := range rewritings(t, identity) {
		t.Run(because, func(t *testing.T) {
			s := s.in(t)
			secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: "web-tls"}}
			s.update(secret, func() { change(secret) })
			s.passed()
			if now := s.get(object); now.ResourceVersion != synced.ResourceVersion {
				t.Errorf("the object was written: %+v", now.Status)
			}
			if more := s.cloud.Calls(t)[calls:]; len(more) != 0 {
				t.Errorf("the cloud was called: %+v", more)
			}
		})
	}

	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: "web-tls"}}
	s.update(secret, func() { secret.Data[corev1.TLSCertKey] = certs.PEM(identity.FullChain()) })
	longer := s.wait(object, "a new ID", func(o *v1alpha1.ServerCertificate) bool {
		return isReady(o) && o.Status.CertificateID != synced.Status.CertificateID
	})
	if longer.Status.Fingerprint != synced.Status.Fingerprint || longer.Status.Digest == synced.Status.Digest || len(s.uploads()) != 2 {
		t.Errorf("a change of the chain alone gave %+v after %d uploads", longer.Status, len(s.uploads()))
	}
}

// rewritings say the same in other words.
func rewritings(t *testing.T, identity *certs.Identity) map[string]func(*corev1.Secret) {
	t.Helper()
	key := func(encoding certs.Encoding, styles ...certs.Style) func(*corev1.Secret) {
		file, err := identity.KeyPEM(encoding)
		if err != nil {
			t.Fatal(err)
		}
		for _, style := range styles {
			file = style(file)
		}
		return func(secret *corev1.Secret) { secret.Data[corev1.TLSPrivateKeyKey] = file }
	}
	reversed := slices.Clone(identity.Chain())
	slices.Reverse(reversed)
	all := map[string]func(*corev1.Secret){
		"the Secret is annotated":    func(secret *corev1.Secret) { secret.Annotations = map[string]string{"renewed": "no"} },
		"the Secret is labelled":     func(secret *corev1.Secret) { secret.Labels = map[string]string{"team": "shop"} },
		"the Secret gets a ca.crt":   func(secret *corev1.Secret) { secret.Data["ca.crt"] = []byte("anything") },
		"the key becomes PKCS#1":     key(certs.PKCS1),
		"the key is PKCS#8 again":    key(certs.PKCS8),
		"the chain begins elsewhere": func(secret *corev1.Secret) { secret.Data[corev1.TLSCertKey] = certs.PEM(reversed) },
	}
	for what, style := range certs.Styles() {
		all["the chain has "+what] = func(secret *corev1.Secret) { secret.Data[corev1.TLSCertKey] = identity.ChainPEM(style) }
		all["the key has "+what] = key(certs.PKCS8, style)
	}
	return all
}

// passed waits until a change of a Secret was dealt with that was made before: the
// object "barrier", which nothing else touches, is seen to follow a later one.
func (s *stage) passed() {
	s.Helper()
	object := s.certificate("barrier")
	secret := certs.Secret("barrier-tls", s.namespace, nil, nil)
	s.create(secret)
	s.unready(object, v1alpha1.ReasonCertificateInvalid)
	s.delete(secret)
	s.unready(object, v1alpha1.ReasonSecretNotFound)
}

// touch changes a Secret in a way that changes nothing.
func (s *stage) touch(name string) {
	s.Helper()
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: name}}
	s.update(secret, func() { secret.Annotations = map[string]string{"touched": "yes"} })
}
