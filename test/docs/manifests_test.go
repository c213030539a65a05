package docs

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"sigs.k8s.io/yaml"

	"github.com/clbcert/clbcert/test/env"
)

// foreign are the API groups that pages show objects of and that aren't served here, each
// with what tries these objects instead.
var foreign = map[string]string{
	"argoproj.io":             "Argo CD's own",
	"cert-manager.io":         "cert-manager's: its controllers run in the end-to-end tests",
	"fluxcd.io":               "Flux's own",
	"kustomize.config.k8s.io": "kustomize's files, which no API server takes: TestEveryKustomizationBuilds",
	"monitoring.coreos.com":   "the Prometheus operator's: the chart's tests",
}

func TestEveryManifestIsTaken(t *testing.T) {
	t.Parallel()
	cluster := env.Shared(t)
	count := 0
	for _, page := range allPages(t) {
		for i, block := range slices.Concat(page.blocks("yaml"), page.blocks("yml")) {
			own := ownObjects(t, page, block)
			if own == "" {
				continue
			}
			count++
			t.Run(fmt.Sprintf("%s %d", page.name, i+1), func(t *testing.T) {
				t.Parallel()
				namespaces(t, cluster, own)
				_, err := cluster.TryKubectl(t.Context(), strings.NewReader(own),
					"apply", "--server-side", "--force-conflicts", "--dry-run=server", "--validate=strict", "-f", "-")
				if err != nil {
					t.Errorf("%v; of\n%s", err, own)
				}
			})
		}
	}
	if count == 0 {
		t.Error("no page has a manifest")
	}
}

// ownObjects are the block's objects, without foreign ones: of these only the form is
// checked, as of YAML that is no object.
func ownObjects(t *testing.T, page page, block string) string {
	t.Helper()
	var own []string
	for document := range strings.SplitSeq(block, "\n---\n") {
		var object metav1.PartialObjectMetadata
		var anything any
		if err := yaml.UnmarshalStrict([]byte(document), &anything); err != nil {
			t.Errorf("%s: %v; of\n%s", page.name, err, document)
		}
		if !strings.Contains(document, "apiVersion:") {
			continue
		}
		if err := yaml.Unmarshal([]byte(document), &object); err != nil {
			t.Errorf("%s: %v; of\n%s", page.name, err, document)
		}
		if group := object.GroupVersionKind().Group; !isForeign(group) {
			own = append(own, document)
		} else if object.Kind == "" {
			t.Errorf("%s: no kind; of\n%s", page.name, document)
		}
	}
	return strings.Join(own, "\n---\n")
}

// isForeign tells whether a group, or one that it is a part of, is foreign.
func isForeign(group string) bool {
	for name := range foreign {
		if group == name || strings.HasSuffix(group, "."+name) {
			return true
		}
	}
	return false
}

func TestEveryKustomizationBuilds(t *testing.T) {
	t.Parallel()
	cluster := env.Shared(t)
	folder, count := tree(t), 0
	build := func(what, at string) {
		count++
		if _, err := cluster.TryKubectl(t.Context(), nil, "kustomize", at); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, page := range allPages(t) {
		for _, block := range page.blocks("yaml") {
			// Pages show those in a folder beside config/default.
			if strings.Contains(block, "resources:\n  - ../default\n") {
				at := filepath.Join(folder, "config", fmt.Sprint("page-", count))
				if err := os.Mkdir(at, 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(at, "kustomization.yaml"), []byte(block), 0o600); err != nil {
					t.Fatal(err)
				}
				build(page.name+":\n"+block, at)
			}
		}
	}
	examples, err := filepath.Glob(filepath.Join(folder, "docs/examples/*/kustomization.yaml"))
	if err != nil || len(examples) == 0 {
		t.Fatalf("no example has a kustomization: %v", err)
	}
	for _, example := range examples {
		build(example, filepath.Dir(example))
	}
	if count == len(examples) {
		t.Error("no page shows a kustomization")
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
