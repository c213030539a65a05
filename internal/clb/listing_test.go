package clb

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// region's list as a test plays it: calls are counted and take one second.
type played struct {
	*listing
	calls atomic.Int32
	err   error
	ids   func() []string
}

func play(window time.Duration) *played {
	return &played{listing: &listing{window: window, settle: 10 * time.Second}, ids: func() []string { return nil }}
}

func (p *played) fly(f *flight) {
	p.calls.Add(1)
	p.left(f)
	ids := p.ids()
	timer := time.NewTimer(time.Second)
	defer timer.Stop()
	select {
	case <-timer.C:
		p.land(f, named(ids...), p.err)
	case <-f.ctx.Done():
		p.land(f, nil, f.ctx.Err())
	}
}

func (p *played) get(ctx context.Context, since time.Time) ([]List, error) {
	for {
		lists, ok, wait := p.look(since, Concern{All: true}, p.fly)
		if ok {
			return lists, nil
		}
		if err := wait(ctx); err != nil {
			return nil, err
		}
	}
}

func named(ids ...string) []Certificate {
	list := []Certificate{}
	for _, id := range ids {
		list = append(list, Certificate{ID: id, Tags: map[string]string{"old": "1"}})
	}
	return list
}

func has(list List, id string) bool {
	return slices.ContainsFunc(list.Certificates, func(c Certificate) bool { return c.ID == id })
}

// one is the certificate of that ID in a list.
func one(list List, id string) Certificate {
	return list.Certificates[slices.IndexFunc(list.Certificates, func(c Certificate) bool { return c.ID == id })]
}

func wait(d time.Duration) {
	timer := time.NewTimer(d)
	<-timer.C
}

func TestOneCallServesAllWhoAsk(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := play(time.Minute)
		var group sync.WaitGroup
		for range 50 {
			group.Go(func() {
				if _, err := p.get(t.Context(), time.Now()); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if n := p.calls.Load(); n != 1 {
			t.Errorf("%d calls", n)
		}
		before := time.Now()
		if _, err := p.get(t.Context(), before.Add(-time.Second)); err != nil || p.calls.Load() != 1 {
			t.Errorf("a list that is new enough was read again: %v", err)
		}
	})
}

func TestALaterAskerGetsTheNextCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := play(time.Minute)
		var group sync.WaitGroup
		group.Go(func() { _, _ = p.get(t.Context(), time.Now()) })
		wait(500 * time.Millisecond)
		for range 10 {
			group.Go(func() {
				since := time.Now()
				lists, err := p.get(t.Context(), since)
				if err != nil || lists[0].Began.Before(since) {
					t.Errorf("got %v, %v", lists, err)
				}
			})
		}
		group.Wait()
		if n := p.calls.Load(); n != 2 {
			t.Errorf("%d calls", n)
		}
	})
}

func TestACancelledAskerFailsNobodyElse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := play(time.Minute)
		gone, cancel := context.WithCancel(t.Context())
		var group sync.WaitGroup
		group.Go(func() {
			if _, err := p.get(gone, time.Now()); err == nil {
				t.Error("a cancelled asker got a list")
			}
		})
		synctest.Wait()
		group.Go(func() {
			if _, err := p.get(t.Context(), time.Now()); err != nil {
				t.Errorf("the other: %v", err)
			}
		})
		synctest.Wait()
		cancel()
		group.Wait()
		if n := p.calls.Load(); n != 1 {
			t.Errorf("%d calls", n)
		}
	})
}

func TestACallThatNobodyWaitsForEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := play(time.Minute)
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		began := time.Now()
		if _, err := p.get(gone, began); err == nil {
			t.Error("a cancelled asker got a list")
		}
		synctest.Wait()
		if took := time.Since(began); took != 0 {
			t.Errorf("it went on for %s", took)
		}
		if _, err := p.get(t.Context(), time.Now()); err != nil || p.calls.Load() != 2 {
			t.Errorf("the next asker: %v after %d calls", err, p.calls.Load())
		}
	})
}

func TestAFailedCallFailsThoseWhoJoined(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := play(time.Minute)
		p.err = context.DeadlineExceeded
		if _, err := p.get(t.Context(), time.Now()); err == nil {
			t.Error("no error")
		}
		p.err = nil
		if _, err := p.get(t.Context(), time.Now()); err != nil {
			t.Error(err)
		}
	})
}

func TestOwnChangesShowInEveryList(t *testing.T) {
	t.Parallel()
	const window = time.Minute
	synctest.Test(t, func(t *testing.T) {
		p := play(window)
		p.ids = func() []string { return []string{"old"} } // the service's lists lag for ever
		first, _ := p.get(t.Context(), time.Now())
		wait(time.Second)
		p.did(uploaded(Certificate{ID: "new"}, window))
		p.did(deleted("old", window))
		p.did(edited("old", func(*Certificate) { t.Error("an edit of what is deleted") }, window))
		for _, c := range []struct {
			later    time.Duration
			new, old bool
		}{{0, true, false}, {window - 10*time.Second, true, false}, {20 * time.Second, false, false}, {window, false, true}} {
			wait(c.later)
			lists, err := p.get(t.Context(), time.Now())
			if err != nil || has(lists[0], "new") != c.new || has(lists[0], "old") != c.old {
				t.Errorf("%s later: %+v, %v", c.later, lists[0], err)
			}
		}
		if has(first[0], "new") || !has(first[0], "old") {
			t.Error("a list that was handed out has changed")
		}
		if p.forget(time.Now().Add(window)); len(p.effects) != 0 {
			t.Errorf("%d effects are kept for ever", len(p.effects))
		}
	})
}

func TestEditsLeaveHandedOutListsAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := play(time.Minute)
		p.ids = func() []string { return []string{"a", "b"} }
		before, _ := p.get(t.Context(), time.Now())
		wait(time.Second)
		p.did(edited("a", func(c *Certificate) { c.Tags["new"] = "2"; delete(c.Tags, "old"); c.Name = "n" }, time.Minute))
		after, _ := p.get(t.Context(), before[0].Began)
		if got := one(after[0], "a"); got.Name != "n" || got.Tags["new"] != "2" || len(got.Tags) != 1 {
			t.Errorf("got %+v", got)
		}
		if old := one(before[0], "a"); old.Name != "" || len(old.Tags) != 1 || old.Tags["old"] != "1" {
			t.Errorf("the old list became %+v", old)
		}
	})
}

func TestListsForAWindowAreKept(t *testing.T) {
	t.Parallel()
	const window = 16 * time.Second
	synctest.Test(t, func(t *testing.T) {
		p := play(window)
		start := time.Now()
		for range 40 { // one each two seconds
			if _, err := p.get(t.Context(), time.Now()); err != nil {
				t.Fatal(err)
			}
			wait(time.Second)
		}
		lists, _ := p.get(t.Context(), start)
		last := len(lists) - 1
		if len(lists) != 9 || lists[0].Began.Sub(lists[last].Began) != window {
			t.Errorf("%d lists, over %s", len(lists), lists[0].Began.Sub(lists[last].Began))
		}
		if !slices.IsSortedFunc(lists, func(a, b List) int { return b.Began.Compare(a.Began) }) {
			t.Error("not newest first")
		}
		wait(time.Hour)
		if lists, _ := p.get(t.Context(), time.Now()); len(lists) != 2 {
			t.Errorf("after a pause: %d lists", len(lists))
		}
	})
}

func TestTheNumberOfListsIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := play(time.Hour)
		for range 2000 {
			if _, err := p.get(t.Context(), time.Now()); err != nil {
				t.Fatal(err)
			}
			wait(time.Second)
		}
		if n := len(p.views); n > parts+3 {
			t.Errorf("%d lists", n)
		}
	})
}
