package main

import (
	"strings"
	"testing"
)

func TestDemoEndsWell(t *testing.T) {
	t.Parallel()
	stage := newStage(t.Context())
	if code := stage.play(func() { newDemo(stage).mainJob() }); code != 0 {
		t.Errorf("exit code %d: %s", code, stage.failure)
	}
}

func TestFailureIsOneLine(t *testing.T) {
	t.Parallel()
	stage := newStage(t.Context())
	var order []string
	code := stage.play(func() {
		stage.Cleanup(func() { order = append(order, "first") })
		stage.Cleanup(func() { order = append(order, "second") })
		stage.Fatalf("starting etcd: it ended, exit status 1: no space left")
		order = append(order, "after the failure")
	})
	if code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	if got := strings.Join(order, ", "); got != "second, first" {
		t.Errorf("cleaned up %s, want the second first, and nothing else", got)
	}
	if got := stage.summary(); got != "starting etcd: it ended, exit status 1: no space left" {
		t.Errorf("it says %q", got)
	}
}
