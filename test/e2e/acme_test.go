package e2e

import (
	"encoding/base64"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/clbcert/clbcert/hack/demo/issuer"
)

func TestWhatACMEIssuesByDNSReachesTheListener(t *testing.T) {
	t.Parallel()
	shared(t)
	key := base64.StdEncoding.EncodeToString([]byte("a key for the zone's updates"))
	acme := issuer.StartPebble(t, prepared.pebble, "example.com", "cert-manager", key)
	s := setStage(t, "--dns01-nameserver", acme.Nameserver)
	watch := s.bind(1)
	ca, err := os.ReadFile(acme.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	s.apply(strings.NewReplacer("%directory", acme.Directory, "%ca", base64.StdEncoding.EncodeToString(ca),
		"%nameserver", acme.Nameserver, "%key", key).Replace(acmeIssuer))
	s.apply(`apiVersion: cert-manager.io/v1
kind: Certificate
metadata:
  name: web
  namespace: %n
spec:
  secretName: web-tls
  dnsNames: [www.example.com, "*.example.com"]
  issuerRef:
    name: issuer
`)
	first := s.renewed(watch, "").Status
	s.checkHeld(first)
	if names := first.DNSNames; !slices.Contains(names, "www.example.com") || !slices.Contains(names, "*.example.com") || len(names) != 2 {
		t.Errorf("the certificate has the names %q", names)
	}
	if serves := s.serves(); serves != first.CertificateID {
		t.Errorf("the listener serves %s, want %s", serves, first.CertificateID)
	}

	s.renew("web")
	second := s.renewed(watch, first.CertificateID).Status
	s.checkHeld(second)
	s.barrier(watch)
	if bound := s.bound(); !slices.Equal(bound, []string{first.CertificateID, second.CertificateID}) {
		t.Errorf("the listener was given %q, want %s and %s", bound, first.CertificateID, second.CertificateID)
	}
	if uploads := s.ours("UploadServerCertificate"); len(uploads) != 2 {
		t.Errorf("%d uploads of 2 certificates", len(uploads))
	}
}

// acmeIssuer is an Issuer that proves names by RFC 2136.
const acmeIssuer = `apiVersion: v1
kind: Secret
metadata:
  name: zone-key
  namespace: %n
stringData:
  key: %key
---
apiVersion: cert-manager.io/v1
kind: Issuer
metadata:
  name: issuer
  namespace: %n
spec:
  acme:
    server: %directory
    caBundle: %ca
    email: operations@example.com
    privateKeySecretRef:
      name: acme-account
    solvers:
      - dns01:
          rfc2136:
            nameserver: %nameserver
            tsigKeyName: cert-manager
            tsigAlgorithm: HMACSHA256
            tsigSecretSecretRef:
              name: zone-key
              key: key
`
