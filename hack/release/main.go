// Command release writes what a release consists of into dist/: the programs, the chart, the manifests, what each
// program is made of, and the checksums of all of it. It releases a commit, the one that is checked out, from a clone
// of it: nothing that isn't committed gets in, and the same commit gives the same bytes.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"syscall"
)

// semver is a version by Semantic Versioning, without build metadata, which an image's tag can't hold.
var semver = regexp.MustCompile(`^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$`)

func main() {
	version := flag.String("version", "", "the release's `VERSION`, such as 0.1.0")
	image := flag.String("image", "", "the `IMAGE` that dist/install.yaml names; default ghcr.io/clbcert/clbcert:VERSION")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, *version, *image)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, version, image string) error {
	if !semver.MatchString(version) {
		return fmt.Errorf("%q is no version such as 0.1.0 or 0.2.0-rc.1: give VERSION=…", version)
	}
	if image == "" {
		image = "ghcr.io/clbcert/clbcert:" + version
	}
	r, err := begin(ctx, version, image)
	if err != nil {
		return err
	}
	defer os.RemoveAll(r.folder)
	for _, step := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"what the programs are made of", r.describe},
		{"the programs", r.build},
		{"the manifests", r.render},
		{"the chart", r.pack},
		{"the checksums", r.sum},
	} {
		fmt.Fprintln(os.Stderr, "making "+step.what)
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("making %s: %w", step.what, err)
		}
	}
	return r.publish()
}
