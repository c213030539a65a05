package env

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// Process is a program that runs beside the test, in a process group of its own.
// It can be killed or stopped, and started again with the same arguments.
type Process struct {
	name string
	path string
	args []string
	env  []string // besides PATH, HOME and TMPDIR
	// ready returns once the started program serves, or with ctx's error.
	ready func(ctx context.Context) error

	log output

	mu    sync.Mutex
	cmd   *exec.Cmd
	done  chan struct{} // closed when cmd has ended; nil before the first start
	end   error         // how it ended: nil for exit code 0
	meant bool          // its end was asked for
}

// start starts the program, which isn't running, and returns once it is ready.
func (p *Process) start(ctx context.Context) error {
	if err := p.launch(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	stop := p.atEnd(cancel)
	defer stop()
	err := p.ready(ctx)
	if err == nil {
		return nil
	}
	if ended, _, how := p.outcome(); ended {
		return fmt.Errorf("starting %s: it ended, %s: %s\n%s", p.name, describe(how), p.log.lastLine(), p.log.tail())
	}
	return errors.Join(fmt.Errorf("starting %s: not ready: %w\n%s", p.name, err, p.log.tail()), p.kill())
}

func (p *Process) launch() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	// The program outlives any context: it ends by Stop or Kill.
	cmd := exec.CommandContext(context.Background(), p.path, p.args...)
	cmd.Env = append(minimalEnv(), p.env...)
	cmd.Stdout, cmd.Stderr = &p.log, &p.log
	cmd.SysProcAttr = attributes()
	p.log.mark()
	if err := startOnLastingThread(cmd); err != nil {
		return fmt.Errorf("starting %s: %w", p.name, err)
	}
	p.cmd, p.done, p.meant, p.end = cmd, make(chan struct{}), false, nil
	go p.reap(cmd, p.done)
	return nil
}

func (p *Process) reap(cmd *exec.Cmd, done chan<- struct{}) {
	err := cmd.Wait()
	p.mu.Lock()
	p.end = err
	p.mu.Unlock()
	close(done)
}

// minimalEnv keeps the credentials and proxies of whoever runs the tests out.
func minimalEnv() []string {
	var env []string
	for _, name := range []string{"PATH", "HOME", "TMPDIR"} {
		if value, set := os.LookupEnv(name); set {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// atEnd calls f when the program ends, unless it is stopped before.
func (p *Process) atEnd(f func()) (stop func()) {
	stopped := make(chan struct{})
	go func() {
		select {
		case <-p.Done():
			f()
		case <-stopped:
		}
	}()
	return func() { close(stopped) }
}

// Done is closed when the program that was started last has ended.
func (p *Process) Done() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.done
}

// outcome tells whether the program has ended, whether that was asked for, and
// how: nil for exit code 0.
func (p *Process) outcome() (ended, meant bool, how error) {
	select {
	case <-p.Done():
		ended = true
	default:
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return ended, p.meant, p.end
}

// stop asks the program to end (SIGTERM) and waits until it has. It is an error
// when it ends with another code than 0, has ended by itself, or must be killed.
func (p *Process) stop() error {
	if ended, meant, how := p.outcome(); ended {
		if meant {
			return nil
		}
		return fmt.Errorf("stopping %s: it had ended by itself: %s", p.name, describe(how))
	}
	if err := p.signal(syscall.SIGTERM); err != nil {
		return err
	}
	timer := time.NewTimer(Patience)
	defer timer.Stop()
	select {
	case <-p.Done():
	case <-timer.C:
		return errors.Join(fmt.Errorf("stopping %s: it was still there after %s", p.name, Patience), p.kill())
	}
	if _, _, how := p.outcome(); how != nil {
		return fmt.Errorf("stopping %s: %w", p.name, how)
	}
	return nil
}

func describe(how error) string {
	if how == nil {
		return "exit status 0"
	}
	return how.Error()
}

// kill ends the program as a crash would (SIGKILL) and waits until it is gone.
func (p *Process) kill() error {
	if err := p.signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-p.Done()
	return nil
}

func (p *Process) signal(signal syscall.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return fmt.Errorf("signalling %s: it was never started", p.name)
	}
	p.meant = true
	if err := p.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signalling %s: %w", p.name, err)
	}
	return nil
}
