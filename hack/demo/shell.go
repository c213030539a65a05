package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/clbcert/clbcert/test/env"
)

// shell runs commands as a person would in a folder with the manifests.
type shell struct {
	stage   *stage
	cluster *env.Cluster
	folder  string
}

func newShell(stage *stage, cluster *env.Cluster) *shell {
	return &shell{stage: stage, cluster: cluster, folder: stage.TempDir()}
}

// path are the folders with kubectl and its plugin.
func (s *shell) path() string {
	return filepath.Dir(s.cluster.KubectlPath()) + string(os.PathListSeparator) + filepath.Dir(env.Program(s.stage, "kubectl-clbcert"))
}

// run shows a command, runs it and shows what it writes. Its failure is the end.
func (s *shell) run(command string) {
	fmt.Printf("\n$ %s\n", command)
	cmd := exec.CommandContext(s.stage.ctx, "sh", "-c", command)
	cmd.Dir = s.folder
	cmd.Env = append(os.Environ(), "PATH="+s.path()+string(os.PathListSeparator)+os.Getenv("PATH"))
	cmd.Env = append(cmd.Env, s.cluster.KubectlEnv()...)
	var stderr strings.Builder
	cmd.Stdout, cmd.Stderr = os.Stdout, &stderr
	if err := cmd.Run(); err != nil {
		s.stage.Fatalf("running %q: %v: %s", command, err, strings.ReplaceAll(strings.TrimSpace(stderr.String()), "\n", "; "))
	}
	fmt.Print(stderr.String()) // warnings
}
