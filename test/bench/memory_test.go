package bench

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/test/env"
)

// BenchmarkMemory starts managers that have no objects, in a cluster without Secrets and
// in one with many that are nobody's business.
func BenchmarkMemory(b *testing.B) {
	const secrets, size = 3000, 20 << 10
	once(b, func() {
		w := newWorld(b, env.StartAuditedCluster(b))
		w.simulate(*latency)
		w.unemployed("no objects")
		for _, kind := range []corev1.SecretType{corev1.SecretTypeOpaque, corev1.SecretTypeTLS} {
			w.unrelated(secrets, size, kind)
			w.unemployed(fmt.Sprintf("no objects, %d unrelated Secrets of 20 KiB, %s", secrets, kind))
			if err := w.cluster.Client.DeleteAllOf(w.Context(), &corev1.Secret{}, client.InNamespace(w.namespace)); err != nil {
				w.Fatalf("deleting the Secrets: %v", err)
			}
		}
	})
}

// unrelated creates Secrets that no object names. Most of their size is beside the
// certificate, as that of Helm's releases.
func (w *world) unrelated(n, size int, kind corev1.SecretType) {
	w.Helper()
	identity, err := w.identity(0, 0)
	if err != nil {
		w.Fatal(err)
	}
	w.parallel(n, func(ctx context.Context, i int) error {
		secret, err := identity.Secret(fmt.Sprintf("unrelated-%d", i), w.namespace)
		if err != nil {
			return err
		}
		secret.Type = kind
		secret.Data["more"] = bytes.Repeat([]byte{'.'}, size)
		return w.cluster.Client.Create(ctx, secret)
	})
}

// unemployed measures a manager that has nothing to do.
func (w *world) unemployed(scenario string) {
	w.Helper()
	meter := w.meter()
	w.manage()
	w.calm(w.manager.Process)
	record(w, restartTable, scenario, meter.process()...)
	w.manager.Stop(w)
}
