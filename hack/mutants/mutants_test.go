package main

import (
	"errors"
	"os/exec"
	"strings"
	"testing"

	"github.com/clbcert/clbcert/hack/mutants/overlay"
)

// A mutant whose place in the source, or whose test, is gone would check nothing.
func TestEveryMutantApplies(t *testing.T) {
	t.Parallel()
	root, err := overlay.Root()
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, m := range mutants() {
		if names[m.without] {
			t.Errorf("two mutants are without %s", m.without)
		}
		names[m.without] = true
		if _, err := overlay.Apply(root, m.edit); err != nil {
			t.Errorf("without %s: %v", m.without, err)
		}
		if err := m.exists(root); err != nil {
			t.Errorf("without %s: %v", m.without, err)
		}
	}
}

func TestOnlyAFailedTestCounts(t *testing.T) {
	t.Parallel()
	m, exit := mutant{test: "TestA/b"}, &exec.ExitError{}
	for sentence, c := range map[string]struct {
		output string
		err    error
		want   string
	}{
		"a test that fails has seen the mutant": {"--- FAIL: TestA (0.00s)\n    --- FAIL: TestA/b (0.00s)\nFAIL\n", exit, seen},
		"a test that passes hasn't":             {"ok  \tp\t0.1s\n", nil, survived},
		"one that can't be built is none":       {"FAIL\tp [build failed]\n", exit, ""},
		"another test's failure is none":        {"--- FAIL: TestAB (0.00s)\nFAIL\n", exit, ""},
		"a go command that is missing is none":  {"--- FAIL: TestA (0.00s)\n", errors.New("not found"), ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			if got, err := judge(m, []byte(c.output), c.err); got != c.want || (err == nil) != (c.want != "") {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func TestAnEditThatDoesNotFitIsAnError(t *testing.T) {
	t.Parallel()
	root, err := overlay.Root()
	if err != nil {
		t.Fatal(err)
	}
	const file = "hack/mutants/overlay/overlay.go"
	for sentence, c := range map[string]struct {
		edit overlay.Edit
		says string
	}{
		"for its text isn't there":      {overlay.Edit{File: file, Old: "not" + "there"}, "0 times"},
		"for its text is there twice":   {overlay.Edit{File: file, Old: "folder"}, "times instead of once"},
		"for what comes out is no Go":   {overlay.Edit{File: file, Old: "package overlay\n\nimport", New: "pack"}, "no Go"},
		"for there isn't any such file": {overlay.Edit{File: "internal/none.go"}, "no such file"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			if _, err := overlay.Apply(root, c.edit); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want one that says %q", err, c.says)
			}
		})
	}
}
