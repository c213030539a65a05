package clb

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/clbcert/clbcert/internal/clb/credentials"
	"github.com/clbcert/clbcert/internal/clberr"
)

// Account is what one set of credentials sees. It is safe for concurrent use.
type Account struct {
	client   *Client
	provider credentials.Provider
	turn     chan struct{} // capacity 1: held while asking for the ID

	mu      sync.Mutex
	id      string
	asked   time.Time // when STS last couldn't be reached
	dropped bool      // forgotten: who holds it goes on with what is known
	limiter *limiter
	regions map[string]*listing
	// surfaces are what is remembered of each region's load balancers.
	surfaces map[string]*surface
}

// Account gives the account of the credentials that key identifies: equal keys
// share one, with its limits and lists, and p is that of the first. Of a key of the
// form `<name> resourceVersion=<version>` only one version is remembered. The first
// use asks STS, through region, for the account's ID: where STS can't be reached the
// ID is "" and is asked for again later, while callers go on; keys that STS refuses, or that can't be had,
// are a *clberr.Error.
func (c *Client) Account(ctx context.Context, key, region string, p credentials.Provider) (*Account, error) {
	if region != "" {
		if err := checkRegion(actionIdentity, region); err != nil {
			return nil, err
		}
	}
	account := c.accounts.get(key, func(own *limiter) *Account {
		return &Account{client: c, provider: p, turn: make(chan struct{}, 1), limiter: own, regions: map[string]*listing{}, surfaces: map[string]*surface{}}
	})
	if err := account.identify(ctx, region); err != nil {
		return nil, err
	}
	return account, nil
}

// KnownID is the ID of the account that key identifies, as far as it is known: "" before
// STS has told it.
func (c *Client) KnownID(key string) string {
	if account := c.accounts.peek(key); account != nil {
		return account.ID()
	}
	return ""
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
	if isPaid(ctx) {
		return nil
	}
	if err := a.limit().wait(ctx); err != nil {
		return cancelledInLine(action)
	}
	return nil
}

func cancelledInLine(action string) error {
	return clberr.New(action, "", "cancelled while waiting for the account's rate limit", "", 0, clberr.NotSent)
}

func (a *Account) limit() *limiter {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.limiter
}
