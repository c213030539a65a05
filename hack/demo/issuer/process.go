package issuer

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/clbcert/clbcert/test/env"
)

// process is a program that runs until the test ends, or at the latest until its standard
// input is closed, which the kernel does when the test's process is gone.
type process struct {
	cmd    *exec.Cmd
	input  io.Closer
	output *bufio.Reader // read to its end once the first lines are
	log    record
	rest   sync.WaitGroup
}

// start starts a program and gives what its first lines say: of each the pattern's group.
func start(tb env.TB, program string, args []string, lines ...*regexp.Regexp) []string {
	tb.Helper()
	p, err := launch(program, args)
	if err != nil {
		tb.Fatalf("starting %s: %v", describe(program, args), err)
	}
	found, err := p.first(lines)
	p.rest.Go(func() { _, _ = io.Copy(&p.log, p.output) }) // it ends with the program
	tb.Cleanup(func() {
		if err := p.stop(); err != nil {
			tb.Errorf("%s ended badly: %v", describe(program, args), err)
		}
		if tb.Failed() {
			tb.Logf("log of %s:\n%s", describe(program, args), p.log.tail())
		}
	})
	if err != nil {
		tb.Fatalf("starting %s: %v", describe(program, args), err)
	}
	return found
}

func launch(program string, args []string) (*process, error) {
	p := &process{}
	// It outlives any context: it ends by stop.
	p.cmd = exec.CommandContext(context.Background(), program, append(args, "--until-eof")...)
	for _, name := range []string{"PATH", "HOME", "TMPDIR"} { // no proxies: all is on the loopback
		p.cmd.Env = append(p.cmd.Env, name+"="+os.Getenv(name))
	}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // away from the terminal's Ctrl-C
	p.cmd.Stderr = &p.log
	output, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.output = bufio.NewReader(output)
	if p.input, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	return p, p.cmd.Start()
}

// first reads the first lines.
func (p *process) first(lines []*regexp.Regexp) ([]string, error) {
	timer := time.AfterFunc(env.Patience, func() { _ = p.cmd.Process.Kill() }) // then the output ends
	defer timer.Stop()
	var found []string
	for _, pattern := range lines {
		line, err := p.output.ReadString('\n')
		if err != nil {
			return nil, fmt.Errorf("waiting for %s: %w", pattern, err)
		}
		groups := pattern.FindStringSubmatch(strings.TrimSpace(line))
		if groups == nil {
			return nil, fmt.Errorf("it says %q, want %s", line, pattern)
		}
		found = append(found, groups[1])
	}
	return found, nil
}

// stop has the program end and waits until it has, with exit code 0.
func (p *process) stop() error {
	p.input.Close()
	timer := time.AfterFunc(env.Patience, func() { _ = p.cmd.Process.Kill() })
	defer timer.Stop()
	p.rest.Wait() // before Wait, which closes the pipe
	return p.cmd.Wait()
}

// record is what a program writes.
type record struct {
	mu   sync.Mutex
	text []byte
}

// Write takes a piece of it.
func (r *record) Write(text []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.text = append(r.text, text...)
	return len(text), nil
}

// tail is its end.
func (r *record) tail() string {
	const shown = 32 << 10
	r.mu.Lock()
	defer r.mu.Unlock()
	return string(r.text[max(0, len(r.text)-shown):])
}
