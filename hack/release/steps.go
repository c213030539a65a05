package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// programs are what is released, and the systems that each is for.
var programs = []struct {
	name    string
	systems []string
}{
	{"manager", []string{"linux"}},
	{"clb-simulator", []string{"linux", "darwin"}},
	{"kubectl-clbcert", []string{"linux", "darwin"}},
}

var architectures = []string{"amd64", "arm64"}

// describe writes the SBOM of each program.
func (r *release) describe(ctx context.Context) error {
	return r.make(ctx, nil, "sbom", "ARCHES="+strings.Join(architectures, " "))
}

// build builds the programs for each system and architecture, and packs each with its licence.
func (r *release) build(ctx context.Context) error {
	for _, system := range []string{"linux", "darwin"} {
		for _, architecture := range architectures {
			if err := r.buildFor(ctx, system, architecture); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *release) buildFor(ctx context.Context, system, architecture string) error {
	var names, packages []string
	for _, program := range programs {
		folder := filepath.Join("cmd", program.name)
		if _, err := os.Stat(filepath.Join(r.clone, folder)); err == nil && slices.Contains(program.systems, system) {
			names = append(names, program.name)
			packages = append(packages, "./"+filepath.ToSlash(folder))
		}
	}
	environment := []string{"GOOS=" + system, "GOARCH=" + architecture}
	if err := r.make(ctx, environment, "build", "PACKAGES="+strings.Join(packages, " ")); err != nil {
		return err
	}
	for _, name := range names {
		archive := fmt.Sprintf("%s-%s-%s-%s.tar.gz", name, r.version, system, architecture)
		err := r.archive(archive, []entry{
			{name: name, from: filepath.Join("bin", name), mode: 0o755},
			{name: "LICENSE", from: "LICENSE", mode: 0o644},
		})
		if err != nil {
			return fmt.Errorf("packing %s: %w", archive, err)
		}
	}
	return os.RemoveAll(filepath.Join(r.clone, "bin"))
}

// render writes install.yaml, and the CRDs alone for those who install the rest by other means.
func (r *release) render(ctx context.Context) error {
	if err := r.make(ctx, nil, "install-yaml", "IMAGE="+r.image); err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(r.clone, "config", "crd", "bases", "*.yaml"))
	if err != nil {
		return err
	}
	var definitions []byte
	for _, file := range files {
		definition, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		definitions = append(definitions, definition...)
	}
	return os.WriteFile(filepath.Join(r.dist(), "crds.yaml"), definitions, 0o644)
}

// pack writes the chart's package, by Helm's own library.
func (r *release) pack(ctx context.Context) error {
	packer := filepath.Join(r.clone, ".bin", "helm")
	if _, err := command(ctx, r.clone, nil, "go", "build", "-C", "hack/tools/helm", "-o", packer, "."); err != nil {
		return err
	}
	_, err := command(ctx, r.clone, nil, packer, "-version", r.version, "-time", strconv.FormatInt(r.time.Unix(), 10),
		"-destination", r.dist(), "charts/clbcert")
	return err
}
