package clb

import (
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"
)

func TestThrottlingKeepsToTheFloorAndPasses(t *testing.T) {
	t.Parallel()
	for sentence, row := range map[string]struct {
		qps     float64
		lowered rate.Limit
	}{
		"no limit, one call seen":      {0, floorRate},
		"a limit below the floor":      {2, 2},
		"a limit at the floor":         {floorRate, floorRate},
		"a limit just above the floor": {floorRate + 1, floorRate},
		"a limit far above the floor":  {40, 20},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := newLimiter(row.qps, 1)
				l.reserve(time.Now())
				l.throttled(time.Now())
				if got := l.rateAt(time.Now()); got != row.lowered {
					t.Errorf("the rate is lowered to %v, want %v", got, row.lowered)
				}
				l.throttled(time.Now().Add(-time.Second)) // a call of before
				wait(recovery)
				if got := l.rateAt(time.Now()); got != l.full {
					t.Errorf("%s later the rate is %v, want %v", recovery, got, l.full)
				}
			})
		})
	}
}
