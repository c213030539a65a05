package docs

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/cloud"
	"github.com/clbcert/clbcert/test/env"
)

// demo is the namespace of the README's commands.
const demo = "demo"

// readme plays the README's commands, in the order in which they need each other.
func readme(t *testing.T, cluster *env.Cluster) {
	page, simulator := readPage(t, "README.md"), env.StartSimulator(t)
	installed := &terminal{T: t, cluster: cluster, folder: tree(t), stands: map[string]string{
		"ACCESS_KEY_ID=...": "ACCESS_KEY_ID=" + env.AccessKeyID, "ACCESS_KEY_SECRET=...": "ACCESS_KEY_SECRET=" + env.AccessKeySecret,
	}}
	installed.instead = map[string]func(){
		"make image ":        func() {}, // there may be no container engine
		"make install-yaml ": func() { installed.makeInstallYAML("registry.example.com/clbcert:0.1.0") },
	}
	installed.play(page.section(t, "## Install"))
	manager := deployed(t, cluster, simulator)
	leaf := certs.NewLeaf(t)
	apply(t, cluster, secretOf(t, leaf, cluster.Namespace(t)), v1alpha1.ServerCertificateSpec{Region: env.Region})
	manager.Stop(t)

	env.StartManager(t, cluster, simulator, "--watch-namespaces", demo)
	cluster.Kubectl(t, "create", "namespace", demo)
	leaf = certs.NewLeaf(t, certs.Names("www.example.com", "example.com"))
	object := apply(t, cluster, secretOf(t, leaf, demo), v1alpha1.ServerCertificateSpec{})
	(&terminal{T: t, cluster: cluster}).play(page.section(t, "## The status"))
	cluster.Kubectl(t, "delete", "clbcert", "web", "-n", demo)

	shown := &terminal{T: t, cluster: cluster, folder: t.TempDir()}
	renewed := certs.NewLeaf(t, certs.Names("www.example.com", "example.com"), certs.Valid(time.Now().Add(-time.Hour), time.Now().Add(48*time.Hour)))
	looks := page.section(t, "## What it looks like")
	shown.demoFiles(looks, cloud.New(t, simulator), renewed)
	shown.after = map[string]func(){
		// The demo waits for the new expiry here, which the README leaves out.
		"kubectl apply -f renewed-secret.yaml": func() {
			env.WaitFor(t, cluster, object, "the renewed certificate", func(o *v1alpha1.ServerCertificate) bool {
				return o.Status.NotAfter != nil && o.Status.NotAfter.Time.Equal(renewed.Certificate.NotAfter) && ready(o)
			})
		},
	}
	shown.play(looks)
}

// makeInstallYAML does what the Makefile says of install-yaml, with kubectl's kustomize.
func (t *terminal) makeInstallYAML(image string) {
	t.Helper()
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	recipe := regexp.MustCompile(`(?m)^install-yaml:.*\n((?:\t.*\n)+)`).FindSubmatch(makefile)
	if recipe == nil || !bytes.Contains(recipe[1], []byte("$(TOOL) kustomize build")) {
		t.Fatalf("the Makefile's install-yaml is %q", recipe)
	}
	t.run(strings.NewReplacer("\t@", "", "$(TOOL) kustomize build", "kubectl kustomize", "$(IMAGE)", image).Replace(string(recipe[1])))
}

// demoFiles writes the files that the README's demo works with, and makes its listener.
func (t *terminal) demoFiles(shown page, operator *cloud.Client, renewed *certs.Identity) {
	t.Helper()
	balancer := listener(t.T, operator, certs.NewLeaf(t.T))
	operator.TagLoadBalancer(t, balancer, map[string]string{v1alpha1.TagNamespaces: demo})
	for _, c := range shown.commands() {
		if name, ok := strings.CutPrefix(c.text, "cat "); ok {
			manifest := strings.TrimSpace(c.output) + "\n"
			t.write(name, []byte(manifest))
			t.write("bound.yaml", []byte(manifest+"  bindings:\n    - name: default\n      listener:\n        loadBalancerID: "+balancer+"\n        port: 443\n"))
		}
	}
	secret, err := yaml.Marshal(secretOf(t.T, renewed, demo))
	if err != nil {
		t.Fatal(err)
	}
	t.write("renewed-secret.yaml", secret)
}

// secretOf is the Secret web-tls with the pair.
func secretOf(t *testing.T, identity *certs.Identity, namespace string) *corev1.Secret {
	t.Helper()
	secret, err := identity.Secret("web-tls", namespace)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

// apply creates the Secret and a ServerCertificate "web" of it, and waits until that is Ready.
func apply(t *testing.T, cluster *env.Cluster, secret *corev1.Secret, spec v1alpha1.ServerCertificateSpec) *v1alpha1.ServerCertificate {
	t.Helper()
	spec.SecretRef = &v1alpha1.SecretReference{Name: secret.Name}
	object := &v1alpha1.ServerCertificate{ObjectMeta: metav1.ObjectMeta{Namespace: secret.Namespace, Name: "web"}, Spec: spec}
	manifest, err := yaml.Marshal(secret)
	if err != nil {
		t.Fatal(err)
	}
	cluster.Apply(t, string(manifest))
	if err := cluster.Client.Create(t.Context(), object); err != nil {
		t.Fatal(err)
	}
	return env.WaitFor(t, cluster, object, "Ready", ready)
}

func ready(o *v1alpha1.ServerCertificate) bool {
	return meta.IsStatusConditionTrue(o.Status.Conditions, v1alpha1.ConditionReady)
}
