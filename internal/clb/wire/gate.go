package wire

import (
	"errors"
	"io"
	"sync"
	"time"
)

var (
	errDeadline = errors.New("the time within which the request had to leave has passed")
	errClosed   = errors.New("the exchange has ended")
)

// gate stands between a request's body and the connection. It knows for sure
// whether any of the body was handed over, and once closed hands over no more:
// net/http may go on writing after RoundTrip has returned.
type gate struct {
	deadline time.Time
	now      func() time.Time
	hasBody  bool

	mu     sync.Mutex
	passed bool // a byte of the body may have left; or, without a body, a connection was there
	closed bool
	late   bool
}

// connected is told that there is a connection, and whether to go on with it.
// Without a body nothing later can be seen, and so the request counts as sent.
func (g *gate) connected() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.isLate() {
		return false
	}
	g.passed = g.passed || !g.hasBody
	return true
}

// lateNow tells before anything is dialled whether the deadline is there.
func (g *gate) lateNow() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.isLate()
}

// isLate notes and tells whether the deadline is there: by the clock that nobody sets, if
// the deadline has its reading, or by the one that goes on while a machine sleeps.
func (g *gate) isLate() bool {
	if g.deadline.IsZero() {
		return false
	}
	now := g.now()
	g.late = g.late || !now.Before(g.deadline) || !now.Round(0).Before(g.deadline.Round(0))
	return g.late
}

func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
}

func (g *gate) sent() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.passed
}

func (g *gate) wasLate() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.late
}

// pass is asked before each part of a body; the deadline is for its first one:
// what follows belongs to a request that has left in time.
func (g *gate) pass(first bool) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.closed:
		return errClosed
	case first && g.isLate():
		return errDeadline
	default:
		g.passed = true
		return nil
	}
}

func (g *gate) guard(body io.ReadCloser) io.ReadCloser { return &guardedBody{body: body, gate: g} }

type guardedBody struct {
	body  io.ReadCloser
	gate  *gate
	begun bool
}

// Read hands over a part of the body if the gate is open.
func (b *guardedBody) Read(p []byte) (int, error) {
	if err := b.gate.pass(!b.begun); err != nil {
		return 0, err
	}
	b.begun = true
	return b.body.Read(p)
}

// Close closes the body behind the gate.
func (b *guardedBody) Close() error { return b.body.Close() }
