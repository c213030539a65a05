// Package chart holds the Helm chart to the manifests of config/, by the real Helm and kustomize libraries, and both to
// a real API server: what they render, what the manager may do under it, and the commands of docs/installation.md that
// install, upgrade and uninstall. It is a module of its own, so that Helm stays out of the product's go.mod.
package chart

import (
	"os"
	"path/filepath"
	"testing"

	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/clbcert/clbcert/test/env"
)

// TestMain runs the tests, or is the program helm to the commands that a test runs.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "helm" {
		os.Exit(helm())
	}
	log.SetLogger(klog.Background()) // else the tests' own client complains
	os.Exit(env.Run(m))
}
