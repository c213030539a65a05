package env

import (
	"strings"
	"syscall"
)

// What tests do with a process; what goes wrong ends the test.

// Start starts the program again, after Stop or Kill, and waits until it is ready.
func (p *Process) Start(tb TB) {
	tb.Helper()
	if err := p.start(tb.Context()); err != nil {
		tb.Fatalf("%v", err)
	}
}

// Stop asks the program to end (SIGTERM), and waits until it has with exit code 0.
func (p *Process) Stop(tb TB) {
	tb.Helper()
	if err := p.stop(); err != nil {
		tb.Fatalf("%v", err)
	}
}

// Kill ends the program as a crash would (SIGKILL) and waits until it is gone.
func (p *Process) Kill(tb TB) {
	tb.Helper()
	if err := p.kill(); err != nil {
		tb.Fatalf("%v", err)
	}
}

// Abort has the program end as a Go program does on a fatal error (SIGQUIT), with the
// stacks of all goroutines in its log, and waits until it is gone.
func (p *Process) Abort(tb TB) {
	tb.Helper()
	if err := p.signal(syscall.SIGQUIT); err != nil {
		tb.Fatalf("%v", err)
	}
	<-p.Done()
}

// PID is that of the program that was started last.
func (p *Process) PID() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cmd.Process.Pid
}

// Restart stops the program and starts it again.
func (p *Process) Restart(tb TB) {
	tb.Helper()
	p.Stop(tb)
	p.Start(tb)
}

// Log is all the program wrote so far, over all its starts.
func (p *Process) Log() string { return p.log.String() }

// runFor starts the process for a test and stops it at its end. A program that
// ended by itself, or with another exit code than 0, fails the test; of a failed
// test the log is shown.
func (p *Process) runFor(tb TB) {
	tb.Helper()
	if err := p.start(tb.Context()); err != nil {
		tb.Fatalf("%v", err)
	}
	tb.Cleanup(func() {
		if err := p.stop(); err != nil {
			tb.Errorf("%v", err)
		}
		if tb.Failed() {
			tb.Logf("log of %s %s:\n%s", p.name, strings.Join(p.args, " "), p.log.tail())
		}
	})
}
