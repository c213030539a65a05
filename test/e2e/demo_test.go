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
	// The table of the first certificate, and the tree of the last: each link is in order, from
	// cert-manager's Certificate to the listener, and the certificate is another.
	first := regexp.MustCompile(`(?m)^servercertificate\.clbcert\.dev/web +True +(\S+)`).FindSubmatch(output)
	last := regexp.MustCompile(`(?m)^✓ ServerCertificate .*\n.*✓ Certificate web .*\n.*✓ Secret web-tls .*\n.*✓ certificate (\S+) .*\n.*✓ listener lb-\S+$`).FindSubmatch(output)
	if first == nil || last == nil || string(first[1]) == string(last[1]) {
		t.Errorf("the demo shows no renewed certificate on the listener:\n%s", output)
	}
}
