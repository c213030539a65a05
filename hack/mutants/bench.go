package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/clbcert/clbcert/hack/mutants/overlay"
)

// What came of a mutant.
const (
	seen     = "fails, as it must"
	survived = "SURVIVED: the test passes"
)

// bench is where mutants are tried.
type bench struct {
	root   string
	folder string // for what is built and edited
}

func newBench() (*bench, error) {
	root, err := overlay.Root()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "clbcert-mutants-")
	if err != nil {
		return nil, fmt.Errorf("making a folder: %w", err)
	}
	return &bench{root, folder}, nil
}

func (b *bench) remove() { os.RemoveAll(b.folder) }

// checkSound makes sure that the tests exist, and pass without any change.
func (b *bench) checkSound(ctx context.Context, chosen []mutant) error {
	tests := map[string][]string{}
	for _, m := range chosen {
		name, _, _ := strings.Cut(m.test, "/")
		if !slices.Contains(tests[m.pack], name) {
			tests[m.pack] = append(tests[m.pack], name)
		}
	}
	for _, pack := range slices.Sorted(maps.Keys(tests)) {
		output, err := b.test(ctx, nil, pack, "^("+strings.Join(tests[pack], "|")+")$", "-v")
		if err != nil {
			return fmt.Errorf("%s fails without any change: %w\n%s", pack, err, output)
		}
		for _, name := range tests[pack] {
			if !bytes.Contains(output, []byte("\n--- PASS: "+name+" ")) {
				return fmt.Errorf("%s has no test %s", pack, name)
			}
		}
	}
	return nil
}

// try runs the mutant's test with its change.
func (b *bench) try(ctx context.Context, m mutant) (string, error) {
	folder, err := os.MkdirTemp(b.folder, "")
	if err != nil {
		return "", fmt.Errorf("making a folder: %w", err)
	}
	var variables, flags []string
	if m.program {
		// The simulator is the one without a change.
		if _, err = overlay.Build(ctx, b.root, folder, "clb-simulator"); err == nil {
			_, err = overlay.Build(ctx, b.root, folder, "manager", m.edit)
		}
		variables = []string{"CLBCERT_BIN=" + folder}
	} else {
		var path string
		path, err = overlay.Write(b.root, folder, m.edit)
		flags = []string{"-overlay", path}
	}
	if err != nil {
		return "", err
	}
	output, err := b.test(ctx, variables, m.pack, "^"+strings.ReplaceAll(m.test, "/", "$/^")+"$", append(flags, "-vet=off", "-failfast")...)
	return judge(m, output, err)
}

// judge tells a test that failed from one that couldn't be built or run.
func judge(m mutant, output []byte, err error) (string, error) {
	if err == nil {
		return survived, nil
	}
	name, _, _ := strings.Cut(m.test, "/")
	failed := regexp.MustCompile(`(?m)^--- FAIL: ` + name + ` `)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || !failed.Match(output) {
		return "", fmt.Errorf("%s doesn't fail, it can't be run: %w\n%s", m.test, err, output)
	}
	return seen, nil
}

// test runs tests of a package.
func (b *bench) test(ctx context.Context, variables []string, pack, pattern string, flags ...string) ([]byte, error) {
	args := append([]string{"test", "-count=1", "-timeout", "5m", "-run", pattern}, flags...)
	cmd := exec.CommandContext(ctx, "go", append(args, pack)...)
	cmd.Dir = b.root
	cmd.Env = append(os.Environ(), variables...)
	// "go test" runs the test as a child: an interrupt ends both.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	return cmd.CombinedOutput()
}

// exists tells whether the mutant's test is in its package.
func (m mutant) exists(root string) error {
	name, _, _ := strings.Cut(m.test, "/")
	files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(m.pack), "*_test.go"))
	if err != nil {
		return fmt.Errorf("finding %s: %w", m.pack, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("looking for %s: %w", name, err)
		}
		if bytes.Contains(text, []byte("\nfunc "+name+"(t *testing.T) {")) {
			return nil
		}
	}
	return fmt.Errorf("%s has no test %s", m.pack, name)
}
