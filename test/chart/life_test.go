package chart

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/env"
)

const crd = "servercertificates.clbcert.dev"

// TestTheDocumentedOrderWorks goes through the commands of docs/installation.md: install an older version, upgrade it,
// and uninstall it.
func TestTheDocumentedOrderWorks(t *testing.T) {
	t.Parallel()
	for what, block := range map[string]int{"Helm has the CRD": 0, "kubectl has the CRD": 1} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s, older := newStage(t), olderTree(t)
			install, upgrade := blocks(s.T, "## Install by Helm", "sh")[0], blocks(s.T, "### Upgrade by Helm", "sh")[block]
			if block == 1 {
				s.run(older, "kubectl apply --server-side -f config/crd/bases")
				install = strings.Replace(install, "helm install", "helm install --set crds.install=false", 1)
			}
			s.run(older, install)
			if s.knowsSuspend() {
				t.Fatal("the older CRD isn't older")
			}
			manager := s.deploy()
			object := s.certificate(s.cluster.Namespace(t), "web")

			s.run(root, upgrade)
			if !s.knowsSuspend() {
				t.Error("the CRD isn't upgraded")
			}
			s.checkCRDFirst()
			manager.Stop(t)
			s.nothingForbidden(manager)
			manager = s.deploy()
			s.goesOn(object)

			s.uninstall(manager, object)
			s.run(root, install) // the CRD that was kept is no hindrance
			s.run(root, "helm uninstall clbcert --namespace clbcert-system")
			s.run(root, blocks(s.T, "### Uninstall by Helm", "sh")[1])
			if left := s.definition(); left != "" {
				t.Errorf("the CRD is left: %s", left)
			}
		})
	}
}

// TestHelmTakesAnInstallationOver has Helm go on with what kubectl installed.
func TestHelmTakesAnInstallationOver(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.run(root, "kubectl apply --server-side -k config/default")
	manager := s.deploy()
	object := s.certificate(s.cluster.Namespace(t), "web")
	before := &appsv1.Deployment{}
	name := client.ObjectKey{Namespace: standard.namespace, Name: "clbcert-manager"}
	s.must(s.cluster.Client.Get(t.Context(), name, before))
	s.run(root, blocks(s.T, "### From manifests to Helm", "sh")[0])
	after := &appsv1.Deployment{}
	s.must(s.cluster.Client.Get(t.Context(), name, after))
	if after.UID != before.UID || after.Labels["app.kubernetes.io/managed-by"] != "Helm" {
		t.Errorf("the Deployment was %s, and is %s with labels %v", before.UID, after.UID, after.Labels)
	}
	manager.Stop(t)
	manager = s.deploy()
	s.goesOn(object)
	s.uninstall(manager, object)
}

// olderTree is a copy of the chart and the CRD, as of a version before spec.suspend.
func olderTree(t *testing.T) string {
	t.Helper()
	tree := t.TempDir()
	for _, part := range []string{"charts/clbcert", "config/crd/bases"} {
		if err := os.CopyFS(filepath.Join(tree, part), os.DirFS(filepath.Join(root, part))); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{"charts/clbcert/files/clbcert.dev_servercertificates.yaml", "config/crd/bases/clbcert.dev_servercertificates.yaml"} {
		change(t, filepath.Join(tree, file), func(o object) {
			versions, _ := o.at("spec")["versions"].([]any)
			version, _ := versions[0].(map[string]any)
			properties := object(version).at("schema", "openAPIV3Schema", "properties", "spec", "properties")
			if properties["suspend"] == nil {
				t.Fatal("the CRD has no spec.suspend to take away")
			}
			delete(properties, "suspend")
		})
	}
	change(t, filepath.Join(tree, "charts", "clbcert", "Chart.yaml"), func(o object) { o["version"] = "0.0.9" })
	return tree
}

// change changes an object in a file, and leaves the rest of the text as controller-gen writes it.
func change(t *testing.T, file string, by func(object)) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var o object
	if err := yaml.Unmarshal(text, &o); err != nil {
		t.Fatal(err)
	}
	by(o)
	if text, err = yaml.Marshal(o); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// knowsSuspend tells whether the cluster's CRD, if there is one, has spec.suspend.
func (s *stage) knowsSuspend() bool {
	s.Helper()
	return s.cluster.Kubectl(s, "get", "crd", crd, "--ignore-not-found", "-o",
		"jsonpath={.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties.suspend}") != ""
}

// checkCRDFirst checks that whoever upgraded last wrote the CRD before the Deployment.
func (s *stage) checkCRDFirst() {
	s.Helper()
	var written []string
	for _, request := range s.cluster.Audit(s, "admin") {
		if o := request.Object; o != nil && request.Verb == "patch" && request.Status.Code == 200 {
			written = append(written, o.Resource+"/"+o.Name)
		}
	}
	slices.Reverse(written)
	definition, deployment := slices.Index(written, "customresourcedefinitions/"+crd), slices.Index(written, "deployments/clbcert-manager")
	if deployment < 0 || definition < deployment {
		s.Errorf("written last, in reverse: %q", written)
	}
}

// goesOn checks that an object is in order with the new manager, by what is new in it, and that nothing was uploaded again.
func (s *stage) goesOn(object *v1alpha1.ServerCertificate) {
	s.Helper()
	for _, suspended := range []string{"true", "false"} {
		s.cluster.Kubectl(s, "patch", "clbcert", "-n", object.Namespace, object.Name, "--type=merge", "-p", `{"spec":{"suspend":`+suspended+`}}`)
		env.WaitFor(s, s.cluster, object, "the manager's look at it", func(o *v1alpha1.ServerCertificate) bool {
			return o.Status.ObservedGeneration == o.Generation
		})
	}
	now := s.ready(object)
	if now.Status.CertificateID != object.Status.CertificateID || len(s.cloud.Calls(s, "UploadServerCertificate")) != 1 {
		s.Errorf("the certificate was %s, is %s", object.Status.CertificateID, now.Status.CertificateID)
	}
}

// uninstall does it in the documented order, and looks at what is left after each step.
func (s *stage) uninstall(manager *deployed, object *v1alpha1.ServerCertificate) {
	s.Helper()
	steps := strings.Split(strings.TrimSpace(blocks(s.T, "### Uninstall by Helm", "sh")[0]), "\n")
	if len(steps) != 2 {
		s.Fatalf("docs/installation.md has the steps %q, want two", steps)
	}
	s.run(root, steps[0])
	if left := s.cloud.Certificates(s); len(left) != 0 {
		s.Errorf("left in the cloud: %+v", left)
	}
	if err := s.cluster.Client.Get(s.Context(), client.ObjectKeyFromObject(object), object); client.IgnoreNotFound(err) != nil || err == nil {
		s.Errorf("the object is left: %v", err)
	}
	s.nothingForbidden(manager)
	manager.Stop(s.T)
	before, definition := s.installed(), s.definition()
	s.run(root, steps[1])
	if after := s.installed(); before == "" || after != "" {
		s.Errorf("installed before:\n%s\nleft in the cluster:\n%s", before, after)
	}
	if after := s.definition(); definition == "" || after != definition {
		s.Errorf("the CRD was %q, is %q", definition, after)
	}
}

// definition is the CRD's UID, and when it was deleted if it was.
func (s *stage) definition() string {
	s.Helper()
	return s.cluster.Kubectl(s, "get", "crd", crd, "--ignore-not-found", "-o", "jsonpath={.metadata.uid} {.metadata.deletionTimestamp}")
}

// installed are the names of what an installation has, but for the CRD.
func (s *stage) installed() string {
	s.Helper()
	return s.cluster.Kubectl(s, "get", "deployments,serviceaccounts,services,roles,rolebindings,clusterroles,clusterrolebindings",
		"--all-namespaces", "-l", "app.kubernetes.io/name=clbcert", "-o", "name")
}
