// Package image checks the Dockerfile without an engine: BuildKit's own parser reads it, and what it runs is run, for
// each architecture, on the files that the image's build would be sent. It doesn't build the image.
package image

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerfile/shell"
)

// root is the source tree, seen from this package.
const root = "../.."

// stages are those of the Dockerfile, as BuildKit understands it: one that compiles, and the image.
func stages(t *testing.T, warn linter.LintWarnFunc) (build, final instructions.Stage) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := parser.Parse(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, warning := range parsed.Warnings {
		warn("parser", "", warning.URL, warning.Short, nil)
	}
	all, _, err := instructions.Parse(parsed.AST, linter.New(&linter.Config{Warn: warn}))
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 2 {
		t.Fatalf("the Dockerfile has %d stages, want one that compiles and one that is the image", len(all))
	}
	return all[0], all[1]
}

// unwarned is for tests that look at something else than BuildKit's warnings.
func unwarned(_, _, _, _ string, _ []parser.Range) {}

// variables are what a stage knows at some line: what ENV set, and what ARG declared and somebody gave.
type variables map[string]string

// Get and Keys are what BuildKit's own expansion asks.
func (v variables) Get(name string) (string, bool) {
	value, ok := v[name]
	return value, ok
}

func (v variables) Keys() []string {
	var names []string
	for name := range v {
		names = append(names, name)
	}
	return names
}

// declare takes the ARGs of a line: with what was given for them, else with their defaults.
func (v variables) declare(arg *instructions.ArgCommand, given variables) {
	for _, pair := range arg.Args {
		if value, ok := given[pair.Key]; ok {
			v[pair.Key] = value
		} else if pair.Value != nil {
			v[pair.Key] = *pair.Value
		}
	}
}

// expand gives a word with its variables. One that no line declares is a mistake.
func (v variables) expand(t *testing.T, word string) string {
	t.Helper()
	result, err := shell.NewLex('\\').ProcessWordWithMatches(word, v)
	if err != nil {
		t.Fatalf("%s: %v", word, err)
	}
	for name := range result.Unmatched {
		t.Errorf("%s: nothing sets $%s", word, name)
	}
	return result.Result
}

func TestTheDockerfileIsTakenWithoutAWarning(t *testing.T) {
	t.Parallel()
	stages(t, func(rule, _, url, message string, location []parser.Range) {
		t.Errorf("%v: %s: %s (%s)", location, rule, message, url)
	})
}
