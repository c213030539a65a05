package clb

import (
	"context"
	"time"
)

// flight is one call for a list, shared by those who joined it. It ends with the
// last of them, never with one of them.
type flight struct {
	ctx    context.Context
	cancel context.CancelFunc
	done   chan struct{}

	// Guarded by the listing.
	began  time.Time // when the request left; zero while it waits for the rate limit
	joined int
	err    error
}

// look gives what is asked for of the remembered lists if they are new enough. Else it joins the call
// under way, or starts one with start, if that began or will begin at or after
// since; otherwise it only waits for its end. Either way wait waits, and fails
// with a joined call or when its context ends.
func (l *listing) look(since time.Time, concern Concern, start func(*flight)) (lists []List, ok bool, wait func(context.Context) error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if lists, ok := l.since(since, concern); ok {
		return lists, true, nil
	}
	f := l.flight
	if f == nil {
		f = newFlight()
		l.flight = f
		go start(f)
	}
	if !f.began.IsZero() && f.began.Before(since) {
		return nil, false, f.await
	}
	f.joined++
	return nil, false, func(ctx context.Context) error { return l.ride(ctx, f) }
}

func newFlight() *flight {
	ctx, cancel := context.WithCancel(Urgent(context.Background())) // others may join whose work is
	return &flight{ctx: ctx, cancel: cancel, done: make(chan struct{})}
}

// await waits for the end of a call that began too early to be of use.
func (f *flight) await(ctx context.Context) error {
	select {
	case <-f.done:
		return nil
	case <-ctx.Done():
		return cancelled(actionList)
	}
}

// ride waits for a joined call.
func (l *listing) ride(ctx context.Context, f *flight) error {
	select {
	case <-f.done:
		l.mu.Lock()
		defer l.mu.Unlock()
		return f.err
	case <-ctx.Done():
		l.leave(f)
		return cancelled(actionList)
	}
}

// leave ends a call that nobody waits for any more; who asks next starts another.
func (l *listing) leave(f *flight) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f.joined--
	if f.joined == 0 && l.flight == f {
		l.flight = nil
		f.cancel()
	}
}

// left notes that f's request is about to leave.
func (l *listing) left(f *flight) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f.began = time.Now()
}

// land remembers f's list and tells those who joined. The list of an abandoned
// call is dropped: a newer one may be there already.
func (l *listing) land(f *flight, certificates []Certificate, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f.err = err
	if l.flight == f {
		l.flight = nil
		if err == nil {
			l.add(f.began, certificates)
		}
	}
	f.cancel()
	close(f.done)
}
