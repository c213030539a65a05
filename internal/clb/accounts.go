package clb

import (
	"strings"
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
	byKey    map[string]*remembered
	uses     uint64
	limiters map[string]*limiter
}

type remembered struct {
	account *Account
	used    uint64 // the number of its last use
}

func (a *accounts) init(qps float64, burst int) {
	a.qps, a.burst = qps, burst
	a.byKey, a.limiters = map[string]*remembered{}, map[string]*limiter{}
}

// get gives the Account of key, made by create with a limiter of its own if
// there is none.
func (a *accounts) get(key string, create func(*limiter) *Account) *Account {
	a.mu.Lock()
	defer a.mu.Unlock()
	found, ok := a.byKey[key]
	if !ok {
		a.dropFormer(key)
		if len(a.byKey) >= maxAccounts {
			a.dropOldest()
		}
		found = &remembered{account: create(newLimiter(a.qps, a.burst))}
		a.byKey[key] = found
	}
	a.uses++
	found.used = a.uses
	return found.account
}

// peek is the Account of key, if it is remembered.
func (a *accounts) peek(key string) *Account {
	a.mu.Lock()
	defer a.mu.Unlock()
	if found, ok := a.byKey[key]; ok {
		return found.account
	}
	return nil
}

// versionMark stands before the version in a key of credentials that change: the
// former version's keys are of no use, and are forgotten.
const versionMark = " resourceVersion="

// dropFormer forgets the Account of another version of the same credentials.
func (a *accounts) dropFormer(key string) {
	name, _, versioned := strings.Cut(key, versionMark)
	for other := range a.byKey {
		if versioned && strings.HasPrefix(other, name+versionMark) {
			a.forget(other)
		}
	}
}

func (a *accounts) forget(key string) {
	a.byKey[key].account.drop()
	delete(a.byKey, key)
}

// dropOldest forgets the Account not used for longest, and the limiters of
// account IDs that no remembered Account has.
func (a *accounts) dropOldest() {
	oldest, least := "", a.uses+1
	for key, one := range a.byKey {
		if one.used < least {
			oldest, least = key, one.used
		}
	}
	a.forget(oldest)
	needed := map[string]bool{}
	for _, one := range a.byKey {
		needed[one.account.ID()] = true
	}
	for id := range a.limiters {
		if !needed[id] {
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
