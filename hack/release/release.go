package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// release is one release under way.
type release struct {
	version string
	image   string
	time    time.Time // of the commit: the time of all that is in an archive
	source  string    // the checkout
	folder  string    // temporary
	clone   string    // of the checkout, in folder; has a dist/ of its own
}

// begin looks at the checkout and clones its commit.
func begin(ctx context.Context, version, image string) (*release, error) {
	r := &release{version: version, image: image}
	var err error
	if r.source, err = command(ctx, "", nil, "git", "rev-parse", "--show-toplevel"); err != nil {
		return nil, err
	}
	if err := r.examine(ctx); err != nil {
		return nil, err
	}
	seconds, err := command(ctx, r.source, nil, "git", "log", "-1", "--format=%ct")
	if err != nil {
		return nil, err
	}
	unix, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("reading the commit's time: %w", err)
	}
	r.time = time.Unix(unix, 0).UTC()
	if r.folder, err = os.MkdirTemp("", "clbcert-release-"); err != nil {
		return nil, err
	}
	r.clone = filepath.Join(r.folder, "clone")
	if _, err := command(ctx, "", nil, "git", "clone", "--quiet", r.source, r.clone); err != nil {
		return nil, errors.Join(err, os.RemoveAll(r.folder))
	}
	return r, os.MkdirAll(r.dist(), 0o755)
}

// examine refuses a version that another commit has, and tells of what the release won't hold.
func (r *release) examine(ctx context.Context) error {
	tag := "v" + r.version
	if tagged, err := command(ctx, r.source, nil, "git", "rev-parse", "--verify", "--quiet", tag+"^{commit}"); err == nil {
		head, err := command(ctx, r.source, nil, "git", "rev-parse", "HEAD")
		if err != nil {
			return err
		}
		if tagged != head {
			return fmt.Errorf("the tag %s is another commit: check it out", tag)
		}
	}
	changes, err := command(ctx, r.source, nil, "git", "status", "--porcelain")
	if err != nil {
		return err
	}
	if changes != "" {
		fmt.Fprintln(os.Stderr, "there are changes that are not committed: they are not released")
	}
	changelog, err := os.ReadFile(filepath.Join(r.source, "CHANGELOG.md"))
	if err != nil {
		return err
	}
	if !bytes.Contains(changelog, []byte("\n## ["+r.version+"]")) {
		fmt.Fprintf(os.Stderr, "CHANGELOG.md has no section [%s]\n", r.version)
	}
	return nil
}

// dist is where the files are put until all are there.
func (r *release) dist() string { return filepath.Join(r.clone, "dist") }

// make runs a target of the clone's Makefile.
func (r *release) make(ctx context.Context, environment []string, target string, variables ...string) error {
	args := append([]string{"--silent", target, "VERSION=" + r.version}, variables...)
	_, err := command(ctx, r.clone, environment, "make", args...)
	return err
}

// publish replaces the checkout's dist/ by what was made.
func (r *release) publish() error {
	to := filepath.Join(r.source, "dist")
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	files, err := os.ReadDir(r.dist())
	if err != nil {
		return err
	}
	for _, file := range files {
		fmt.Fprintln(os.Stdout, "dist/"+file.Name())
	}
	return os.CopyFS(to, os.DirFS(r.dist()))
}

// command runs a program and gives what it prints, without the last newline. Its error holds what it said.
func command(ctx context.Context, folder string, environment []string, program string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), environment...)
	// The variables of a make that started this one are for that one's targets.
	cmd.Env = append(cmd.Env, "MAKEFLAGS=", "MFLAGS=", "MAKELEVEL=")
	var said strings.Builder
	cmd.Stderr = &said
	printed, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w: %s%s", program, strings.Join(args, " "), err, printed, strings.TrimSpace(said.String()))
	}
	return strings.TrimSuffix(string(printed), "\n"), nil
}
