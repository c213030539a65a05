package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
)

// stage is what test/env needs to run things outside a test: it collects what
// must be cleaned up and what would be said of a failure.
type stage struct {
	ctx     context.Context
	cleanup []func()
	failure string // its first line is for the person, the rest for the log
	log     strings.Builder
}

func newStage(ctx context.Context) *stage { return &stage{ctx: ctx} }

// play runs the story and cleans up after it. It gives the program's exit code.
func (s *stage) play(story func()) int {
	end := make(chan struct{})
	go func() { // Fatalf ends the goroutine
		defer close(end)
		story()
	}()
	<-end
	for len(s.cleanup) > 0 {
		last := len(s.cleanup) - 1
		clean := s.cleanup[last]
		s.cleanup = s.cleanup[:last]
		clean()
	}
	if !s.Failed() {
		return 0
	}
	fmt.Fprintln(os.Stderr, "demo: "+s.summary())
	return 1
}

// summary is one line that says what went wrong and where there is more.
func (s *stage) summary() string {
	if s.ctx.Err() != nil {
		return "interrupted"
	}
	line, more, _ := strings.Cut(s.failure, "\n")
	if more == "" && s.log.Len() == 0 {
		return line
	}
	file, err := os.CreateTemp("", "clbcert-demo-*.log")
	if err != nil {
		return line
	}
	defer file.Close()
	fmt.Fprintf(file, "%s\n%s\n%s", line, more, s.log.String())
	return line + " (logs: " + file.Name() + ")"
}

// Context ends with Ctrl-C.
func (s *stage) Context() context.Context { return s.ctx }

// Cleanup has clean called at the end, the last one first.
func (s *stage) Cleanup(clean func()) { s.cleanup = append(s.cleanup, clean) }

// Failed tells whether anything went wrong so far.
func (s *stage) Failed() bool { return s.failure != "" }

// Errorf notes that something went wrong. The first one is told.
func (s *stage) Errorf(format string, args ...any) {
	if s.failure == "" {
		s.failure = fmt.Sprintf(format, args...)
		return
	}
	s.Logf(format, args...)
}

// Fatalf is Errorf and the end of the story.
func (s *stage) Fatalf(format string, args ...any) {
	s.Errorf(format, args...)
	runtime.Goexit()
}

// Helper is for tests.
func (s *stage) Helper() {}

// Logf keeps a line for the log of a failure.
func (s *stage) Logf(format string, args ...any) { fmt.Fprintf(&s.log, format+"\n", args...) }

// TempDir is a folder that goes at the end.
func (s *stage) TempDir() string {
	folder, err := os.MkdirTemp("", "clbcert-demo-")
	if err != nil {
		s.Fatalf("making a folder: %v", err)
	}
	s.Cleanup(func() { os.RemoveAll(folder) })
	return folder
}
