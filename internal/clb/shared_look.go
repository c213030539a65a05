package clb

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync/atomic"

	"github.com/clbcert/clbcert/internal/clberr"
)

// sharedLook is a look at load balancers that is about to leave. While it waits for the rate
// limit, those join it who want to look as well: where calls are scarce they are shared, and
// where they are not nobody waits.
type sharedLook struct {
	ctx    context.Context
	cancel context.CancelFunc
	done   chan struct{}
	read   map[string]Front
	err    error

	// Guarded by the surface.
	ids   []string
	users int
}

// join gives the look that is about to leave with ids on board, or a new one, which start
// is to make leave.
func (s *surface) join(ids []string, start func(*sharedLook)) *sharedLook {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next != nil {
		all := slices.Concat(s.next.ids, ids)
		slices.Sort(all)
		if all = slices.Compact(all); len(all) <= maxAsked {
			s.next.ids = all
			s.next.users++
			return s.next
		}
	}
	l := &sharedLook{ids: slices.Clone(ids), done: make(chan struct{}), users: 1}
	l.ctx, l.cancel = context.WithCancel(Urgent(context.Background())) // it ends with the last of them
	s.next = l
	go start(l)
	return l
}

// leave says that nobody can join any more.
func (s *surface) leave(l *sharedLook) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next == l {
		s.next = nil
	}
}

// giveUp ends a look that nobody waits for any more.
func (s *surface) giveUp(l *sharedLook) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l.users--; l.users > 0 {
		return
	}
	l.cancel()
	if s.next == l {
		s.next = nil
	}
}

// lookNow reads load balancers as they are from now on, together with who wants to as well.
func (a *Account) lookNow(ctx context.Context, region string, s *surface, ids []string) (map[string]Front, error) {
	if ctx.Err() != nil {
		return nil, cancelledInLine(actionLoadBalancers)
	}
	l := s.join(ids, func(l *sharedLook) {
		defer close(l.done)
		defer l.cancel()
		l.err = a.wait(l.ctx, actionLoadBalancers)
		s.leave(l)
		if l.err == nil {
			l.read, l.err = a.readFronts(paid(l.ctx), region, l.ids)
		}
		s.put(l.read)
	})
	select {
	case <-l.done:
	case <-ctx.Done():
		s.giveUp(l)
		return nil, cancelledInLine(actionLoadBalancers)
	}
	if len(l.ids) > len(ids) && refusesOne(l.err) { // it may be on another's account
		return a.readFronts(ctx, region, ids)
	}
	return l.read, l.err
}

// readFronts reads load balancers, as many to a call as may be.
func (a *Account) readFronts(ctx context.Context, region string, ids []string) (map[string]Front, error) {
	all := make(map[string]Front, len(ids))
	for some := range slices.Chunk(ids, maxAsked) {
		read, err := a.fronts(ctx, region, some)
		if err != nil {
			return nil, err
		}
		maps.Copy(all, read)
	}
	return all, nil
}

// refusesOne tells whether a call may have been refused for one of the things asked for.
func refusesOne(err error) bool {
	refusal, ok := errors.AsType[*clberr.Error](err)
	if !ok || refusal.Outcome != clberr.Refused {
		return false
	}
	class := refusal.Class()
	return class != clberr.Throttled && class != clberr.Transient
}

type paidKey struct{}

// paid marks a context whose next call has taken its token of the rate limit already.
func paid(ctx context.Context) context.Context {
	return context.WithValue(ctx, paidKey{}, new(atomic.Bool))
}

// isPaid tells once that the token was taken.
func isPaid(ctx context.Context) bool {
	used, ok := ctx.Value(paidKey{}).(*atomic.Bool)
	return ok && used.CompareAndSwap(false, true)
}
