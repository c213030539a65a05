package clb

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// served counts how many calls l lets through within d, when many ask.
func served(t *testing.T, l *limiter, d time.Duration) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	var mu sync.Mutex
	var group sync.WaitGroup
	count := 0
	for range 8 {
		group.Go(func() {
			for l.wait(ctx) == nil {
				mu.Lock()
				count++
				mu.Unlock()
			}
		})
	}
	group.Wait()
	return count
}

func near(got, want int) bool { return got >= want*9/10-2 && got <= want*11/10+2 }

func TestRateIsLimitedWithABurst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		if got := served(t, newLimiter(20, 10), 10*time.Second); !near(got, 210) {
			t.Errorf("%d calls in 10 s, want some 210", got)
		}
	})
}

func TestThrottlingHalvesTheRateWhichGrowsBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(40, 1)
		served(t, l, time.Second)
		wait(time.Second)
		began := time.Now()
		l.throttled(began)
		l.throttled(began.Add(-time.Millisecond)) // a call of before the lowering
		if got := served(t, l, time.Second); !near(got, 20) {
			t.Errorf("after one: %d calls a second, want some 20", got)
		}
		for range 20 {
			l.throttled(time.Now())
		}
		if got := served(t, l, time.Second); !near(got, floorRate) {
			t.Errorf("after many: %d calls a second, want some %d", got, floorRate)
		}
		wait(recovery)
		if got := served(t, l, 2*time.Second); !near(got, 80) {
			t.Errorf("30 s later: %d calls in 2 s, want some 80", got)
		}
	})
}

func TestThrottlingWithoutALimitStartsFromWhatWasSeen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(0, 0)
		for range 60 {
			if err := l.wait(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		l.throttled(time.Now())
		if got := served(t, l, time.Second); !near(got, 30) {
			t.Errorf("%d calls a second, want some 30", got)
		}
		wait(recovery)
		if delay := l.reserve(time.Now()); delay != 0 || l.rateAt(time.Now()) != l.full {
			t.Errorf("no limit is back: %s", delay)
		}
	})
}

func TestARateThatGrowsBackHelpsThoseInLine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(100, 1)
		for range 20 {
			l.throttled(time.Now())
		}
		began := time.Now()
		var group sync.WaitGroup
		for range 2000 {
			group.Go(func() { _ = l.wait(t.Context()) })
		}
		group.Wait()
		if took := time.Since(began); took > recovery+10*time.Second {
			t.Errorf("2000 calls took %s", took)
		}
	})
}

func TestWaitingEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(0.01, 1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if l.wait(ctx) != nil || l.wait(ctx) == nil {
			t.Error("the first is to pass, the second to end with its context")
		}
	})
}
