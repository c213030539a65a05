package env_test

import (
	"strings"
	"testing"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/env"
)

func TestManagerUploadsBeforeAndAfterACrash(t *testing.T) {
	t.Parallel()
	cluster, simulator := env.Shared(t), env.StartSimulator(t)
	namespace := cluster.Namespace(t)
	manager := env.StartManager(t, cluster, simulator, "--watch-namespaces", namespace)

	upload(t, cluster, namespace, "before")
	manager.Kill(t)
	manager.Start(t)
	upload(t, cluster, namespace, "after")

	if got := simulator.Calls(t, "UploadServerCertificate"); len(got) != 2 || !strings.HasPrefix(got[0].UserAgent, "clbcert/") {
		t.Errorf("the simulator saw %+v, want two uploads by clbcert", got)
	}
	manager.Restart(t)
}

func TestManagerMayElectALeader(t *testing.T) {
	t.Parallel()
	cluster, simulator := env.Shared(t), env.StartSimulator(t)
	env.StartManager(t, cluster, simulator, "--watch-namespaces", cluster.Namespace(t), "--leader-elect")
	lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: "clbcert", Namespace: "clbcert-system"}}
	env.WaitFor(t, cluster, lease, "a holder", func(l *coordinationv1.Lease) bool {
		return l.Spec.HolderIdentity != nil && *l.Spec.HolderIdentity != ""
	})
}

func upload(t *testing.T, cluster *env.Cluster, namespace, name string) {
	t.Helper()
	secret, err := certs.NewLeaf(t).Secret(name, namespace)
	if err != nil {
		t.Fatal(err)
	}
	if err := cluster.Client.Create(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	object := &v1alpha1.ServerCertificate{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace},
		Spec:       v1alpha1.ServerCertificateSpec{SecretRef: &v1alpha1.SecretReference{Name: name}},
	}
	if err := cluster.Client.Create(t.Context(), object); err != nil {
		t.Fatal(err)
	}
	env.WaitFor(t, cluster, object, "its upload", func(o *v1alpha1.ServerCertificate) bool {
		return o.Status.CertificateID != ""
	})
}
