package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/clbcert/clbcert/test/env"
)

// blocks finds the manifests on a page.
var blocks = regexp.MustCompile("(?ms)^```ya?ml\n(.*?)^```$")

// makeNamespace makes one unless it is there, or none is named.
func makeNamespace(t *testing.T, cluster *env.Cluster, name string) {
	t.Helper()
	if name == "" {
		return
	}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if err := cluster.Client.Create(t.Context(), namespace); err != nil && !apierrors.IsAlreadyExists(err) {
		t.Fatal(err)
	}
}

func TestCertManagerTakesEveryManifestOfThePages(t *testing.T) {
	t.Parallel()
	cluster := shared(t)
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	for _, page := range append(pages, "../../README.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range blocks.FindAllStringSubmatch(string(text), -1) {
			for manifest := range strings.SplitSeq(block[1], "\n---\n") {
				var object metav1.PartialObjectMetadata
				if yaml.Unmarshal([]byte(manifest), &object) != nil || !strings.HasPrefix(object.APIVersion, "cert-manager.io/") {
					continue
				}
				kinds[object.Kind]++
				makeNamespace(t, cluster, object.Namespace)
				if _, err := cluster.TryKubectl(t.Context(), strings.NewReader(manifest),
					"apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", "-"); err != nil {
					t.Errorf("%s: %v; of\n%s", page, err, manifest)
				}
			}
		}
	}
	if kinds["Certificate"] < 2 || kinds["Issuer"] < 2 || kinds["ClusterIssuer"] < 1 {
		t.Errorf("the pages show %v", kinds)
	}
}
