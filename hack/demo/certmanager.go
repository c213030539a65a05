package main

import (
	"fmt"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/clbcert/clbcert/hack/demo/issuer"
	"github.com/clbcert/clbcert/test/certs"
)

// caIssuer has cert-manager sign with an authority's Secret.
const caIssuer = `apiVersion: cert-manager.io/v1
kind: Issuer
metadata:
  name: authority
  namespace: demo
spec:
  ca:
    secretName: authority
`

// certificate is what cert-manager is to issue.
const certificate = `apiVersion: cert-manager.io/v1
kind: Certificate
metadata:
  name: web
  namespace: demo
spec:
  secretName: web-tls
  dnsNames:
    - www.example.com
    - example.com
  issuerRef:
    name: authority
`

// renewal is what "cmctl renew" writes.
const renewal = `[{"op": "add", "path": "/status/conditions/-", "value":
  {"type": "Issuing", "status": "True", "reason": "ManuallyTriggered", "message": "Certificate re-issuance manually triggered"}}]
`

// certManagerJob has cert-manager's controllers issue and renew, and proves that the
// listener follows. The path is that of hack/certmanager, built.
func (d *demo) certManagerJob(path string) {
	issuer.InstallCRDs(d.stage, d.cluster)
	issuer.StartCertManager(d.stage, path, d.cluster)
	say("cert-manager's own controllers run, too. Its webhook isn't needed here.")
	writeIssuer(d.stage, d.shell.folder)
	d.shell.run("kubectl create namespace " + namespace)

	say("A certificate, and who is to issue it:")
	d.shell.run("cat certificate.yaml")
	d.shell.run("kubectl apply -f authority.yaml -f issuer.yaml -f certificate.yaml")

	say("The object that wants it in CLB, and served by an HTTPS listener:")
	d.shell.run("cat bound.yaml")
	d.shell.run("kubectl apply -f bound.yaml")
	d.shell.run("kubectl wait -n demo --for=condition=Ready --timeout=60s certificate/web")
	d.shell.run("kubectl wait -n demo --for=condition=Ready --timeout=30s clbcert/web")
	d.shell.run("kubectl get certificate,clbcert -n demo")
	first := d.status()

	say("A renewal before its time, asked for as \"cmctl renew web -n demo\" does. Nothing else is touched.")
	d.shell.run("kubectl patch certificate web -n demo --subresource=status --type=json --patch-file=renewal.yaml")
	asked := time.Now()
	d.shell.run("kubectl wait -n demo --for=jsonpath='{.status.superseded[0].certificateID}'=" + first.CertificateID + " --timeout=60s clbcert/web")
	d.shell.run("kubectl wait -n demo --for=condition=Ready --timeout=30s clbcert/web")

	say("%.1f s after the request there is a new certificate, and the listener serves it; the one before is kept"+
		" (revisionHistoryLimit: 1) until the next renewal.", time.Since(asked).Seconds())
	say("The whole way, from the Certificate to the listener, in one view of the kubectl plugin:")
	d.shell.run("kubectl clbcert status web -n demo")
	d.prove(first, d.status())
}

// writeIssuer writes the manifests of an authority made for the demo, of its Issuer, and of
// the Certificate.
func writeIssuer(stage *stage, folder string) {
	authority, err := certs.Make(certs.CommonName("Demo Authority"), certs.CA())
	if err != nil {
		stage.Fatalf("making an authority: %v", err)
	}
	key, err := authority.KeyPEM(certs.PKCS8)
	if err != nil {
		stage.Fatalf("encoding a key: %v", err)
	}
	manifest, err := yaml.Marshal(certs.Secret("authority", namespace, certs.PEM(authority.Chain()), key))
	if err != nil {
		stage.Fatalf("writing a Secret: %v", err)
	}
	for name, content := range map[string]string{
		"authority.yaml": string(manifest), "issuer.yaml": caIssuer, "certificate.yaml": certificate, "renewal.yaml": renewal,
	} {
		write(stage, folder, name, fmt.Append(nil, content))
	}
}
