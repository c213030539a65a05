// Package issuer runs what issues certificates beside a test cluster: cert-manager's own
// controllers (hack/certmanager) and Pebble with its DNS server (hack/pebble). Both are
// modules of their own; this package starts their built programs and knows none of their code.
package issuer

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"github.com/clbcert/clbcert/test/env"
)

// InstallCRDs installs cert-manager's, of the version that hack/certmanager is built from.
func InstallCRDs(tb env.TB, cluster *env.Cluster) {
	tb.Helper()
	cmd := exec.CommandContext(tb.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/cert-manager/cert-manager")
	cmd.Dir = filepath.Join(root(tb), "hack", "certmanager")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	folder, err := cmd.Output()
	if err != nil {
		tb.Fatalf("finding cert-manager's CRDs: %v: %s", err, stderr.String())
	}
	crds := filepath.Join(strings.TrimSpace(string(folder)), "deploy", "crds")
	cluster.Kubectl(tb, "apply", "--server-side", "-f", crds)
	cluster.Kubectl(tb, "wait", "--for=condition=Established", "--timeout", env.Patience.String(), "-f", crds)
}

// Build builds one of the two programs, "certmanager" or "pebble", where make has them, and
// gives its path. What is there and up to date is left.
func Build(tb env.TB, name string) string {
	tb.Helper()
	folder := filepath.Join(root(tb), ".bin")
	cmd := exec.CommandContext(tb.Context(), "go", "build", "-o", folder+string(filepath.Separator), ".")
	cmd.Dir = filepath.Join(root(tb), "hack", name)
	if output, err := cmd.CombinedOutput(); err != nil {
		tb.Fatalf("building hack/%s: %v\n%s", name, err, output)
	}
	return filepath.Join(folder, name)
}

// root is the source tree. It needs a build without -trimpath, as tests and the demo are.
func root(tb env.TB) string {
	tb.Helper()
	_, file, _, ok := runtime.Caller(0)
	if !ok || !filepath.IsAbs(file) {
		tb.Fatalf("finding the source tree: this program was built with -trimpath")
	}
	return filepath.Join(filepath.Dir(file), "..", "..", "..")
}

// StartCertManager starts the controllers, with the administrator's rights. The flags are
// those of hack/certmanager.
func StartCertManager(tb env.TB, program string, cluster *env.Cluster, flags ...string) {
	tb.Helper()
	args := append([]string{"--kubeconfig", cluster.Kubeconfig}, flags...)
	start(tb, program, args, regexp.MustCompile(`^(cert-manager's controllers are running)$`))
}

// ACME is a running Pebble.
type ACME struct {
	Directory  string // the URL to begin at
	Nameserver string // HOST:PORT of the DNS server, where Pebble looks, too
	CAFile     string // what to trust for the URL, in PEM
}

// StartPebble starts Pebble and the nameserver of a zone, which takes updates that are
// signed with a key of that name (HMAC-SHA256), here in base64.
func StartPebble(tb env.TB, program, zone, keyName, key string) ACME {
	tb.Helper()
	ca := filepath.Join(tb.TempDir(), "pebble-ca.crt")
	found := start(tb, program, []string{"--zone", zone, "--tsig-name", keyName, "--tsig-secret", key, "--ca-file", ca},
		regexp.MustCompile(`^dns (127\.0\.0\.1:\d+)$`), regexp.MustCompile(`^directory (https://127\.0\.0\.1:\d+/dir)$`))
	return ACME{Nameserver: found[0], Directory: found[1], CAFile: ca}
}

// describe is a program with its flags.
func describe(program string, args []string) string {
	return fmt.Sprintf("%s %s", filepath.Base(program), strings.Join(args, " "))
}
