// Package env gives tests and the demo the real things to run against: a
// kube-apiserver with etcd, the simulator and the manager as processes on the
// loopback interface, namespaces, and waiting by watches. It knows how to start
// and stop them; it never looks into the product's code and judges nothing.
//
// A package's tests share one control plane:
//
//	func TestMain(m *testing.M) { os.Exit(env.Run(m)) }
//
//	func TestSomething(t *testing.T) {
//		t.Parallel()
//		cluster, simulator := env.Shared(t), env.StartSimulator(t)
//		namespace := cluster.Namespace(t)
//		env.StartManager(t, cluster, simulator, "--watch-namespaces", namespace)
//		…
//	}
//
// Everything listens on 127.0.0.1. Where the kernel can (Linux), all processes
// end with the one that started them, however that ends.
package env

import (
	"context"

	"sync"
	"testing"
	"time"
)

// TB is the part of testing.TB that this package uses. The demo has an
// implementation of its own.
type TB interface {
	Context() context.Context
	Cleanup(clean func())
	Errorf(format string, args ...any)
	Failed() bool
	Fatalf(format string, args ...any)
	Helper()
	Logf(format string, args ...any)
	TempDir() string
}

// Patience is how long this package waits for one thing, be it a process to be
// ready or a condition to hold, before it fails the test. It is long because
// machines that run tests can be slow: nothing may rely on it.
const Patience = 60 * time.Second

var shared struct {
	once    sync.Once
	cluster *Cluster
	err     error
}

// Shared is the control plane of this test process, started by the first call.
// Its CRDs and RBAC are those of config/. It ends with Run.
func Shared(tb TB) *Cluster {
	tb.Helper()
	shared.once.Do(func() {
		// Not the first test's context: the others need it longer.
		shared.cluster, shared.err = newCluster(context.WithoutCancel(tb.Context()))
	})
	if shared.err != nil {
		tb.Fatalf("starting the control plane: %v", shared.err)
	}
	return shared.cluster
}

// Run runs a package's tests, ends what they shared, and gives the exit code.
func Run(m *testing.M) int {
	code := m.Run()
	if shared.cluster != nil {
		shared.cluster.stop()
	}
	removePrograms()
	return code
}
