// Command controlplane names a folder with kube-apiserver, etcd and kubectl, the
// programs that tests and the demo run against.
//
// It prints that folder, and nothing else, on standard output; progress and
// errors go to standard error. In order it takes
//
//  1. $KUBEBUILDER_ASSETS, when set;
//  2. its own cache, $CLBCERT_CACHE or the user's cache folder;
//  3. the archive that setup-envtest downloads, tried for 10 seconds;
//  4. a build from Go modules, which takes minutes once and no time afterwards.
//
// It never writes into the source tree and never starts any of the programs.
package main

import (
	"context"
	_ "embed"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

// The module file pins every version; with the sums it names the cache entry and
// is what the build in a temporary folder is made from.
var (
	//go:embed go.mod
	moduleFile []byte
	//go:embed go.sum
	sumFile []byte
)

func main() {
	tools := flag.String("tools", "hack/tools", "folder of the Go module that has setup-envtest as a tool")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	folder, err := run(ctx, *tools)
	stop()
	if err != nil {
		say("%v", err)
		os.Exit(1)
	}
	fmt.Println(folder)
}

func run(ctx context.Context, tools string) (string, error) {
	version, err := kubernetesVersion(moduleFile)
	if err != nil {
		return "", err
	}
	root, err := cacheRoot()
	if err != nil {
		return "", err
	}
	f := finder{
		assets: os.Getenv("KUBEBUILDER_ASSETS"),
		cache:  filepath.Join(root, entryName(version, moduleFile, sumFile)),
		download: func(ctx context.Context) (string, error) {
			return setupEnvtest(ctx, tools, version, filepath.Join(root, "envtest"))
		},
		build: func(ctx context.Context, folder string, programs []string) error {
			return buildFromModules(ctx, version, folder, programs)
		},
	}
	return f.find(ctx)
}

// say prints one line for the person who waits.
func say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "controlplane: "+format+"\n", args...)
}
