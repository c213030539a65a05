package e2e

import (
	"slices"
	"testing"
	"time"

	"github.com/clbcert/clbcert/api/v1alpha1"
)

func TestACertificateOf90SecondsRenewsThreeTimesByItself(t *testing.T) {
	t.Parallel()
	s := setStage(t)
	s.makeCA("authority")
	watch := s.bind(1)
	s.apply(caIssuer + `---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata:
  name: web
  namespace: %n
spec:
  secretName: web-tls
  duration: 90s
  renewBefore: 65s
  dnsNames: [www.example.com]
  issuerRef:
    name: issuer
`)
	status := s.renewed(watch, "").Status
	ids := []string{status.CertificateID}
	for range 3 { // nobody touches anything
		next := watch.WaitWithin(t, patience, "a renewal by time", func(o *v1alpha1.ServerCertificate) bool {
			return isReady(o) && !slices.Contains(ids, o.Status.CertificateID)
		}).Status
		s.checkHeld(next)
		if lasts := next.NotAfter.Sub(next.NotBefore.Time); lasts < 90*time.Second || lasts > 100*time.Second {
			t.Errorf("the certificate is valid for %s, want 90 s", lasts)
		}
		if !next.NotAfter.After(status.NotAfter.Time) {
			t.Errorf("the renewed one is valid until %s, the one before until %s", next.NotAfter, status.NotAfter)
		}
		ids, status = append(ids, next.CertificateID), next
	}
	s.cluster.Kubectl(t, "delete", "certificate", "web", "-n", s.namespace) // no more of them; the Secret stays
	if last := s.barrier(watch).Status.CertificateID; !slices.Contains(ids, last) {
		ids = append(ids, last)
	}
	if bound := s.bound(); !slices.Equal(bound, ids) {
		t.Errorf("the listener was given %q, want %q", bound, ids)
	}
	if uploads := s.ours("UploadServerCertificate"); len(uploads) != len(ids) {
		t.Errorf("%d uploads of %d certificates", len(uploads), len(ids))
	}
	if serves := s.serves(); serves != ids[len(ids)-1] {
		t.Errorf("the listener serves %s, want the last of %q", serves, ids)
	}
}
