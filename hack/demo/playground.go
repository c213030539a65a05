package main

import (
	"fmt"

	"github.com/clbcert/clbcert/test/env"
)

// leaveRunning tells how to go on by hand, and waits for Ctrl-C, or
// for the end of the manager.
func (d *demo) leaveRunning() {
	say("All of it keeps running until you press Ctrl-C here. In another terminal:")
	fmt.Printf(`
export KUBECONFIG=%s
export PATH=%s:$PATH   # for this kubectl, and its plugin
export CLBCERT_CLB_ENDPOINT=%[4]s CLBCERT_STS_ENDPOINT=%[4]s CLBCERT_CLB_CA_FILE=%[5]s CLBCERT_REGION=%[6]s
export ALIBABA_CLOUD_ACCESS_KEY_ID=%[7]s ALIBABA_CLOUD_ACCESS_KEY_SECRET=%[8]s   # the simulator's
cd %[3]s

kubectl clbcert status -n demo --cloud
kubectl get clbcert -n demo -o wide
kubectl describe clbcert web -n demo
kubectl apply -f next-secret.yaml            # one more renewal
kubectl get clbcert -n demo --watch
kubectl clbcert suspend web -n demo && kubectl clbcert plan web -n demo
kubectl clbcert resume web -n demo --wait
kubectl clbcert orphans
kubectl delete clbcert web -n demo           # waits while the listener serves it, and says how to go on
curl --cacert %[5]s %[4]s/state
`, d.cluster.Kubeconfig, d.shell.path(), d.shell.folder, d.simulator.URL, d.simulator.CAFile, env.Region, env.AccessKeyID, env.AccessKeySecret)
	select {
	case <-d.stage.ctx.Done():
		say("Ending.")
	case <-d.manager.Done():
		d.stage.Fatalf("the manager has ended by itself")
	}
}
