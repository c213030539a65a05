package plan_test

import (
	"testing"

	"github.com/clbcert/clbcert/internal/plan"
)

// The decisions of a pass, from its first step to the status, without what the steps do.
func BenchmarkPass(b *testing.B) {
	for name, c := range map[string]struct {
		state plan.State
		cloud []plan.Certificate
	}{
		"first":   {given(), nil},
		"renewal": {given(synced(0), wants(1)), []plan.Certificate{certificate(0)}},
		"idle":    {given(synced(0)), []plan.Certificate{certificate(0)}},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				state := c.state
				for step := plan.Next(state); step != nil; step = plan.Next(state) {
					outcome := plan.Outcome{At: state.Now}
					succeed(state, step, c.cloud, &outcome)
					state = plan.After(state, step, outcome)
				}
				plan.Summary(state)
			}
		})
	}
}
