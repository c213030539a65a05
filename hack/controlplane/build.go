package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// packages are the main packages of the programs; the module file requires them
// as tools.
var packages = map[string]string{
	apiServer: "k8s.io/kubernetes/cmd/kube-apiserver",
	etcd:      "go.etcd.io/etcd/server/v3",
	kubectl:   "k8s.io/kubernetes/cmd/kubectl",
}

var kubernetesLine = regexp.MustCompile(`(?m)^\s*k8s\.io/kubernetes v(\d+\.\d+\.\d+)`)

// kubernetesVersion reads "1.37.2" from the module file that pins it.
func kubernetesVersion(moduleFile []byte) (string, error) {
	found := kubernetesLine.FindSubmatch(moduleFile)
	if found == nil {
		return "", errors.New("hack/controlplane/go.mod requires no release of k8s.io/kubernetes")
	}
	return string(found[1]), nil
}

// buildFromModules compiles the programs into folder. The build runs in a
// temporary copy of this program's module, so it depends on no folder it is
// started from.
func buildFromModules(ctx context.Context, version, folder string, programs []string) error {
	module, err := os.MkdirTemp("", "clbcert-controlplane-")
	if err != nil {
		return fmt.Errorf("making a folder to build in: %w", err)
	}
	defer os.RemoveAll(module)
	if err := writeModule(module); err != nil {
		return err
	}
	start := time.Now()
	what := strings.Join(programs, ", ")
	say("building %s (Kubernetes %s) from Go modules: 4 to 15 minutes on two cores the first time", what, version)
	if err := compile(ctx, module, version, folder, programs); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return fmt.Errorf("building %s from Go modules: %w", what, err)
	}
	say("built %s in %s", what, time.Since(start).Round(time.Second))
	return nil
}

func writeModule(folder string) error {
	for name, content := range map[string][]byte{"go.mod": moduleFile, "go.sum": sumFile} {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o644); err != nil {
			return fmt.Errorf("copying the module: %w", err)
		}
	}
	return nil
}

// compile lists the packages first: that downloads the modules, and tells how
// many packages there are to count up to.
func compile(ctx context.Context, module, version, folder string, programs []string) error {
	var targets []string
	for _, program := range programs {
		targets = append(targets, packages[program])
	}
	count := newProgress(os.Stderr)
	defer count.every(15 * time.Second)()

	list := goCommand(ctx, module, append([]string{"list", "-deps"}, targets...)...)
	list.Stderr = count
	names, err := list.Output()
	if err != nil {
		return fmt.Errorf("downloading the modules: %w", err)
	}
	count.compiling(strings.Fields(string(names)))

	build := goCommand(ctx, module, append([]string{"build", "-v", "-trimpath",
		"-ldflags", linkerFlags(version), "-o", folder + string(filepath.Separator)}, targets...)...)
	build.Stderr = count
	if err := build.Run(); err != nil {
		return err
	}
	return nameEtcd(folder)
}

// nameEtcd renames what "go build" calls after the folder etcd's main package is in.
func nameEtcd(folder string) error {
	err := os.Rename(filepath.Join(folder, "server"), filepath.Join(folder, etcd))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("naming etcd: %w", err)
	}
	return nil
}

// linkerFlags drop the debug data and stamp the version as a release build does;
// a server without one answers /version with v0.0.0.
func linkerFlags(version string) string {
	part := strings.Split(version, ".")
	flags := []string{"-s", "-w"}
	for _, module := range []string{"k8s.io/component-base/version", "k8s.io/client-go/pkg/version"} {
		for _, pair := range []string{
			"gitVersion=v" + version, "gitMajor=" + part[0], "gitMinor=" + part[1], "gitTreeState=clean",
		} {
			flags = append(flags, "-X", module+"."+pair)
		}
	}
	return strings.Join(flags, " ")
}

// goCommand runs the go command in folder, without cgo and for this machine. Its
// whole process group ends with ctx: the compilers, and what "go tool" starts.
func goCommand(ctx context.Context, folder string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=",
		"GOOS="+runtime.GOOS, "GOARCH="+runtime.GOARCH)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	return cmd
}
