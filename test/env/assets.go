package env

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// assets is the folder with the control plane's programs: $KUBEBUILDER_ASSETS,
// which "make test" sets, else what hack/controlplane says. That may build them,
// which takes minutes the first time: "make controlplane" before saves a test's
// time limit from it.
func assets(ctx context.Context) (string, error) {
	folder := os.Getenv("KUBEBUILDER_ASSETS")
	if folder == "" {
		return findAssets(ctx)
	}
	var lacks []string
	for _, program := range []string{"kube-apiserver", "etcd", "kubectl"} {
		if _, err := os.Stat(filepath.Join(folder, program)); err != nil {
			lacks = append(lacks, program)
		}
	}
	if len(lacks) > 0 {
		return "", fmt.Errorf(`KUBEBUILDER_ASSETS=%s has no %s: run "make controlplane" and set it to the folder that prints`,
			folder, strings.Join(lacks, ", no "))
	}
	return folder, nil
}

func findAssets(ctx context.Context) (string, error) {
	root, err := root()
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), "go", "run", ".", "--tools", "../tools")
	cmd.Dir = filepath.Join(root, "hack", "controlplane")
	cmd.Stderr = os.Stderr
	folder, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("finding a control plane (see \"make controlplane\"): %w", err)
	}
	return strings.TrimSpace(string(folder)), nil
}
