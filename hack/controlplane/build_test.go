package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestVersionComesFromTheModuleFile(t *testing.T) {
	t.Parallel()
	version, err := kubernetesVersion(moduleFile)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(version, ".") != 2 {
		t.Errorf("got version %q, want three numbers", version)
	}
	if !strings.Contains(linkerFlags(version), "k8s.io/component-base/version.gitVersion=v"+version) {
		t.Errorf("the linker flags don't stamp %s: %s", version, linkerFlags(version))
	}
	if _, err := kubernetesVersion([]byte("module example.com/other\n")); err == nil {
		t.Error("a module file without Kubernetes gave no error")
	}
}

func TestModuleFileHasEveryProgramAsATool(t *testing.T) {
	t.Parallel()
	for program, path := range packages {
		if !strings.Contains(string(moduleFile), "\n\t"+path+"\n") {
			t.Errorf("go.mod has no tool %s for %s", path, program)
		}
	}
}

func TestProgressCountsAndPassesOn(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := newProgress(&out)
	write := func(text string) {
		t.Helper()
		if _, err := p.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	expect := func(want string) {
		t.Helper()
		if got := p.line(p.start.Add(90 * time.Second)); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}

	write("go: downloading k8s.io/api v0.37.2\ngo: downlo")
	expect("downloading modules: 1 so far, 1m30s")
	write("ading k8s.io/kubernetes v1.37.2\n")
	expect("downloading modules: 2 so far, 1m30s")
	p.compiling([]string{"errors", "k8s.io/api/core/v1", "k8s.io/kubernetes/cmd/kubectl"})
	expect("compiling: 0 of 3 packages, 1m30s so far")
	write("errors\nk8s.io/api/core/v1\n")
	expect("compiling: 2 of 3 packages, 1m30s so far, now k8s.io/api/core/v1")

	write("api.go:1:1: syntax error\n")
	if out.String() != "api.go:1:1: syntax error\n" {
		t.Errorf("passed on %q, want the compiler's error alone", out.String())
	}
}
