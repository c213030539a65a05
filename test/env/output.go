package env

import (
	"bytes"
	"context"
	"regexp"
	"sync"
)

// shownOutput is how much of a program's output goes into a message, in bytes.
const shownOutput = 32 << 10

// output collects what a program writes on standard output and error.
type output struct {
	mu    sync.Mutex
	text  []byte
	start int           // where the output of the last start begins
	grown chan struct{} // closed by the next write; nil when nobody waits
}

// Write takes a piece of output.
func (o *output) Write(text []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text = append(o.text, text...)
	if o.grown != nil {
		close(o.grown)
		o.grown = nil
	}
	return len(text), nil
}

// String is all output so far.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.text)
}

// tail is the end of the output, in whole lines.
func (o *output) tail() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.text) <= shownOutput {
		return string(o.text)
	}
	_, lines, _ := bytes.Cut(o.text[len(o.text)-shownOutput:], []byte("\n"))
	return "…\n" + string(lines)
}

// lastLine is what a program that fails usually says why in.
func (o *output) lastLine() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	lines := bytes.Split(bytes.TrimSpace(o.text), []byte("\n"))
	return string(lines[len(lines)-1])
}

// mark makes await look only at what comes from now on.
func (o *output) mark() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.start = len(o.text)
}

// await gives the first group of the first match since the last mark.
func (o *output) await(ctx context.Context, pattern *regexp.Regexp) (string, error) {
	for {
		match, grown := o.search(pattern)
		if match != "" {
			return match, nil
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

func (o *output) search(pattern *regexp.Regexp) (match string, grown <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if found := pattern.FindSubmatch(o.text[o.start:]); found != nil {
		return string(found[1]), nil
	}
	if o.grown == nil {
		o.grown = make(chan struct{})
	}
	return "", o.grown
}
