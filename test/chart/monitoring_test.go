package chart

import (
	"os/exec"
	"path/filepath"
	"testing"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"

	"github.com/clbcert/clbcert/test/env"
)

// installMonitoring makes the CRDs of the Prometheus operator from its Go types, as the operator's own build does, and
// installs the two that are used here.
func installMonitoring(t *testing.T, cluster *env.Cluster) {
	t.Helper()
	folder := t.TempDir()
	generate := exec.CommandContext(t.Context(), "go", "tool", "-modfile="+root+"/hack/tools/go.mod", "controller-gen",
		"crd", "paths=github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1", "output:dir="+folder)
	if output, err := generate.CombinedOutput(); err != nil {
		t.Fatalf("generating the CRDs: %v\n%s", err, output)
	}
	for _, plural := range []string{monitoringv1.ServiceMonitorName, monitoringv1.PrometheusRuleName} {
		name := monitoringv1.SchemeGroupVersion.Group + "_" + plural + ".yaml"
		cluster.Kubectl(t, "apply", "--server-side", "-f", filepath.Join(folder, name))
		cluster.Kubectl(t, "wait", "--for=condition=Established", "--timeout", env.Patience.String(),
			"crd", plural+"."+monitoringv1.SchemeGroupVersion.Group)
	}
}
