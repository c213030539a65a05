package credentials

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/clbcert/clbcert/internal/clberr"
)

const (
	// refreshMargin is how long before their end keys are replaced; keys of a
	// short life are when a fifth of it is left.
	refreshMargin = 5 * time.Minute
	// retryPause is how long working keys are used on after a refresh failed.
	retryPause = 10 * time.Second
)

// source keeps temporary keys and replaces them in time. One caller at a time
// asks; while the old keys still work nobody waits for it.
type source struct {
	fetch func(context.Context) (Value, error)
	turn  chan struct{} // capacity 1: held while asking

	mu      sync.Mutex
	current Value
	renewAt time.Time // when the keys are to be replaced
	failure error     // of the last question that failed by itself
	failed  time.Time
}

func refreshing(fetch func(context.Context) (Value, error)) Provider {
	return &source{fetch: fetch, turn: make(chan struct{}, 1)}
}

// Format keeps the keys out of any print of the provider.
func (*source) Format(f fmt.State, _ rune) { fmt.Fprint(f, redacted) }

// Credentials gives keys that work now.
func (s *source) Credentials(ctx context.Context) (Value, error) {
	value, fresh, usable := s.look(time.Now())
	if fresh {
		return value, nil
	}
	if usable {
		return s.renewIfFree(ctx, value), nil
	}
	asked := time.Now()
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return Value{}, clberr.New("GetCredentials", "", "the call was cancelled while waiting for credentials", "", 0, clberr.NotSent)
	}
	if value, _, usable := s.look(time.Now()); usable {
		return value, nil
	}
	if err := s.failedSince(asked); err != nil {
		return Value{}, err
	}
	return s.ask(ctx)
}

// renewIfFree asks for new keys unless somebody else does, and gives old when
// there are none yet.
func (s *source) renewIfFree(ctx context.Context, old Value) Value {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	default:
		return old
	}
	value, err := s.ask(ctx)
	if err != nil {
		return old
	}
	return value
}

// look gives the current keys, and whether they are good for now or need not
// even be replaced.
func (s *source) look(now time.Time) (value Value, fresh, usable bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	usable = now.Before(s.current.Expires)
	return s.current, usable && now.Before(s.renewAt), usable
}

// failedSince is the failure of a question that ended after asked: those who
// waited for it share it instead of asking again one after the other.
func (s *source) failedSince(asked time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failure != nil && s.failed.After(asked) {
		return s.failure
	}
	return nil
}

func (s *source) ask(ctx context.Context) (Value, error) {
	value, err := s.fetch(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if err != nil {
		s.renewAt = now.Add(retryPause)
		if ctx.Err() == nil {
			s.failure, s.failed = err, now
		}
		return Value{}, err
	}
	s.current, s.failure = value, nil
	s.renewAt = value.Expires.Add(-min(refreshMargin, value.Expires.Sub(now)/5))
	return value, nil
}

// Renew forgets refused, if it is still the current value.
func (s *source) Renew(refused Value) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current.AccessKeyID == refused.AccessKeyID && s.current.SecurityToken == refused.SecurityToken {
		s.current = Value{}
	}
}
