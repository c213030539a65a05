package docs

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"sigs.k8s.io/yaml"

	"github.com/clbcert/clbcert/test/env"
)

func TestEveryManifestIsTaken(t *testing.T) {
	t.Parallel()
	cluster := env.Shared(t)
	count := 0
	for _, page := range allPages(t) {
		for i, block := range page.blocks("yaml") {
			if !strings.Contains(block, "apiVersion:") {
				continue
			}
			count++
			t.Run(fmt.Sprintf("%s %d", page.name, i+1), func(t *testing.T) {
				t.Parallel()
				namespaces(t, cluster, block)
				_, err := cluster.TryKubectl(t.Context(), strings.NewReader(block),
					"apply", "--server-side", "--force-conflicts", "--dry-run=server", "--validate=strict", "-f", "-")
				if err != nil {
					t.Errorf("%v; of\n%s", err, block)
				}
			})
		}
	}
	if count == 0 {
		t.Error("no page has a manifest")
	}
}

// namespaces makes the namespaces that a block's objects are in.
func namespaces(t *testing.T, cluster *env.Cluster, block string) {
	t.Helper()
	for document := range strings.SplitSeq(block, "\n---\n") {
		var object metav1.PartialObjectMetadata
		if err := yaml.Unmarshal([]byte(document), &object); err != nil {
			t.Fatal(err)
		}
		if object.Namespace == "" {
			continue
		}
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: object.Namespace}}
		if err := cluster.Client.Create(t.Context(), namespace); err != nil && !apierrors.IsAlreadyExists(err) {
			t.Fatal(err)
		}
	}
}

func TestEveryCredentialsMapIsTaken(t *testing.T) {
	t.Parallel()
	manager := env.Program(t, "manager")
	maps := 0
	for _, page := range allPages(t) {
		for _, block := range page.blocks("yaml") {
			if !strings.HasPrefix(block, "roles:") {
				continue
			}
			maps++
			file := filepath.Join(t.TempDir(), "credentials-map.yaml")
			if err := os.WriteFile(file, []byte(block), 0o600); err != nil {
				t.Fatal(err)
			}
			// Without credentials the manager gets no further than its flags and files.
			cmd := exec.CommandContext(t.Context(), manager, "--credentials-map", file)
			cmd.Env = []string{}
			output, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || !strings.HasPrefix(string(output), "clbcert: choosing credentials: ") {
				t.Errorf("%s: the manager says %q, %v; of\n%s", page.name, output, err, block)
			}
		}
	}
	if maps == 0 {
		t.Error("no page has a credentials map")
	}
}

func TestEveryJSONBlockIsJSON(t *testing.T) {
	t.Parallel()
	for _, page := range allPages(t) {
		for _, block := range page.blocks("json") {
			if !json.Valid([]byte(block)) {
				t.Errorf("%s: not JSON:\n%s", page.name, block)
			}
		}
	}
}
