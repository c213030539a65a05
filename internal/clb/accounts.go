package clb

import (
	"container/list"
	"sync"
)

// maxAccounts is how many sets of credentials are remembered. One more drops
// the one not used for longest, with its lists; who holds it goes on with it.
const maxAccounts = 256

// accounts remembers Accounts by key, and one limiter for each account ID.
type accounts struct {
	qps   float64
	burst int

	mu       sync.Mutex
	byKey    map[string]*list.Element
	order    *list.List // of accountEntry, the last used in front
	limiters map[string]*limiter
}

type accountEntry struct {
	key     string
	account *Account
}

func (a *accounts) init(qps float64, burst int) {
	a.qps, a.burst = qps, burst
	a.byKey, a.order, a.limiters = map[string]*list.Element{}, list.New(), map[string]*limiter{}
}

// get gives the Account of key, made by create with a limiter of its own if
// there is none.
func (a *accounts) get(key string, create func(*limiter) *Account) *Account {
	a.mu.Lock()
	defer a.mu.Unlock()
	if element, ok := a.byKey[key]; ok {
		a.order.MoveToFront(element)
		return element.Value.(accountEntry).account
	}
	account := create(newLimiter(a.qps, a.burst))
	a.byKey[key] = a.order.PushFront(accountEntry{key: key, account: account})
	if a.order.Len() > maxAccounts {
		a.dropOldest()
	}
	return account
}

// dropOldest forgets the Account not used for longest, and the limiters of
// account IDs that no remembered Account has.
func (a *accounts) dropOldest() {
	entry := a.order.Remove(a.order.Back()).(accountEntry)
	delete(a.byKey, entry.key)
	used := map[string]bool{}
	for element := a.order.Front(); element != nil; element = element.Next() {
		used[element.Value.(accountEntry).account.ID()] = true
	}
	for id := range a.limiters {
		if !used[id] {
			delete(a.limiters, id)
		}
	}
}

// limiterOf is the limiter that all credentials of one account share.
func (a *accounts) limiterOf(id string) *limiter {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, ok := a.limiters[id]; !ok {
		a.limiters[id] = newLimiter(a.qps, a.burst)
	}
	return a.limiters[id]
}
