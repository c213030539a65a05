package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// progress turns what "go list" and "go build -v" write on standard error into a
// line now and then. Lines that are not progress, such as a compiler's errors,
// pass through.
type progress struct {
	out   io.Writer
	start time.Time

	mu      sync.Mutex
	rest    []byte          // of a line that isn't complete yet
	modules int             // downloaded so far
	wanted  map[string]bool // packages of the build; nil until it is known
	done    int             // of them compiled so far
	last    string          // package that was begun last
}

func newProgress(out io.Writer) *progress {
	return &progress{out: out, start: time.Now()}
}

// every tells how far things are at each interval, until stop is called.
func (p *progress) every(interval time.Duration) (stop func()) {
	ticker := time.NewTicker(interval)
	end := make(chan struct{})
	go func() {
		for {
			select {
			case now := <-ticker.C:
				fmt.Fprintf(p.out, "controlplane: %s\n", p.line(now))
			case <-end:
				return
			}
		}
	}()
	return func() { ticker.Stop(); close(end) }
}

// line says how far things are. Packages that the build cache has are never
// compiled, so a build may end before the count reaches the total.
func (p *progress) line(now time.Time) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	since := now.Sub(p.start).Round(time.Second)
	if p.wanted == nil {
		return fmt.Sprintf("downloading modules: %d so far, %s", p.modules, since)
	}
	if p.last == "" {
		return fmt.Sprintf("compiling: 0 of %d packages, %s so far", len(p.wanted), since)
	}
	return fmt.Sprintf("compiling: %d of %d packages, %s so far, now %s", p.done, len(p.wanted), since, p.last)
}

// compiling begins the second part: the packages that are wanted are known.
func (p *progress) compiling(packages []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wanted = make(map[string]bool, len(packages))
	for _, name := range packages {
		p.wanted[name] = true
	}
}

// Write takes the go command's standard error.
func (p *progress) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rest = append(p.rest, text...)
	for {
		line, rest, whole := bytes.Cut(p.rest, []byte("\n"))
		if !whole {
			return len(text), nil
		}
		p.rest = rest
		p.count(string(line))
	}
}

func (p *progress) count(line string) {
	switch {
	case strings.HasPrefix(line, "go: downloading "):
		p.modules++
	case p.wanted[line]:
		p.done++
		p.last = line
	default:
		fmt.Fprintln(p.out, line)
	}
}
