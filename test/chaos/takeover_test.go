package chaos

import (
	"context"
	"slices"
	"testing"
	"time"
)

func TestATakeoverIsHeldToItsLimit(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		took          time.Duration
		err           error
		counts, fails bool
	}{
		"in time":                           {took: takeover, counts: true},
		"late":                              {took: takeover + time.Millisecond, counts: true, fails: true},
		"not at all":                        {took: 2 * takeover, err: context.DeadlineExceeded, counts: true, fails: true},
		"cut short, and in time until then": {took: time.Second, err: context.DeadlineExceeded},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := &brawl{trace: newTrace()}
			b.judgeTakeover("left", c.took, c.err)
			if counts, fails := b.trace.of("take-overs") > 0, len(b.trace.violations("take-over")) > 0; counts != c.counts || fails != c.fails {
				t.Errorf("counted %t, a violation %t, want %t, %t", counts, fails, c.counts, c.fails)
			}
		})
	}
	if !slices.Contains(promises, "take-over") {
		t.Error("the table doesn't show it")
	}
}
