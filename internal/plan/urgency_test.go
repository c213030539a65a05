package plan_test

import (
	"testing"
	"time"

	"github.com/clbcert/clbcert/internal/plan"
)

func TestARenewalAndItsBindingsAreUrgent(t *testing.T) {
	t.Parallel()
	first, steady, renewal := given(), given(synced(0)), given(synced(0), wants(1))
	survey := func(age time.Duration) plan.Step { return plan.Survey{Wants: []plan.Want{{Since: now.Add(-age)}}} }
	for name, c := range map[string]struct {
		state  plan.State
		step   plan.Step
		urgent bool
	}{
		"a first upload":                {first, plan.Upload{}, false},
		"a first look":                  {first, plan.Look{}, false},
		"a renewal's look":              {renewal, plan.Look{}, true},
		"a renewal's intent":            {renewal, plan.RecordIntent{}, true},
		"a renewal's upload":            {renewal, plan.Upload{}, true},
		"a look at what is in order":    {steady, plan.Look{}, false},
		"a look before a binding":       {first, survey(0), true},
		"an eye on a binding":           {steady, survey(time.Minute), false},
		"setting a listener":            {first, plan.SetCertificate{}, true},
		"a deletion":                    {steady, plan.Delete{}, false},
		"a deletion during the renewal": {renewal, plan.Delete{}, false},
	} {
		if got := c.state.Urgent(c.step); got != c.urgent {
			t.Errorf("%s: urgent is %v", name, got)
		}
	}
}
