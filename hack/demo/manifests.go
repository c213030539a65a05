package main

import (
	"os"
	"path/filepath"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/clbcert/clbcert/test/certs"
)

// serverCertificate is the object that the demo applies.
const serverCertificate = `apiVersion: clbcert.dev/v1alpha1
kind: ServerCertificate
metadata:
  name: web
  namespace: demo
spec:
  secretRef:
    name: web-tls
`

const day = 24 * time.Hour

// writeManifests writes the ServerCertificate and three Secrets, each with a
// certificate that an authority made for the demo has issued. It gives the
// renewed certificate's expiry as the status writes it.
func writeManifests(stage *stage, folder string) (renewedExpiry string) {
	write(stage, folder, "servercertificate.yaml", []byte(serverCertificate))
	root, err := certs.Make(certs.CommonName("Demo Root"), certs.CA())
	if err != nil {
		stage.Fatalf("making an authority: %v", err)
	}
	authority, err := certs.Make(certs.CommonName("Demo Authority"), certs.CA(), certs.IssuedBy(root))
	if err != nil {
		stage.Fatalf("making an authority: %v", err)
	}
	issue := func(name string, validity time.Duration) *certs.Identity {
		leaf, manifest := secret(stage, authority, validity)
		write(stage, folder, name, manifest)
		return leaf
	}
	issue("secret.yaml", 30*day)
	issue("next-secret.yaml", 180*day)
	return issue("renewed-secret.yaml", 90*day).Certificate.NotAfter.UTC().Format(time.RFC3339)
}

func secret(stage *stage, authority *certs.Identity, validity time.Duration) (leaf *certs.Identity, manifest []byte) {
	now := time.Now()
	leaf, err := certs.Make(certs.IssuedBy(authority), certs.Names("www.example.com", "example.com"),
		certs.Valid(now.Add(-time.Hour), now.Add(validity)))
	if err != nil {
		stage.Fatalf("issuing a certificate: %v", err)
	}
	object, err := leaf.Secret("web-tls", namespace)
	if err != nil {
		stage.Fatalf("making a Secret: %v", err)
	}
	if manifest, err = yaml.Marshal(object); err != nil {
		stage.Fatalf("writing a Secret: %v", err)
	}
	return leaf, manifest
}

func write(stage *stage, folder, name string, content []byte) {
	if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
		stage.Fatalf("writing a manifest: %v", err)
	}
}
