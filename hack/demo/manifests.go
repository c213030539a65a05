package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/cloud"
	"github.com/clbcert/clbcert/test/env"
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

// binding is what bound.yaml has besides: %s is the load balancer's ID.
const binding = `  bindings:
    - name: default
      listener:
        loadBalancerID: %s
        port: 443
`

// makeListener makes what an operator has long had: a load balancer that the namespace may
// bind, and an HTTPS listener with a certificate that was uploaded by hand. It gives the
// load balancer's ID.
func makeListener(stage *stage, simulator *env.Simulator) string {
	old, err := certs.MakeLeaf(certs.Names("www.example.com"))
	if err != nil {
		stage.Fatalf("issuing a certificate: %v", err)
	}
	key, err := old.KeyPEM(certs.SEC1)
	if err != nil {
		stage.Fatalf("encoding a key: %v", err)
	}
	console := cloud.New(stage, simulator)
	id := console.CreateLoadBalancer(stage, "slb.s2.small", map[string]string{v1alpha1.TagNamespaces: namespace}, "demo")
	console.CreateHTTPSListener(stage, id, 443, console.Upload(stage, "by-hand", nil, old.ChainPEM(), key), "")
	return id
}

const day = 24 * time.Hour

// writeManifests writes the ServerCertificate, the same bound to a listener of the load
// balancer, and three Secrets, each with a
// certificate that an authority made for the demo has issued. It gives the
// renewed certificate's expiry as the status writes it.
func writeManifests(stage *stage, folder, loadBalancerID string) (renewedExpiry string) {
	write(stage, folder, "servercertificate.yaml", []byte(serverCertificate))
	write(stage, folder, "bound.yaml", fmt.Appendf([]byte(serverCertificate), binding, loadBalancerID))
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
