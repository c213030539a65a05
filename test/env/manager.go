package env

import (
	"context"
	"net/http"
)

// Region is the region of a manager that StartManager starts.
const Region = "cn-hangzhou"

// Manager is a running bin/manager.
type Manager struct {
	*Process

	// HealthURL serves /healthz and /readyz.
	HealthURL string
	// MetricsURL serves /metrics.
	MetricsURL string
}

// StartManager starts a manager on the cluster, as the user that config/rbac
// gives rights to, with the simulator for its cloud. It sees all namespaces
// unless the flags name some with --watch-namespaces. The flags come after this
// package's and so win over them.
func StartManager(tb TB, cluster *Cluster, simulator *Simulator, flags ...string) *Manager {
	tb.Helper()
	return ManagerOf(tb, cluster, simulator, flags, nil)
}

// ManagerOf is StartManager with environment variables (NAME=value), which win
// over the simulator's access key.
func ManagerOf(tb TB, cluster *Cluster, simulator *Simulator, flags, variables []string) *Manager {
	tb.Helper()
	return ManagerAt(tb, Program(tb, "manager"), cluster, simulator, flags, variables)
}

// ManagerAt is ManagerOf with another build of the program than the project's.
func ManagerAt(tb TB, path string, cluster *Cluster, simulator *Simulator, flags, variables []string) *Manager {
	tb.Helper()
	addresses, err := freeAddresses(tb.Context(), 2)
	if err != nil {
		tb.Fatalf("%v", err)
	}
	manager := &Manager{HealthURL: "http://" + addresses[0], MetricsURL: "http://" + addresses[1]}
	manager.Process = &Process{
		name: "manager",
		path: path,
		args: append([]string{
			"--kubeconfig", cluster.ManagerKubeconfig,
			"--clb-endpoint", simulator.URL,
			"--sts-endpoint", simulator.URL,
			"--clb-ca-file", simulator.CAFile,
			"--region", Region,
			"--health-probe-bind-address", addresses[0],
			"--metrics-bind-address", addresses[1],
		}, flags...),
		env: append([]string{
			"ALIBABA_CLOUD_ACCESS_KEY_ID=" + AccessKeyID,
			"ALIBABA_CLOUD_ACCESS_KEY_SECRET=" + AccessKeySecret,
		}, variables...),
		ready: func(ctx context.Context) error {
			return awaitOK(ctx, http.DefaultClient, manager.HealthURL+"/readyz")
		},
	}
	manager.runFor(tb)
	return manager
}
