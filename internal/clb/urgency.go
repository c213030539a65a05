package clb

import (
	"context"
	"slices"
	"sync"
)

type urgentKey struct{}

// Urgent marks calls that go before others where an account's rate limit makes them wait.
func Urgent(ctx context.Context) context.Context {
	return context.WithValue(ctx, urgentKey{}, true)
}

func isUrgent(ctx context.Context) bool { return ctx.Value(urgentKey{}) != nil }

// turn is held by one at a time. Those who wait get it in the order in which they came, those
// whose calls are urgent first.
type turn struct {
	mu             sync.Mutex
	taken          bool
	urgent, others []chan struct{}
}

// take waits for the turn.
func (t *turn) take(ctx context.Context) error {
	t.mu.Lock()
	if !t.taken {
		t.taken = true
		t.mu.Unlock()
		return nil
	}
	mine := make(chan struct{})
	if isUrgent(ctx) {
		t.urgent = append(t.urgent, mine)
	} else {
		t.others = append(t.others, mine)
	}
	t.mu.Unlock()
	select {
	case <-mine:
		return nil
	case <-ctx.Done():
		t.leave(mine)
		return ctx.Err()
	}
}

// give passes the turn on.
func (t *turn) give() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pass()
}

func (t *turn) pass() {
	line := &t.urgent
	if len(*line) == 0 {
		line = &t.others
	}
	if len(*line) == 0 {
		t.taken = false
		return
	}
	close((*line)[0])
	*line = (*line)[1:]
}

// leave gives up waiting; the turn may have come meanwhile.
func (t *turn) leave(mine chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	select {
	case <-mine:
		t.pass()
		return
	default:
	}
	same := func(other chan struct{}) bool { return other == mine }
	t.urgent, t.others = slices.DeleteFunc(t.urgent, same), slices.DeleteFunc(t.others, same)
}
