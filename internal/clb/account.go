package clb

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/clbcert/clbcert/internal/clb/credentials"
	"github.com/clbcert/clbcert/internal/clberr"
)

// askAgain is how long an account without an ID goes on without before STS is
// asked again.
const askAgain = 30 * time.Second

// Account is what one set of credentials sees. It is safe for concurrent use.
type Account struct {
	client   *Client
	provider credentials.Provider
	turn     chan struct{} // capacity 1: held while asking for the ID

	mu      sync.Mutex
	id      string
	asked   time.Time // when STS last couldn't be reached
	limiter *limiter
	regions map[string]*listing
}

// Account gives the account of the credentials that key identifies: equal keys
// share one, with its limits and lists, and p is that of the first. Of a key of the
// form `<name> resourceVersion=<version>` only one version is remembered. The first
// use asks STS, through region, for the account's ID: where STS can't be reached the
// ID is "" and is asked for again later; keys that STS refuses, or that can't be had,
// are a *clberr.Error.
func (c *Client) Account(ctx context.Context, key, region string, p credentials.Provider) (*Account, error) {
	if region != "" {
		if err := checkRegion(actionIdentity, region); err != nil {
			return nil, err
		}
	}
	account := c.accounts.get(key, func(own *limiter) *Account {
		return &Account{client: c, provider: p, turn: make(chan struct{}, 1), limiter: own, regions: map[string]*listing{}}
	})
	if err := account.identify(ctx, region); err != nil {
		return nil, err
	}
	return account, nil
}

// Format keeps the credentials' source out of any print.
func (a *Account) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "Account(%s)", a.ID()) }

// ID is the account's ID, "" where STS couldn't be reached.
func (a *Account) ID() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.id
}

// Wait takes one token of the account's rate limit. Every method but Upload
// does so itself.
func (a *Account) Wait(ctx context.Context) error {
	return a.wait(ctx, "Wait")
}

func (a *Account) wait(ctx context.Context, action string) error {
	if err := a.limit().wait(ctx); err != nil {
		return clberr.New(action, "", "cancelled while waiting for the account's rate limit", "", 0, clberr.NotSent)
	}
	return nil
}

func (a *Account) limit() *limiter {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.limiter
}

const actionIdentity = "GetCallerIdentity"

// identify finds the account's ID out, if it isn't known and it is time to ask.
func (a *Account) identify(ctx context.Context, region string) error {
	first, due := a.identityDue(time.Now())
	if !due {
		return nil
	}
	if err := a.takeTurn(ctx, first); err != nil {
		if errors.Is(err, errBusy) {
			return nil
		}
		return err
	}
	defer func() { <-a.turn }()
	if _, due := a.identityDue(time.Now()); !due {
		return nil
	}
	id, final, err := a.askIdentity(ctx, region)
	if err != nil && (final || ctx.Err() != nil) {
		return err
	}
	a.identified(id)
	return nil
}

var errBusy = errors.New("somebody else asks")

// takeTurn waits for the first question's answer; a later one holds nobody up
// but the one who asks it.
func (a *Account) takeTurn(ctx context.Context, first bool) error {
	select {
	case a.turn <- struct{}{}:
		return nil
	default:
	}
	if !first {
		return errBusy
	}
	select {
	case a.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return clberr.New(actionIdentity, "", "the call was cancelled", "", 0, clberr.NotSent)
	}
}

func (a *Account) identityDue(now time.Time) (first, due bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	first = a.asked.IsZero()
	return first, a.id == "" && (first || now.Sub(a.asked) >= askAgain)
}

// askIdentity gives the ID. An error is final when the keys can't be had or are
// refused: no other call could be made with them either.
func (a *Account) askIdentity(ctx context.Context, region string) (id string, final bool, err error) {
	value, err := a.keys(ctx, actionIdentity)
	if err != nil {
		return "", true, err
	}
	sts := a.client.STS(region)
	id, err = sts.CallerIdentity(ctx, value)
	var failure *clberr.Error
	if !errors.As(err, &failure) {
		return id, false, err
	}
	if renewer, ok := a.provider.(credentials.Renewer); ok && isTokenRefused(failure) {
		// The next question, or the first call, comes with new keys.
		renewer.Renew(value)
	}
	return "", failure.Class() == clberr.Auth, failure
}

// identified notes the answer; "" is none, and is asked for again later.
func (a *Account) identified(id string) {
	var shared *limiter
	if id != "" {
		shared = a.client.accounts.limiterOf(id)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.id, a.asked = id, time.Now()
	if shared != nil {
		a.limiter = shared
	}
}
