package env

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
)

// KubectlPath is the control plane's kubectl.
func (c *Cluster) KubectlPath() string { return c.kubectl }

// KubectlEnv is the environment by which kubectl finds the cluster. What kubectl
// caches goes with the cluster: another one may get its port.
func (c *Cluster) KubectlEnv() []string {
	return []string{"KUBECONFIG=" + c.Kubeconfig, "KUBECACHEDIR=" + filepath.Join(c.folder, "kubectl")}
}

// Kubectl runs kubectl as the administrator and gives what it writes on standard
// output. An exit code other than 0 ends the test.
func (c *Cluster) Kubectl(tb TB, args ...string) string {
	tb.Helper()
	return c.mustKubectl(tb, "", args...)
}

// Apply runs "kubectl apply" on manifests in YAML.
func (c *Cluster) Apply(tb TB, manifests string) {
	tb.Helper()
	c.mustKubectl(tb, manifests, "apply", "-f", "-")
}

func (c *Cluster) mustKubectl(tb TB, input string, args ...string) string {
	tb.Helper()
	output, err := c.TryKubectl(tb.Context(), strings.NewReader(input), args...)
	if err != nil {
		tb.Fatalf("%v", err)
	}
	return output
}

// TryKubectl is Kubectl with an input, for commands that may fail: the error
// holds what kubectl wrote on standard error.
func (c *Cluster) TryKubectl(ctx context.Context, input io.Reader, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, c.kubectl, args...)
	cmd.Env = append(minimalEnv(), c.KubectlEnv()...)
	cmd.Stdin = input
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.String(), fmt.Errorf("kubectl %s: %w: %s",
			strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return stdout.String(), nil
}
