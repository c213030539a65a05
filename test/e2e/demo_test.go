package e2e

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

func TestTheCertManagerDemoEndsWell(t *testing.T) {
	t.Parallel()
	shared(t)
	demo := filepath.Join(t.TempDir(), "demo")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", demo, "./hack/demo")
	build.Dir = "../.."
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the demo: %v\n%s", err, output)
	}
	output, err := exec.CommandContext(t.Context(), demo, "--cert-manager", prepared.certManager).CombinedOutput()
	if err != nil {
		t.Fatalf("the demo: %v\n%s", err, output)
	}
	// The last table: what the listener serves, and what is superseded by it.
	found := regexp.MustCompile(`(?m)^LISTENER +SERVES +SUPERSEDED\n(lb-\S+) +(\S+) +(\S+)$`).FindSubmatch(output)
	if found == nil || string(found[2]) == string(found[3]) {
		t.Errorf("the demo shows no renewed certificate on the listener:\n%s", output)
	}
}
