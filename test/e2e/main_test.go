// Package e2e tests the whole way of a certificate, from its issue by cert-manager's own
// controllers to the listener that serves it: with a CA, by ACME, and by time alone. It is a
// module of its own, for cert-manager's types; cert-manager and Pebble run as programs.
package e2e

import (
	"os"
	"sync"
	"testing"

	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/log"

	cmapi "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"

	"github.com/clbcert/clbcert/hack/demo/issuer"
	"github.com/clbcert/clbcert/test/env"
)

func TestMain(m *testing.M) {
	log.SetLogger(klog.Background()) // else the tests' own client complains
	os.Exit(env.Run(m))
}

// prepared is what all tests need: cert-manager's CRDs in the shared cluster, and the programs.
var prepared struct {
	once                sync.Once
	done                bool
	certManager, pebble string
}

// shared is the cluster of all tests, prepared.
func shared(t *testing.T) *env.Cluster {
	t.Helper()
	cluster := env.Shared(t)
	prepared.once.Do(func() {
		if err := cmapi.AddToScheme(cluster.Client.Scheme()); err != nil {
			t.Fatal(err)
		}
		prepared.certManager, prepared.pebble = issuer.Build(t, "certmanager"), issuer.Build(t, "pebble")
		issuer.InstallCRDs(t, cluster)
		prepared.done = true
	})
	if !prepared.done {
		t.Fatal("the test that prepared the cluster has failed")
	}
	return cluster
}
