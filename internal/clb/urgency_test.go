package clb

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestWhatIsUrgentGoesBeforeWhatWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(1, 1)
		var mu sync.Mutex
		var order []string
		var group sync.WaitGroup
		ask := func(ctx context.Context, name string) {
			group.Go(func() {
				if l.wait(ctx) == nil {
					mu.Lock()
					defer mu.Unlock()
					order = append(order, name)
				}
			})
			synctest.Wait()
		}
		for _, name := range []string{"a", "b", "c"} {
			ask(t.Context(), name)
		}
		gone, cancel := context.WithCancel(Urgent(t.Context()))
		ask(gone, "nobody")
		ask(Urgent(t.Context()), "urgent")
		cancel()
		began := time.Now()
		group.Wait()
		if want := []string{"a", "b", "urgent", "c"}; !slices.Equal(order, want) { // b has its turn already
			t.Errorf("the order is %v, want %v", order, want)
		}
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("three calls took %s, want 3 s", took)
		}
	})
}
