package chart

import (
	"os"
	"path/filepath"
	"testing"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// kustomized are the objects of an overlay on folders of config/, as docs/installation.md has it: with components, and
// the chart's appVersion for the image.
func kustomized(t *testing.T, bases []string, components ...string) []object {
	t.Helper()
	overlay, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	tree, err := filepath.Abs(config)
	if err != nil {
		t.Fatal(err)
	}
	from, err := filepath.Rel(overlay, tree)
	if err != nil {
		t.Fatal(err)
	}
	text := "images: [{name: ghcr.io/clbcert/clbcert, newTag: " + version(t) + "}]\n"
	for field, folders := range map[string][]string{"resources": bases, "components": components} {
		text += field + ":\n"
		for _, folder := range folders {
			text += "- " + from + "/" + folder + "\n"
		}
	}
	if err := os.WriteFile(filepath.Join(overlay, "kustomization.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), overlay)
	if err != nil {
		t.Fatal(err)
	}
	manifests, err := resources.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	objects, err := parse(string(manifests))
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// within puts objects that have no namespace into one, as "kubectl apply -n" does.
func within(namespace string, objects []object) []object {
	for _, o := range objects {
		if metadata := o.at("metadata"); metadata["namespace"] == nil {
			metadata["namespace"] = namespace
		}
	}
	return objects
}
