// Package credentials is where the keys for calls to the cloud come from: fixed
// ones, a RAM role assumed with others, RRSA (OIDC) or an ECS instance's role.
// One source is chosen explicitly; there is no chain of guesses, and nothing of
// a Value is ever printed.
package credentials

import (
	"context"
	"fmt"
	"time"
)

// Value is one set of keys. In every verb, in JSON and in logs it prints as
// redacted; copies of it are as secret as it is.
type Value struct {
	AccessKeyID     string
	AccessKeySecret string
	// SecurityToken comes with temporary keys; "" with an account's own.
	SecurityToken string
	// Expires is when temporary keys end; zero when unknown or never.
	Expires time.Time
}

// Provider gives the keys to sign a call with, from a cache or fresh. It is
// safe for concurrent use. Its errors are *clberr.Error.
type Provider interface {
	Credentials(ctx context.Context) (Value, error)
}

// Renewer is a Provider whose keys the service can refuse before their time.
type Renewer interface {
	// Renew forgets refused, if that is still the current value, so that the
	// next Credentials asks for new keys.
	Renew(refused Value)
}

const redacted = "[redacted]"

// Format prints the same redacted text for every verb.
func (Value) Format(f fmt.State, _ rune) { fmt.Fprint(f, redacted) }

// MarshalText keeps the keys out of JSON, YAML and structured logs.
func (Value) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// static holds its value in a closure, so that no printer can reach it.
type static func() Value

// Static gives the same keys for ever; token is "" for an account's own.
func Static(accessKeyID, accessKeySecret, token string) Provider {
	value := Value{AccessKeyID: accessKeyID, AccessKeySecret: accessKeySecret, SecurityToken: token}
	return static(func() Value { return value })
}

// Credentials gives the fixed keys; it never fails.
func (s static) Credentials(context.Context) (Value, error) { return s(), nil }
