package clb

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/clbcert/clbcert/internal/clberr"
)

const actionListener = "DescribeLoadBalancerHTTPSListenerAttribute"

func TestAListenerIsRememberedForAWhile(t *testing.T) {
	t.Parallel()
	s := openShop(t, nil)
	read := func(age time.Duration) (Listener, time.Time) {
		since := time.Now().Add(-age)
		listener, began, err := s.account.ListenerSince(t.Context(), region, s.id, 443, since)
		if err != nil || began.Before(since) {
			t.Errorf("read at %s, asked for %s: %v", began, since, err)
		}
		return listener, began
	}
	first, began := read(time.Minute)
	want := []Extension{{ID: s.extension, Domain: "a.example.com", CertificateID: s.old}}
	if !slices.Equal(first.Extensions, want) {
		t.Errorf("its extensions are %+v", first.Extensions)
	}
	if err := s.account.SetListenerCertificate(t.Context(), region, s.id, 443, s.new); err != nil {
		t.Fatal(err)
	}
	for i, c := range []struct {
		age    time.Duration
		serves string
		fresh  bool
		calls  int
	}{{time.Minute, s.old, false, 1}, {0, s.new, true, 2}, {time.Minute, s.new, true, 2}} {
		got, at := read(c.age)
		if calls := len(s.calls(actionListener)); got.CertificateID != c.serves || at.After(began) != c.fresh || calls != c.calls {
			t.Errorf("look %d: it serves %s, read at %s, after %d calls", i, got.CertificateID, at, calls)
		}
	}
}

func TestAListenerThatCannotBeReadIsNotRemembered(t *testing.T) {
	t.Parallel()
	s := openShop(t, nil)
	for port, class := range map[int32]clberr.Class{444: clberr.NotFound, 443: clberr.Transient} {
		if port == 443 {
			s.put("/faults", `["`+actionListener+`=SystemBusy"]`)
		}
		for range 2 {
			_, _, err := s.account.ListenerSince(t.Context(), region, s.id, port, time.Now().Add(-time.Minute))
			if got := failure(t, err); got.Class() != class {
				t.Errorf("%d: got %+v", port, *got)
			}
		}
		s.put("/faults", `[]`)
	}
	if n := len(s.calls(actionListener)); n != 4 {
		t.Errorf("%d calls", n)
	}
}

func TestUsersOfACertificate(t *testing.T) {
	t.Parallel()
	s := openShop(t, nil)
	other := makeLoadBalancer(t, s.account, "slb.s1.small", "")
	makeListener(t, s.account, other, 8443, s.new)
	if _, err := s.account.CreateExtension(t.Context(), region, other, 8443, "*.example.com", s.old); err != nil {
		t.Fatal(err)
	}
	byDefault, byDomain, elsewhere := User{s.id, 443, ""}, User{s.id, 443, "a.example.com"}, User{other, 8443, "*.example.com"}
	for sentence, c := range map[string]struct {
		id         string
		extensions bool
		want       []User
		listeners  int // how many are read
	}{
		"by default alone":      {s.old, false, []User{byDefault}, 0},
		"by domains, too":       {s.old, true, []User{byDefault, byDomain, elsewhere}, 2},
		"of another":            {s.new, true, []User{{other, 8443, ""}}, 0},
		"of one that nobody is": {"nobody's", true, nil, 0},
	} {
		s.account.surface(region).forget(s.id)
		s.account.surface(region).forget(other)
		before := len(s.calls(actionListener))
		got, err := s.account.Users(t.Context(), region, c.id, c.extensions)
		slices.SortFunc(got, func(a, b User) int { return strings.Compare(a.LoadBalancerID+a.Domain, b.LoadBalancerID+b.Domain) })
		slices.SortFunc(c.want, func(a, b User) int { return strings.Compare(a.LoadBalancerID+a.Domain, b.LoadBalancerID+b.Domain) })
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: got %+v, %v", sentence, got, err)
		}
		if n := len(s.calls(actionListener)) - before; c.listeners > 0 && n != c.listeners || !c.extensions && n != 0 {
			t.Errorf("%s: %d listeners are read", sentence, n)
		}
	}
	var calls [2]int
	for i := range calls {
		if _, err := s.account.Users(t.Context(), region, s.old, true); err != nil {
			t.Fatal(err)
		}
		calls[i] = len(s.calls(actionListener))
	}
	if calls[0] != calls[1] {
		t.Errorf("within a minute they are read again: %v calls", calls)
	}
}

func TestUsersAreToldAsFarAsTheyAreKnown(t *testing.T) {
	t.Parallel()
	s := openShop(t, nil)
	s.put("/faults", `["`+actionListener+`=SystemBusy"]`)
	users, err := s.account.Users(t.Context(), region, s.old, true)
	if got := failure(t, err); got.Action != actionListener || !slices.Equal(users, []User{{s.id, 443, ""}}) {
		t.Errorf("got %+v, %+v", users, *got)
	}
	s.put("/faults", `["`+actionListeners+`=SystemBusy"]`)
	if users, err = s.account.Users(t.Context(), region, s.old, false); failure(t, err).Action != actionListeners || users != nil {
		t.Errorf("got %+v, %v", users, err)
	}
}

func TestAllUsersOfARegion(t *testing.T) {
	t.Parallel()
	s := openShop(t, nil)
	other := makeLoadBalancer(t, s.account, "slb.s1.small", "")
	makeListener(t, s.account, other, 8443, s.new)
	for range 2 { // each time anew
		users, err := s.account.AllUsers(t.Context(), region)
		want := map[string][]User{s.old: {{s.id, 443, ""}, {s.id, 443, "a.example.com"}}, s.new: {{other, 8443, ""}}}
		if err != nil || !maps.EqualFunc(users, want, slices.Equal) {
			t.Errorf("got %+v, %v", users, err)
		}
	}
	if n := len(s.calls(actionListener)); n != 4 {
		t.Errorf("%d listeners are read", n)
	}
}

func TestAllUsersAreAllOrAnError(t *testing.T) {
	t.Parallel()
	s := openShop(t, nil)
	for sentence, c := range map[string]struct {
		fault string
		fails bool
	}{
		"a listener that isn't told":     {actionListener + "=SystemBusy", true},
		"a list that isn't told":         {actionListeners + "=SystemBusy", true},
		"a listener deleted meanwhile":   {actionListener + "=ListenerNotFound", false},
		"a load balancer that went, too": {actionListener + "=InvalidLoadBalancerId.NotFound", false},
	} {
		s.put("/faults", `["`+c.fault+`"]`)
		if users, err := s.account.AllUsers(t.Context(), region); (err != nil) != c.fails || len(users) != 0 {
			t.Errorf("%s: got %+v, %v", sentence, users, err)
		}
	}
}
