package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// downloadLimit is for all of it, the compiling of setup-envtest too: where the
// archives can't be reached nobody should wait long to learn it.
const downloadLimit = 10 * time.Second

// setupEnvtest has setup-envtest, a tool of the Go module in the folder tools,
// download the newest patch release of version's minor into store, and gives the
// folder with the programs.
func setupEnvtest(ctx context.Context, tools, version, store string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, downloadLimit)
	defer cancel()
	say("asking setup-envtest for Kubernetes %s.x, for %s at most", minorOf(version), downloadLimit)
	var stdout, stderr bytes.Buffer
	cmd := goCommand(ctx, tools, "tool", "setup-envtest",
		"use", minorOf(version)+".x", "--bin-dir", store, "--print", "path")
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return "", fmt.Errorf("setup-envtest took longer than %s", downloadLimit)
	}
	if err != nil {
		return "", fmt.Errorf("setup-envtest: %w: %s", err, lastLine(stderr.String()))
	}
	return strings.TrimSpace(stdout.String()), nil
}

// minorOf cuts the patch number off "1.37.2".
func minorOf(version string) string {
	return version[:strings.LastIndex(version, ".")]
}

// lastLine is where a program that fails usually says why.
func lastLine(output string) string {
	lines := strings.Split(strings.TrimSpace(output), "\n")
	return lines[len(lines)-1]
}
