package chart

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/cmd"
	"helm.sh/helm/v4/pkg/engine"
	"helm.sh/helm/v4/pkg/kube"
	"sigs.k8s.io/yaml"
)

// The folders of the tree that are compared.
const (
	root   = "../.."
	folder = root + "/charts/clbcert"
	config = root + "/config"
)

// helm is the program of that name, of the library's version; it gives the exit code.
func helm() int {
	kube.ManagedFieldsManager = "helm"
	root, err := cmd.NewRootCmd(os.Stdout, os.Args[1:], cmd.SetupLogging)
	if err == nil {
		err = root.Execute() // it prints the error itself
	}
	var exit cmd.CommandError
	switch {
	case errors.As(err, &exit):
		return exit.ExitCode
	case err != nil:
		return 1
	}
	return 0
}

// release is what a chart is rendered for.
type release struct{ name, namespace string }

// standard is the release whose objects have the names of config/.
var standard = release{name: "clbcert", namespace: "clbcert-system"}

// render gives the chart's objects with values, in YAML, which are checked against the schema.
func (r release) render(values string) ([]object, error) {
	chart, err := loader.LoadDir(folder)
	if err != nil {
		return nil, err
	}
	var given map[string]any
	if err := yaml.UnmarshalStrict([]byte(values), &given); err != nil {
		return nil, fmt.Errorf("reading the values: %w", err)
	}
	all, err := util.ToRenderValues(chart, given, common.ReleaseOptions{
		Name: r.name, Namespace: r.namespace, Revision: 1, IsInstall: true,
	}, common.DefaultCapabilities)
	if err != nil {
		return nil, err
	}
	files, err := engine.Render(chart, all)
	if err != nil {
		return nil, err
	}
	var objects []object
	for name, text := range files {
		if filepath.Ext(name) != ".yaml" {
			continue // the notes
		}
		found, err := parse(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		objects = append(objects, found...)
	}
	return objects, nil
}

// version is the one that the chart installs.
func version(t *testing.T) string {
	t.Helper()
	chart, err := loader.LoadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	return chart.Metadata.AppVersion
}

// rendered are the objects of the standard release.
func rendered(t *testing.T, values string) []object {
	t.Helper()
	objects, err := standard.render(values)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// object is one of Kubernetes's, as it is written.
type object map[string]any

// parse takes documents in YAML apart.
func parse(text string) ([]object, error) {
	var objects []object
	for document := range strings.SplitSeq("\n"+text, "\n---") {
		var o object
		if err := yaml.UnmarshalStrict([]byte(document), &o); err != nil {
			return nil, fmt.Errorf("%w; of\n%s", err, document)
		}
		if len(o) > 0 {
			objects = append(objects, o)
		}
	}
	return objects, nil
}

// at is the map at a path, which is made where there is none.
func (o object) at(path ...string) map[string]any {
	var here map[string]any = o
	for _, name := range path {
		next, ok := here[name].(map[string]any)
		if !ok {
			next = map[string]any{}
			here[name] = next
		}
		here = next
	}
	return here
}

// String is its kind, namespace and name.
func (o object) String() string {
	m := o.at("metadata")
	return strings.ReplaceAll(fmt.Sprint(o["kind"], " ", m["namespace"], "/", m["name"]), "<nil>/", "")
}

// manifest is what kubectl takes.
func manifest(t *testing.T, objects []object) string {
	t.Helper()
	var text strings.Builder
	for _, o := range objects {
		document, err := yaml.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		text.WriteString("---\n" + string(document))
	}
	return text.String()
}
