package env_test

import (
	"strings"
	"testing"

	"github.com/clbcert/clbcert/test/env"
)

// The API server warns of what the namespace's Pod Security level refuses.
func TestManifestsAreTakenWithoutAWarning(t *testing.T) {
	t.Parallel()
	cluster := env.Shared(t)
	for folder, wants := range map[string][]string{
		"../../config/default": {
			"namespace/clbcert-system", "customresourcedefinition.apiextensions.k8s.io/servercertificates.clbcert.dev",
			"serviceaccount/clbcert-manager", "clusterrole.rbac.authorization.k8s.io/clbcert-manager",
			"clusterrolebinding.rbac.authorization.k8s.io/clbcert-manager", "deployment.apps/clbcert-manager",
		},
		"../../config/samples": {"servercertificate.clbcert.dev/web"},
	} {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			taken := cluster.Kubectl(t, "apply", "--server-side", "--dry-run=server", "--warnings-as-errors", "-k", folder)
			for _, want := range wants {
				if !strings.Contains(taken, want) {
					t.Errorf("%s is not in %s", want, taken)
				}
			}
		})
	}
}
