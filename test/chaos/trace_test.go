package chaos

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// trace is what was done and what went wrong, in the order of time.
type trace struct {
	mu     sync.Mutex
	began  time.Time
	lines  []string
	counts map[string]int
	faults map[string][]string // what was violated, by its name in the table
}

func newTrace() *trace {
	return &trace{began: time.Now(), counts: map[string]int{}, faults: map[string][]string{}}
}

// note writes a line.
func (t *trace) note(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lines = append(t.lines, fmt.Sprintf("%7.2fs ", time.Since(t.began).Seconds())+fmt.Sprintf(format, args...))
}

// count counts something for the table.
func (t *trace) count(what string, n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts[what] += n
}

func (t *trace) of(what string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.counts[what]
}

// violate writes down that something didn't hold.
func (t *trace) violate(what, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	t.note("VIOLATION, %s: %s", what, text)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.faults[what] = append(t.faults[what], text)
}

// violations are all of a kind.
func (t *trace) violations(what string) []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]string{}, t.faults[what]...)
}

func (t *trace) violated() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.faults) > 0
}

func (t *trace) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(t.lines, "\n")
}
