package docs

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/cloud"
	"github.com/clbcert/clbcert/test/env"
)

func TestOneSecretIsInEachRegion(t *testing.T) {
	t.Parallel()
	cluster, simulator := env.Shared(t), env.StartSimulator(t)
	shop := cluster.Namespace(t)
	operator := cloud.New(t, simulator)
	balancer := listener(t, operator, certs.NewLeaf(t))
	operator.TagLoadBalancer(t, balancer, map[string]string{v1alpha1.TagNamespaces: shop})
	const name = "shop.example.com"
	if err := cluster.Client.Create(t.Context(), secretOf(t, certs.NewLeaf(t, certs.Names(name)), shop)); err != nil {
		t.Fatal(err)
	}
	env.StartManager(t, cluster, simulator, "--watch-namespaces", shop)

	terminal := &terminal{T: t, cluster: cluster, folder: tree(t), stands: map[string]string{"-n shop": "-n " + shop}}
	terminal.rewrite("docs/examples/multi-region", exampleListener, balancer, "namespace: shop", "namespace: "+shop)
	terminal.play(readPage(t, "docs/multi-region.md"))

	regions, served := []string{}, operator.Listener(t, balancer, 443).CertificateID
	for _, certificate := range simulator.Certificates(t) {
		if certificate.CommonName == name {
			regions = append(regions, certificate.Region)
		} else if certificate.ID == served {
			t.Errorf("the listener serves %+v", certificate)
		}
	}
	slices.Sort(regions)
	if want := []string{"ap-southeast-1", "cn-hangzhou"}; !slices.Equal(regions, want) {
		t.Errorf("the certificate is in %q, want %q", regions, want)
	}
}

// rewrite replaces texts in the manifests of a part of the folder's tree.
func (t *terminal) rewrite(part string, oldNew ...string) {
	t.Helper()
	for _, pattern := range []string{"*.yaml", "*/*.yaml"} {
		files, err := filepath.Glob(filepath.Join(t.folder, part, pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s has no %s: %v", part, pattern, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(strings.NewReplacer(oldNew...).Replace(string(text))), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}
