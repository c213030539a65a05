// Package monitoring shows what config/prometheus, config/argocd and the recipes of
// docs/notifications.md do, on the real programs: Prometheus scrapes the built manager over TLS,
// Alertmanager tells its alerts, and the dashboard's queries are run. It is a module of its own,
// so that what only these tests need stays out of the product's go.mod.
package monitoring

import (
	"os"
	"testing"

	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/clbcert/clbcert/test/env"
)

func TestMain(m *testing.M) {
	log.SetLogger(klog.Background()) // else the tests' own client complains
	os.Exit(env.Run(m))
}
