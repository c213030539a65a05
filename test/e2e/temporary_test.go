package e2e

import (
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
)

func TestATemporaryCertificateIsNotUploaded(t *testing.T) {
	t.Parallel()
	s := setStage(t)
	watch := s.bind(1)
	s.apply(`apiVersion: cert-manager.io/v1
kind: Certificate
metadata:
  name: web
  namespace: %n
  annotations:
    cert-manager.io/issue-temporary-certificate: "true"
spec:
  secretName: web-tls
  dnsNames: [www.example.com]
  issuerRef:
    name: issuer
`) // there is no such issuer yet
	watch.Wait(t, "Ready=False, TemporaryCertificate", func(o *v1alpha1.ServerCertificate) bool {
		c := meta.FindStatusCondition(o.Status.Conditions, v1alpha1.ConditionReady)
		return c != nil && c.Status == metav1.ConditionFalse && c.Reason == string(v1alpha1.ReasonTemporaryCertificate)
	})
	s.barrier(watch)
	if uploads := s.ours("UploadServerCertificate"); len(uploads) != 0 {
		t.Errorf("%d uploads of a temporary certificate", len(uploads))
	}

	s.makeCA("authority")
	s.apply(caIssuer)
	s.checkHeld(s.renewed(watch, "").Status)
	s.barrier(watch)
	if uploads := s.ours("UploadServerCertificate"); len(uploads) != 1 {
		t.Errorf("%d uploads of one issued certificate", len(uploads))
	}
}
