package clb

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/clbcert/clbcert/internal/clberr"
)

// asked counts the calls of the two lists, and gives the IDs that the last one asked for.
func (b *bench) asked() (balancers, listeners int, last []string) {
	b.t.Helper()
	calls := b.calls(actionLoadBalancers)
	if len(calls) > 0 {
		last = strings.Split(calls[len(calls)-1].Parameters["LoadBalancerId"], ",")
	}
	slices.Sort(last)
	return len(calls), len(b.calls(actionListeners)), last
}

// fronts asks for load balancers as old as given.
func (s shop) fronts(t *testing.T, age time.Duration, ids ...string) map[string]Front {
	t.Helper()
	since := time.Now().Add(-age)
	fronts, err := s.account.Fronts(t.Context(), region, ids, since)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		if fronts[id].Began.Before(since) {
			t.Errorf("%s was read at %s, before %s", id, fronts[id].Began, since)
		}
	}
	return fronts
}

// balancers makes more of them, each with an HTTPS listener.
func (s shop) balancers(t *testing.T, n int) []string {
	t.Helper()
	ids := make([]string, n)
	together(n, func(i int) {
		ids[i] = makeLoadBalancer(t, s.account, "", "")
		makeListener(t, s.account, ids[i], 443, s.old)
	})
	slices.Sort(ids)
	return ids
}

// expire lets everything that is remembered of load balancers be an hour old.
func (s shop) expire() {
	known := s.account.surface(region)
	known.mu.Lock()
	defer known.mu.Unlock()
	for id, front := range known.fronts {
		front.Began = front.Began.Add(-time.Hour)
		known.fronts[id] = front
	}
}

const old = time.Minute // as one asks who looks now and then

func TestAFrontTellsOfAllListeners(t *testing.T) {
	t.Parallel()
	s := openShop(t, nil)
	front := s.fronts(t, 0, s.id)[s.id]
	slices.SortFunc(front.Listeners, func(a, b ListenerPort) int { return int(a.Port - b.Port) })
	want := []ListenerPort{{80, "tcp", ""}, {443, "https", "shop"}}
	if !front.Found || !slices.Equal(front.Listeners, want) || !maps.Equal(front.Defaults, map[int32]string{443: s.old}) {
		t.Errorf("got %+v", front)
	}
	if front.ID != s.id || front.Spec != "slb.s1.small" || !maps.Equal(front.Tags, map[string]string{"team": "shop"}) {
		t.Errorf("got %+v", front.LoadBalancer)
	}
}

func TestWhatIsRememberedCostsNoCall(t *testing.T) {
	t.Parallel()
	s := openShop(t, nil)
	s.fronts(t, old, s.id)
	s.fronts(t, old, s.id, s.id)
	s.fronts(t, old)
	if balancers, listeners, _ := s.asked(); balancers != 1 || listeners != 1 {
		t.Errorf("%d and %d calls", balancers, listeners)
	}
	s.fronts(t, 0, s.id)
	if balancers, listeners, _ := s.asked(); balancers != 2 || listeners != 2 {
		t.Errorf("after a fresh look: %d and %d calls", balancers, listeners)
	}
	if err := s.account.SetListenerCertificate(t.Context(), region, s.id, 443, s.new); err != nil {
		t.Fatal(err)
	}
	if front := s.fronts(t, 0, s.id)[s.id]; front.Defaults[443] != s.new {
		t.Errorf("after a change it serves %v", front.Defaults)
	}
	if front := s.fronts(t, old, s.id)[s.id]; front.Defaults[443] != s.new {
		t.Errorf("it is remembered with %v", front.Defaults)
	}
}

func TestAFreshLookIsForTheAskedAlone(t *testing.T) {
	t.Parallel()
	s := openShop(t, nil)
	others := s.balancers(t, 3)
	s.fronts(t, old, others...)
	s.expire()
	s.fronts(t, 0, s.id)
	if _, _, last := s.asked(); !slices.Equal(last, []string{s.id}) {
		t.Errorf("it asks for %q", last)
	}
}

func TestALookThatIsDueTakesOthersWithIt(t *testing.T) {
	t.Parallel()
	s := openShop(t, nil)
	ids := s.balancers(t, 24)
	s.fronts(t, old, ids...)
	if balancers, listeners, _ := s.asked(); balancers != 3 || listeners != 3 {
		t.Fatalf("24 load balancers take %d and %d calls", balancers, listeners)
	}
	s.expire()
	for _, id := range ids { // one by one, as objects do
		s.fronts(t, old, id)
	}
	balancers, listeners, last := s.asked()
	if balancers != 6 || listeners != 6 || len(last) != 4 {
		t.Errorf("one by one they take %d and %d calls more, the last for %d", balancers-3, listeners-3, len(last))
	}
	s.fronts(t, old, ids...)
	if again, _, _ := s.asked(); again != balancers {
		t.Errorf("%d calls for what is remembered", again-balancers)
	}
}

func TestNobodyIsReadWhoIsNotDue(t *testing.T) {
	t.Parallel()
	s := openShop(t, nil)
	ids := s.balancers(t, 3)
	s.fronts(t, old, ids[:2]...)
	s.expire()
	s.fronts(t, old, ids[1], ids[2])
	if _, _, last := s.asked(); !slices.Equal(last, ids) {
		t.Errorf("with two that are due it asks for %q", last)
	}
	s.fronts(t, old, s.id)
	if _, _, last := s.asked(); !slices.Equal(last, []string{s.id}) {
		t.Errorf("with none it asks for %q", last)
	}
}

func TestALoadBalancerThatIsNotThere(t *testing.T) {
	t.Parallel()
	s := openShop(t, nil)
	fronts := s.fronts(t, old, "lb-none", s.id)
	if none := fronts["lb-none"]; none.Found || len(none.Listeners) != 0 || !fronts[s.id].Found || len(fronts) != 2 {
		t.Errorf("got %+v", fronts)
	}
	if s.fronts(t, old, "lb-none")["lb-none"].Found {
		t.Error("it is remembered as found")
	}
	if balancers, listeners, _ := s.asked(); balancers != 1 || listeners != 1 {
		t.Errorf("that it isn't there isn't remembered: %d and %d calls", balancers, listeners)
	}
	s.fronts(t, 0, "lb-none")
	if balancers, listeners, _ := s.asked(); balancers != 2 || listeners != 1 {
		t.Errorf("its listeners are asked for: %d and %d calls", balancers, listeners)
	}
	if _, err := s.account.Fronts(t.Context(), region, []string{s.id, ""}, time.Now()); failure(t, err).Outcome != clberr.NotSent {
		t.Errorf("an empty ID: %v", err)
	}
}

func TestALookThatFailsLeavesWhatIsKnown(t *testing.T) {
	t.Parallel()
	s := openShop(t, nil)
	s.fronts(t, old, s.id)
	for _, action := range []string{actionLoadBalancers, actionListeners} {
		s.put("/faults", `["`+action+`=SystemBusy"]`)
		_, err := s.account.Fronts(t.Context(), region, []string{s.id}, time.Now())
		if got := failure(t, err); got.Action != action || got.Class() != clberr.Transient {
			t.Errorf("%s: got %+v", action, *got)
		}
		if front := s.fronts(t, old, s.id)[s.id]; front.Defaults[443] != s.old {
			t.Errorf("%s: it is known with %v", action, front.Defaults)
		}
	}
}

func TestManyDueLooksAreOneCall(t *testing.T) {
	t.Parallel()
	s := openShop(t, nil)
	ids := s.balancers(t, 9)
	s.fronts(t, old, ids...)
	s.expire()
	before, _, _ := s.asked()
	var group sync.WaitGroup
	for i := range 50 {
		group.Go(func() {
			fronts, err := s.account.Fronts(t.Context(), region, []string{ids[i%9], ids[(i+1)%9]}, time.Now().Add(-old))
			if err != nil || !fronts[ids[i%9]].Found || !fronts[ids[(i+1)%9]].Found {
				t.Errorf("got %+v, %v", fronts, err)
			}
		})
	}
	group.Wait()
	if balancers, _, last := s.asked(); balancers != before+1 || !slices.Equal(last, ids) {
		t.Errorf("%d calls, the last for %q", balancers-before, last)
	}
}

func TestWhoWaitsForATurnCanGo(t *testing.T) {
	t.Parallel()
	s := openShop(t, nil)
	known := s.account.surface(region)
	known.turn <- struct{}{} // somebody's
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.account.Fronts(ctx, region, []string{s.id}, time.Now().Add(-old)); failure(t, err).Outcome != clberr.NotSent {
		t.Errorf("got %v", err)
	}
	s.fronts(t, 0, s.id) // who looks afresh takes no turn
	<-known.turn
	s.fronts(t, old, s.id)
}

func TestWhatNobodyAsksForIsForgotten(t *testing.T) {
	t.Parallel()
	s := openShop(t, nil)
	ids := s.balancers(t, 2)
	s.fronts(t, old, ids...)
	if _, _, err := s.account.ListenerSince(t.Context(), region, ids[0], 443, time.Now()); err != nil {
		t.Fatal(err)
	}
	known := s.account.surface(region)
	known.mu.Lock()
	known.used[ids[0]] = time.Now().Add(-unusedAfter - time.Second)
	known.mu.Unlock()
	s.fronts(t, old, s.id)
	known.mu.Lock()
	defer known.mu.Unlock()
	if got := slices.Sorted(maps.Keys(known.fronts)); fmt.Sprint(got) != fmt.Sprint(slices.Sorted(slices.Values([]string{s.id, ids[1]}))) || len(known.listeners) != 0 || len(known.used) != 2 {
		t.Errorf("remembered: %q, %d listeners, %d used", got, len(known.listeners), len(known.used))
	}
}

// With a rate limit calls are scarce: who waits for a look at load balancers shares it.
func TestLooksThatWaitForTheRateAreShared(t *testing.T) {
	t.Parallel()
	s := openShop(t, nil)
	ids := s.balancers(t, 8)
	if err := s.account.limit().turn.take(t.Context()); err != nil { // nobody's call leaves
		t.Fatal(err)
	}
	before, _, _ := s.asked()
	var group sync.WaitGroup
	for _, id := range append(ids, ids...) {
		group.Go(func() { s.fronts(t, 0, id) })
	}
	s.awaitUsers(t, 2*len(ids))
	s.account.limit().turn.give()
	group.Wait()
	if after, _, last := s.asked(); after != before+1 || !slices.Equal(last, ids) {
		t.Errorf("%d calls, the last for %v; want one for %v", after-before, last, ids)
	}
}

// awaitUsers waits until so many have joined the look that is about to leave.
func (s shop) awaitUsers(t *testing.T, n int) {
	t.Helper()
	known := s.account.surface(region)
	joined := func() bool {
		known.mu.Lock()
		defer known.mu.Unlock()
		return known.next != nil && known.next.users == n
	}
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for !joined() {
		select {
		case <-ticker.C:
		case <-t.Context().Done():
			t.Fatal("they didn't join")
		}
	}
}

// What one may not see is no reason to show the others nothing.
func TestARefusalOfASharedLookIsOnesOwn(t *testing.T) {
	t.Parallel()
	for code, shared := range map[string]bool{"Forbidden.RAM": false, "Throttling.User": true, "": false} {
		err := error(clberr.New(actionLoadBalancers, code, "no", "R", 403, clberr.Refused))
		if code == "" {
			err = nil
		}
		if got := refusesOne(err); got == shared && err != nil || got && err == nil {
			t.Errorf("%q may be on one's account: %v", code, got)
		}
	}
}
