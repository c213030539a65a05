package controller

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/cloud"
	"github.com/clbcert/clbcert/test/env"
)

// otherID is the cluster id of another cluster.
const otherID = "test-2"

// TestWhatIsRestoredIntoAnotherCluster has an object with all that is its own restored on
// another API server, with the same cloud.
func TestWhatIsRestoredIntoAnotherCluster(t *testing.T) {
	t.Parallel()
	other := env.StartCluster(t)
	for because, play := range map[string]func(o *servedObject, saved backup, there *stage){
		"is adopted under the same cluster id":                (*servedObject).moveWithID,
		"is left alone with its status under another":         (*servedObject).copyWithStatus,
		"gets a certificate of its own without it":            (*servedObject).copyWithoutStatus,
		"takes over what the first cluster gives up":          (*servedObject).moveWithoutID,
		"is adopted without its status, the first being lost": (*servedObject).loseCluster,
	} {
		t.Run(because, func(t *testing.T) {
			o := serveOne(t)
			play(o, o.backUp(), o.twin(other))
		})
	}
}

// loseCluster: the first cluster is gone, and the second gets its cluster id. Statuses aren't
// brought back.
func (o *servedObject) loseCluster(saved backup, there *stage) {
	o.Helper()
	o.manager.Kill(o)
	before := o.lastCall()
	there.restoreSecrets(saved)
	there.restoreObjects(saved)
	there.manage(proving...)
	o.awaitReady(there, o.id)
	o.checkServes(o.id)
	o.checkWrites(before)
	renewed := there.renew(o.object, certs.NewLeaf(o.T, covering))
	o.checkServes(renewed)
}

// moveWithID: docs/installation.md, moving for good with the cluster id of the first.
func (o *servedObject) moveWithID(saved backup, there *stage) {
	o.Helper()
	before := o.lastCall()
	o.letGo()
	o.manager.Stop(o)
	there.restoreSecrets(saved)
	there.restoreObjects(saved)
	there.restoreStatuses(saved)
	there.manage(proving...)
	o.awaitReady(there, o.id)
	o.checkServes(o.id)
	o.checkWrites(before)
	renewed := there.renew(o.object, certs.NewLeaf(o.T, covering))
	o.checkServes(renewed)
}

// letGo has the first cluster forget its objects, and leave the cloud as it is.
func (o *servedObject) letGo() {
	o.Helper()
	o.cluster.Kubectl(o, "annotate", "clbcert", "--all", "-n", o.namespace, v1alpha1.AnnotationAbandon+"=true")
	o.cluster.Kubectl(o, "delete", "clbcert", "--all", "-n", o.namespace)
}

// copyWithStatus: what the status names is another cluster's, and stays that.
func (o *servedObject) copyWithStatus(saved backup, there *stage) {
	o.Helper()
	before := o.lastCall()
	there.restoreSecrets(saved)
	there.restoreObjects(saved)
	there.restoreStatuses(saved)
	there.manage(append(proving, "--cluster-id", otherID)...)
	said := there.unready(o.object, v1alpha1.ReasonClusterChanged)
	there.checkSays(said, `"`+clusterID+`"`, `"`+otherID+`"`, "--cluster-id "+clusterID)
	there.checkParts(said, true)
	there.put("web-tls", certs.NewLeaf(o.T, covering))
	there.barrier(o.object)

	there.delete(o.object)
	there.wait(o.object, "why it stays", func(now *v1alpha1.ServerCertificate) bool {
		return now.DeletionTimestamp != nil && condition(now, v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonClusterChanged)
	})
	there.barrier(o.object)
	there.update(o.object, func() { annotated(o.object, v1alpha1.AnnotationAbandon, "true") })
	env.WaitGone(o, there.cluster, o.object)
	o.checkWrites(before)
	o.checkServes(o.id)
	o.barrier(o.object)
	o.awaitReady(o.stage, o.id)
}

// copyWithoutStatus: the copy knows nothing of the first cluster's certificate, and its own
// goes to no listener that serves that one.
func (o *servedObject) copyWithoutStatus(saved backup, there *stage) {
	o.Helper()
	before := o.lastCall()
	there.restoreSecrets(saved)
	there.restoreObjects(saved)
	there.manage(append(proving, "--cluster-id", otherID)...)
	said := there.unready(o.object, v1alpha1.ReasonBindingConflict)
	there.checkSays(said, o.id, `"`+clusterID+`"`, o.balancer+":443")
	own := there.barrier(o.object).Status
	if own.CertificateID == o.id || own.ClusterID != otherID || len(own.Superseded) != 0 {
		o.Errorf("the copy's certificate is %s of %s, superseded %v", own.CertificateID, own.ClusterID, own.Superseded)
	}
	o.checkWrites(before, "UploadServerCertificate")
	o.checkServes(o.id)

	renewed := o.renew(o.object, certs.NewLeaf(o.T, covering)) // the first goes on as before
	o.checkServes(renewed)
	there.delete(o.object)
	env.WaitGone(o, there.cluster, o.object)
	if live := o.live(o.object); len(live) != 2 || live[0].Tags[v1alpha1.TagCluster] != clusterID || live[1].Tags[v1alpha1.TagCluster] != clusterID {
		o.Errorf("the copy is gone, and in the cloud is %+v, want the first cluster's two", live)
	}
	o.checkServes(renewed)
}

// moveWithoutID: docs/installation.md, moving for good with a cluster id of its own.
func (o *servedObject) moveWithoutID(saved backup, there *stage) {
	o.Helper()
	there.restoreSecrets(saved)
	there.restoreObjects(saved)
	there.manage(append(proving, "--cluster-id", otherID)...)
	there.unready(o.object, v1alpha1.ReasonBindingConflict)
	o.letGo()
	o.manager.Stop(o)
	o.checkServes(o.id)
	before := o.lastCall()
	_, err := o.console().API.Call(o.Context(), "UntagResources", cloud.Parameters{
		"ResourceType": "certificate", "ResourceId.1": o.id, "TagKey.1": v1alpha1.TagCluster,
	})
	o.must(err)
	there.cluster.Kubectl(o, "annotate", "clbcert", "--all", "-n", o.namespace, "--overwrite", v1alpha1.AnnotationSyncRequestedAt+"=now")
	now := there.ready(o.object)
	o.checkServes(now.Status.CertificateID)
	o.checkWrites(before, "SetLoadBalancerHTTPSListenerAttribute "+o.balancer+" 443", "SetDomainExtensionAttribute")
	o.console().DeleteCertificate(o, o.id) // nothing serves it any more
}
