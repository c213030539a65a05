package main

import "fmt"

// leaveRunning tells how to go on by hand, and waits for Ctrl-C, or
// for the end of the manager.
func (d *demo) leaveRunning() {
	say("All of it keeps running until you press Ctrl-C here. In another terminal:")
	fmt.Printf(`
export KUBECONFIG=%s
export PATH=%s:$PATH   # for this kubectl
cd %s

kubectl get clbcert -n demo -o wide
kubectl describe clbcert web -n demo
kubectl apply -f next-secret.yaml            # one more renewal
kubectl get clbcert -n demo --watch
kubectl annotate clbcert web -n demo --overwrite clbcert.dev/sync-requested-at="$(date)"
kubectl delete clbcert web -n demo           # waits while the listener serves it, and says how to go on
curl --cacert %s %s/state
`, d.cluster.Kubeconfig, d.shell.path(), d.shell.folder, d.simulator.CAFile, d.simulator.URL)
	select {
	case <-d.stage.ctx.Done():
		say("Ending.")
	case <-d.manager.Done():
		d.stage.Fatalf("the manager has ended by itself")
	}
}
