package controllers

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// hall is places with those who were called.
type hall struct {
	*places
	called []string
}

func newHall(perAccount int) *hall {
	h := &hall{places: &places{perAccount: perAccount}}
	h.wake = func(r reconcile.Request) { h.called = append(h.called, r.Name) }
	return h
}

func (h *hall) come(account, name string, urgent bool) bool {
	return h.enter(account, "key of "+account, reconcile.Request{NamespacedName: types.NamespacedName{Name: name}}, urgent)
}

// fill takes all places of an account.
func (h *hall) fill(t *testing.T, account string) {
	t.Helper()
	for i := range h.perAccount {
		if !h.come(account, fmt.Sprint("first-", i), false) {
			t.Fatalf("no place for number %d", i)
		}
	}
}

func TestOneAccountsPlacesAreNoOthers(t *testing.T) {
	t.Parallel()
	h := newHall(4)
	h.fill(t, "a")
	if h.come("a", "late", false) {
		t.Error("there was a fifth place")
	}
	if !h.come("b", "other", false) {
		t.Error("another account's object found no place")
	}
}

func TestWhatIsUrgentFindsAPlaceAndGoesFirst(t *testing.T) {
	t.Parallel()
	h := newHall(4)
	h.fill(t, "a")
	if !h.come("a", "renewal", true) || h.come("a", "second renewal", true) || h.come("a", "late", false) {
		t.Error("want a quarter more places for what is urgent")
	}
	h.leave("a")
	if !slices.Equal(h.called, []string{"second renewal"}) {
		t.Errorf("called %v, want what is urgent", h.called)
	}
	if !h.come("a", "second renewal", true) {
		t.Error("who was called found no place")
	}
	h.leave("a")
	h.leave("a")
	if !slices.Equal(h.called, []string{"second renewal", "late"}) {
		t.Errorf("called %v, want who was late as well", h.called)
	}
}

func TestWhoWaitsIsCalledInOrderAndOnce(t *testing.T) {
	t.Parallel()
	h := newHall(1)
	h.fill(t, "a")
	for i := range 5 {
		h.come("a", fmt.Sprint(i), false)
		h.come("a", fmt.Sprint(i), false) // by another event
	}
	for i := range 5 {
		h.leave("a")
		if !h.come("a", fmt.Sprint(i), false) {
			t.Fatalf("number %d found no place; called %v", i, h.called)
		}
	}
	h.leave("a")
	if want := []string{"0", "1", "2", "3", "4"}; !slices.Equal(h.called, want) || len(h.accounts) != 0 {
		t.Errorf("called %v, want %v; left are %d accounts", h.called, want, len(h.accounts))
	}
}

func TestWhoIsCalledAndGoneKeepsNobodyOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHall(2)
		h.fill(t, "a")
		for _, name := range []string{"gone", "next", "last"} {
			h.come("a", name, false)
		}
		h.leave("a") // calls gone, who doesn't come
		timer := time.NewTimer(2 * comesWithin)
		<-timer.C
		h.leave("a")
		if want := []string{"gone", "next", "last"}; !slices.Equal(h.called, want) {
			t.Errorf("called %v, want %v", h.called, want)
		}
	})
}

// The account's ID is told by its first call.
func TestWhoWaitedBeforeTheAccountWasKnownGoesAlong(t *testing.T) {
	t.Parallel()
	h := newHall(1)
	request := reconcile.Request{NamespacedName: types.NamespacedName{Name: "early"}}
	h.enter("keys", "keys", reconcile.Request{NamespacedName: types.NamespacedName{Name: "first"}}, false)
	h.enter("keys", "keys", request, false)
	h.enter("account", "keys", reconcile.Request{NamespacedName: types.NamespacedName{Name: "second"}}, false)
	h.leave("keys")
	h.leave("account")
	if !slices.Equal(h.called, []string{"early"}) {
		t.Errorf("called %v", h.called)
	}
}

func TestWhoIsNewWaitsWithoutALookOnce(t *testing.T) {
	t.Parallel()
	h := newHall(1)
	newcomer := reconcile.Request{NamespacedName: types.NamespacedName{Name: "new"}}
	if h.queue("a", newcomer) {
		t.Error("it waits although there is a place")
	}
	h.fill(t, "a")
	if !h.queue("a", newcomer) || h.queue("a", newcomer) {
		t.Error("want it in line at first, and then to have a look")
	}
	h.leave("a")
	if !slices.Equal(h.called, []string{"new"}) || h.queue("a", newcomer) {
		t.Errorf("called %v, want new, who then has a look", h.called)
	}
}
