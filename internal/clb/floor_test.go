package clb

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestThrottlingWithoutALimitKeepsToTheFloor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(0, 1)
		l.reserve(time.Now()) // one call in the last seconds
		l.throttled(time.Now())
		if got := l.rateAt(time.Now()); got < floorRate {
			t.Errorf("the rate is lowered to %v, want at least %v", got, floorRate)
		}
	})
}
