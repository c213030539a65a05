package clb

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// floorRate is the lowest rate that throttling brings about, in calls a second.
	floorRate = 5
	// guessRate is where lowering begins when there is neither a limit nor a
	// rate seen.
	guessRate = 100
	// recovery is how long after the last lowering the full rate is back.
	recovery = 30 * time.Second
)

// limiter is the rate of one account's calls. The service's throttling lowers
// it; it grows back by itself.
type limiter struct {
	turn  turn       // only the first in line holds a reservation
	full  rate.Limit // rate.Inf: none
	burst int

	mu      sync.Mutex
	bucket  *rate.Limiter
	low     rate.Limit // the rate at the last lowering
	goal    rate.Limit // what it grows back to within recovery; then full
	lowered time.Time  // zero: never
	second  time.Time  // the second that is counted in now
	current int
	before  int
}

// newLimiter allows qps calls a second (0: any number) and burst at once.
func newLimiter(qps float64, burst int) *limiter {
	full := rate.Limit(qps)
	if qps == 0 {
		full = rate.Inf
	}
	burst = max(burst, 1)
	return &limiter{full: full, burst: burst, bucket: rate.NewLimiter(full, burst)}
}

// wait takes one token. Those who wait stand in line without tokens of their
// own, so that a rate that grows back helps them at once, and what is urgent goes first.
func (l *limiter) wait(ctx context.Context) error {
	if err := l.turn.take(ctx); err != nil {
		return err
	}
	defer l.turn.give()
	delay := l.reserve(time.Now())
	if delay <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// reserve takes the next token at the rate of now, and says when it is there.
func (l *limiter) reserve(now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count(now)
	limit, burst := l.rateAt(now), l.burst
	if limit < l.full {
		burst = 1
	}
	if l.bucket.Limit() != limit {
		l.bucket.SetLimitAt(now, limit)
	}
	if l.bucket.Burst() != burst {
		l.bucket.SetBurstAt(now, burst)
	}
	return l.bucket.ReserveN(now, 1).DelayFrom(now)
}

// throttled halves the rate. A call that began before the last lowering says
// nothing about the lowered rate.
func (l *limiter) throttled(began time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if began.Before(l.lowered) {
		return
	}
	now := time.Now()
	limit := l.rateAt(now)
	if limit == rate.Inf {
		limit = max(l.seen(), floorRate)
	}
	l.goal = max(l.goal, limit)
	if l.full != rate.Inf {
		l.goal = l.full
	}
	l.low = min(max(limit/2, floorRate), l.goal)
	l.lowered = now
}

// rateAt grows in a straight line from low to goal.
func (l *limiter) rateAt(now time.Time) rate.Limit {
	if l.lowered.IsZero() {
		return l.full
	}
	since := now.Sub(l.lowered)
	if since >= recovery {
		l.lowered, l.goal = time.Time{}, 0
		return l.full
	}
	return l.low + (l.goal-l.low)*rate.Limit(since)/rate.Limit(recovery)
}

// count counts calls by the second.
func (l *limiter) count(now time.Time) {
	switch since := now.Sub(l.second); {
	case since < time.Second:
	case since < 2*time.Second:
		l.before, l.current, l.second = l.current, 0, l.second.Add(time.Second)
	default:
		l.before, l.current, l.second = 0, 0, now
	}
	l.current++
}

// seen is the rate of the last two seconds.
func (l *limiter) seen() rate.Limit {
	if most := max(l.before, l.current); most > 0 {
		return rate.Limit(most)
	}
	return guessRate
}
