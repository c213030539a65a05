package chaos

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

// keptLog is how much of a replica's log is kept, in bytes.
const keptLog = 64 << 10

// replica is a manager that is started again whenever it ends, as a kubelet does.
type replica struct {
	name  string
	path  string
	args  []string
	env   []string
	trace *trace

	mu      sync.Mutex
	process *os.Process // nil between an end and the next start
	asked   os.Signal   // the signal that is to end it, if one was sent
	paused  bool
	led     time.Time // when it became the leader; zero before
	disturb time.Time // when it was last given a reason to end by itself
	freed   time.Time // when the lease was last emptied, which it may have held by then
	server  time.Time // when the API server was last away: for a while then it knows no rights
	log     []byte
	line    []byte        // of the log, not whole yet
	ended   chan struct{} // closed when the present process has ended
	fatal   bool          // the log tells of a panic
}

// supervise runs the manager over and over until the context ends, and then stops it. A
// child's death signal comes when the thread that started it ends: so this one is kept.
func (r *replica) supervise(ctx context.Context) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for ctx.Err() == nil {
		began := time.Now()
		err := r.once(ctx)
		r.reap(ctx, err, time.Since(began))
	}
}

// once runs one process to its end.
func (r *replica) once(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, r.path, r.args...)
	cmd.Env, cmd.SysProcAttr = r.env, attributes()
	cmd.Stdout, cmd.Stderr = r, r
	cmd.Cancel = func() error {
		r.resume()
		return cmd.Process.Signal(syscall.SIGTERM)
	}
	cmd.WaitDelay = 20 * time.Second
	r.mu.Lock()
	err := cmd.Start()
	if err == nil {
		r.process, r.asked, r.paused, r.led, r.ended = cmd.Process, nil, false, time.Time{}, make(chan struct{})
	}
	r.mu.Unlock()
	if err != nil {
		return err
	}
	return cmd.Wait()
}

// reap weighs an end: one that nobody caused is a violation. It is followed by a start.
func (r *replica) reap(ctx context.Context, err error, life time.Duration) {
	r.mu.Lock()
	asked, last := r.asked, lastLine(r.log)
	disturbed := time.Since(r.disturb) < time.Minute ||
		time.Since(r.freed) < time.Minute && strings.Contains(last, "leader election lost")
	r.process, r.led = nil, time.Time{}
	close(r.ended)
	r.mu.Unlock()
	if r.crashed() {
		r.trace.violate("crashes", "%s: %s", r.name, r.tail())
	}
	if asked == syscall.SIGKILL || wasStopped(err, asked, ctx.Err() != nil) {
		return
	}
	if disturbed {
		r.trace.note("%s ended by itself after %.1fs: %v: %s", r.name, life.Seconds(), err, last)
		r.trace.count("ends by themselves", 1)
	} else {
		r.trace.violate("crashes", "%s ended after %.1fs, signal %v, %v: %s", r.name, life.Seconds(), asked, err, last)
	}
	wait(ctx, 300*time.Millisecond) // one that can't start must not spin
}

// wasStopped tells a good end of one that was asked to: with exit code 0, or, where it had
// no handler for the signal yet, by the signal.
func wasStopped(err error, asked os.Signal, over bool) bool {
	switch {
	case asked == nil && !over:
		return false
	case err == nil:
		return true
	default:
		return strings.Contains(err.Error(), "signal: terminated")
	}
}

// crashed tells, once, that the log has the trace of a panic.
func (r *replica) crashed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fatal {
		return false
	}
	r.fatal = bytes.Contains(r.log, []byte("\npanic: ")) || bytes.Contains(r.log, []byte("\nfatal error: "))
	return r.fatal
}

// Write takes a piece of the process's output.
func (r *replica) Write(text []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.log = append(r.log, text...)
	if len(r.log) > 2*keptLog {
		r.log = append([]byte{}, r.log[len(r.log)-keptLog:]...)
	}
	r.line = append(r.line, text...)
	for {
		line, rest, whole := bytes.Cut(r.line, []byte("\n"))
		if !whole {
			return len(text), nil
		}
		r.read(string(line))
		r.line = rest
	}
}

// read notes what a line of the log tells.
func (r *replica) read(line string) {
	switch {
	case strings.Contains(line, "uccessfully acquired lease"):
		r.led = time.Now()
	case strings.Contains(line, " is forbidden: ") && time.Since(r.server) > time.Minute:
		r.trace.violate("rights", "%s: %s", r.name, line)
	}
}

func (r *replica) tail() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return string(r.log[max(0, len(r.log)-8<<10):])
}

func lastLine(text []byte) string {
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	return string(lines[len(lines)-1])
}

// leads tells whether it leads for all it knows, and isn't paused.
func (r *replica) leads() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.process != nil && !r.led.IsZero() && !r.paused && r.asked == nil
}

// running is the present process, or nil.
func (r *replica) running() *os.Process {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.process
}

// ledSince is when it began to lead.
func (r *replica) ledSince() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.led
}

// signal sends one that ends the process; false where there is none.
func (r *replica) signal(signal syscall.Signal) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.process == nil || r.asked != nil {
		return false
	}
	r.asked = signal
	return r.process.Signal(signal) == nil
}

// kill ends the process as a crash would, and waits until it is gone.
func (r *replica) kill() bool {
	if !r.signal(syscall.SIGKILL) {
		return false
	}
	r.mu.Lock()
	ended := r.ended
	r.mu.Unlock()
	<-ended
	r.trace.count("kills", 1)
	return true
}

// pause stops the process in its tracks, until resume.
func (r *replica) pause() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.process == nil || r.asked != nil || r.process.Signal(syscall.SIGSTOP) != nil {
		return false
	}
	r.paused = true
	return true
}

func (r *replica) resume() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.process != nil && r.paused {
		_ = r.process.Signal(syscall.SIGCONT)
	}
	r.paused = false
}

// excuseServer says that the API server is away, or was.
func (r *replica) excuseServer() {
	r.excuse()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.server = time.Now()
}

// excuse says that the process may end by itself from now on, for a while.
func (r *replica) excuse() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.disturb = time.Now()
}

// loseLease says that the lease was emptied: where the process had just taken it, it may end
// for want of it, and for nothing else.
func (r *replica) loseLease() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.freed = time.Now()
}

// wait waits a while, or until the context ends.
func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// poll asks until the answer is yes; an error when the context ends first.
func poll(ctx context.Context, what string, holds func() bool) error {
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for !holds() {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w", what, ctx.Err())
		}
	}
	return nil
}
