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
	stage  *stage
	folder string
	// environment is what one would set to do the same by hand.
	kubeconfig, path string
}

func newShell(stage *stage, cluster *env.Cluster) *shell {
	return &shell{
		stage:      stage,
		folder:     stage.TempDir(),
		kubeconfig: cluster.Kubeconfig,
		path:       filepath.Dir(cluster.KubectlPath()),
	}
}

// run shows a command, runs it and shows what it writes. Its failure is the end.
func (s *shell) run(command string) {
	fmt.Printf("\n$ %s\n", command)
	cmd := exec.CommandContext(s.stage.ctx, "sh", "-c", command)
	cmd.Dir = s.folder
	cmd.Env = append(os.Environ(), "KUBECONFIG="+s.kubeconfig,
		"PATH="+s.path+string(os.PathListSeparator)+os.Getenv("PATH"))
	var stderr strings.Builder
	cmd.Stdout, cmd.Stderr = os.Stdout, &stderr
	if err := cmd.Run(); err != nil {
		s.stage.Fatalf("running %q: %v: %s", command, err, strings.ReplaceAll(strings.TrimSpace(stderr.String()), "\n", "; "))
	}
	fmt.Print(stderr.String()) // warnings
}
