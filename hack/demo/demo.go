package main

import (
	"fmt"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/env"
)

const namespace = "demo"

// demo is the running cast.
type demo struct {
	stage     *stage
	cluster   *env.Cluster
	simulator *env.Simulator
	manager   *env.Manager
	shell     *shell
	// renewedExpiry is the notAfter of the renewed certificate, RFC 3339.
	renewedExpiry string
}

// newDemo starts everything and writes the manifests.
func newDemo(stage *stage) *demo {
	start := time.Now()
	say("Starting kube-apiserver and etcd, a CLB simulator and clbcert's manager, all on 127.0.0.1 …")
	cluster := env.StartCluster(stage)
	simulator := env.StartSimulator(stage)
	manager := env.StartManager(stage, cluster, simulator)
	shell := newShell(stage, cluster)
	expiry := writeManifests(stage, shell.folder, makeListener(stage, simulator))
	say("All are ready after %.1f s. From here on, these are the commands that you would type.", time.Since(start).Seconds())
	return &demo{stage: stage, cluster: cluster, simulator: simulator, manager: manager, shell: shell, renewedExpiry: expiry}
}

// mainJob uploads, renews, and proves what came of it.
func (d *demo) mainJob() {
	d.shell.run("kubectl create namespace " + namespace)

	say("A Secret with a certificate and its key, as an authority or cert-manager would issue it:")
	d.shell.run("kubectl apply -f secret.yaml")
	d.shell.run("kubectl get secret web-tls -n demo")

	say("The object that wants it in CLB:")
	d.shell.run("cat servercertificate.yaml")
	d.shell.run("kubectl apply -f servercertificate.yaml")
	d.shell.run("kubectl wait -n demo --for=condition=Ready --timeout=30s clbcert/web")

	say("It is uploaded: this is its ID in CLB, and its expiry.")
	d.shell.run("kubectl get clbcert -n demo")
	first := d.status()

	say("An HTTPS listener of a load balancer is to serve it:")
	d.shell.run("diff servercertificate.yaml bound.yaml || true")
	d.shell.run("kubectl apply -f bound.yaml")
	d.shell.run("kubectl wait -n demo --for=condition=Bound --timeout=30s clbcert/web")

	say("The certificate is renewed, so the Secret changes. Nothing else is touched.")
	d.shell.run("kubectl apply -f renewed-secret.yaml")
	changed := time.Now()
	d.shell.run("kubectl wait -n demo --for=jsonpath='{.status.notAfter}'=" + d.renewedExpiry + " --timeout=30s clbcert/web")
	d.shell.run("kubectl wait -n demo --for=condition=Ready --timeout=30s clbcert/web")

	say("%.1f s after the change there is a new certificate, and the listener serves it; the one before is kept"+
		" (revisionHistoryLimit: 1) until the next renewal.", time.Since(changed).Seconds())
	d.shell.run("kubectl get clbcert -n demo")
	say("The whole way, from the Secret to the listener, in one view of the kubectl plugin:")
	d.shell.run("kubectl clbcert status web -n demo")
	d.prove(first, d.status())
}

// status is the object's.
func (d *demo) status() v1alpha1.ServerCertificateStatus {
	object := &v1alpha1.ServerCertificate{}
	key := client.ObjectKey{Namespace: namespace, Name: "web"}
	if err := d.cluster.Client.Get(d.stage.ctx, key, object); err != nil {
		d.stage.Fatalf("reading the status: %v", err)
	}
	return object.Status
}

// prove asks the other side: the cloud must hold what the status says.
func (d *demo) prove(first, second v1alpha1.ServerCertificateStatus) {
	held := map[string]env.SimulatedCertificate{}
	for _, certificate := range d.simulator.Certificates(d.stage) {
		held[certificate.ID] = certificate
	}
	for _, status := range []v1alpha1.ServerCertificateStatus{first, second} {
		if held[status.CertificateID].Fingerprint != status.Fingerprint {
			d.stage.Fatalf("the status says that %s has fingerprint %s; the cloud has %q",
				status.CertificateID, status.Fingerprint, held[status.CertificateID].Fingerprint)
		}
	}
	if len(second.Superseded) != 1 || second.Superseded[0].CertificateID != first.CertificateID {
		d.stage.Fatalf("the status supersedes %+v; want %s", second.Superseded, first.CertificateID)
	}
	for _, listener := range d.simulator.Listeners(d.stage) {
		if listener.ServerCertificateID != second.CertificateID {
			d.stage.Fatalf("the listener serves %s; want %s", listener.ServerCertificateID, second.CertificateID)
		}
	}
	say("The simulated cloud holds what the status says, and its listener serves the renewed certificate.")
}

// say tells the person something between two commands.
func say(format string, args ...any) {
	fmt.Printf("\n# "+format+"\n", args...)
}
