package clb

import (
	"context"
	"errors"
	"time"

	"github.com/clbcert/clbcert/internal/clb/credentials"
	"github.com/clbcert/clbcert/internal/clberr"
)

const actionIdentity = "GetCallerIdentity"

// askAgain is how long an account without an ID goes on without before STS is
// asked again.
const askAgain = 30 * time.Second

// identify finds the account's ID out, if it isn't known and it is time to ask.
// Only the first question holds callers up.
func (a *Account) identify(ctx context.Context, region string) error {
	first, due := a.identityDue(time.Now())
	switch {
	case !due:
		return nil
	case first:
		return a.identifyFirst(ctx, region)
	default:
		a.identifyLater(ctx, region)
		return nil
	}
}

// identifyFirst asks, or waits for the answer to who asks already.
func (a *Account) identifyFirst(ctx context.Context, region string) error {
	select {
	case a.turn <- struct{}{}:
		defer func() { <-a.turn }()
	case <-ctx.Done():
		return clberr.New(actionIdentity, "", "the call was cancelled", "", 0, clberr.NotSent)
	}
	if first, _ := a.identityDue(time.Now()); !first {
		return nil
	}
	id, final, err := a.askIdentity(ctx, region)
	if err != nil && (final || ctx.Err() != nil) {
		return err
	}
	a.identified(id)
	return nil
}

// identifyLater asks in the background, unless that is done already. It tells no
// error: where the keys are at fault, the callers' own calls say so.
func (a *Account) identifyLater(ctx context.Context, region string) {
	select {
	case a.turn <- struct{}{}:
	default:
		return
	}
	go func() {
		defer func() { <-a.turn }()
		if _, due := a.identityDue(time.Now()); !due {
			return
		}
		// The caller's end isn't that of the question, whose keys may take a call too.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.client.config.Timeout)
		defer cancel()
		if id, _, err := a.askIdentity(ctx, region); err == nil {
			a.identified(id)
			return
		}
		a.identified("")
	}()
}

func (a *Account) identityDue(now time.Time) (first, due bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	first = a.id == "" && a.asked.IsZero()
	return first, first || a.id == "" && !a.dropped && now.Sub(a.asked) >= askAgain
}

// drop ends the questions for the ID.
func (a *Account) drop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.dropped = true
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
