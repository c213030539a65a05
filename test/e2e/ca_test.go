package e2e

import (
	"slices"
	"testing"

	"github.com/clbcert/clbcert/api/v1alpha1"
)

func TestWhatACAIssuesAndRenewsReachesTheListener(t *testing.T) {
	t.Parallel()
	s := setStage(t)
	s.makeCA("authority")
	watch := s.bind(1) // before there is a Secret
	s.apply(caIssuer + `---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata:
  name: web
  namespace: %n
spec:
  secretName: web-tls
  dnsNames: [www.example.com, example.com]
  issuerRef:
    name: issuer
`)
	first := s.renewed(watch, "").Status
	s.checkHeld(first)
	if !slices.Equal(first.DNSNames, []string{"www.example.com", "example.com"}) {
		t.Errorf("the certificate has the names %q", first.DNSNames)
	}

	s.renew("web")
	second := s.renewed(watch, first.CertificateID).Status
	s.checkHeld(second)
	s.checkHeld(first) // revisionHistoryLimit: 1

	s.renew("web")
	third := s.renewed(watch, second.CertificateID).Status
	watch.Wait(t, "the first certificate deleted", func(o *v1alpha1.ServerCertificate) bool {
		return len(o.Status.Superseded) == 1 && o.Status.Superseded[0].CertificateID == second.CertificateID
	})
	s.barrier(watch)
	if serves := s.serves(); serves != third.CertificateID {
		t.Errorf("the listener serves %s, want %s", serves, third.CertificateID)
	}
	ids := []string{first.CertificateID, second.CertificateID, third.CertificateID}
	if bound := s.bound(); !slices.Equal(bound, ids) {
		t.Errorf("the listener was given %q, want %q", bound, ids)
	}
	issued := s.certificate("web").Status.Revision
	if uploads := len(s.ours("UploadServerCertificate")); issued == nil || *issued != len(ids) || uploads != len(ids) {
		t.Errorf("%d uploads, want one for each certificate of %q", uploads, ids)
	}
	var left []string
	for _, held := range s.cloud.Certificates(t) {
		if held.Tags[v1alpha1.TagObject] == s.namespace+"/web" {
			left = append(left, held.ID)
		}
	}
	if slices.Sort(left); len(left) != 2 || slices.Contains(left, first.CertificateID) {
		t.Errorf("the cloud has %q, want the last two of %q", left, ids)
	}
}
