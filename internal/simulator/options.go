package simulator

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// DefaultAccount owns the access key of Options.
const DefaultAccount = "1000000000000001"

// Options are what a simulator is started with. Dir and the access key are required.
type Options struct {
	// Dir holds the CA (ca.crt, ca.key) and the state, and is made when missing.
	Dir string
	// AccessKeyID and AccessKeySecret sign for DefaultAccount.
	AccessKeyID, AccessKeySecret string
	// Latency is added to each call, half before its effect and half after it.
	Latency time.Duration
	// Quota is the number of server certificates per account and region; 0 means 100, the product's default.
	Quota int
	// ListLag is how long an upload stays out of lists, and a deleted certificate in them.
	ListLag time.Duration
	// ExtensionLimit is the number of domain extensions per HTTPS listener; 0 means 3, the product's default.
	ExtensionLimit int
	// SettleTime is how long after a write to a listener or its extensions further ones are refused as busy, and a
	// certificate that one of them served until then can't be deleted.
	SettleTime time.Duration
	// SessionLimit ends a role's session earlier than it was asked for; 0 means not. Sessions end at whole seconds.
	SessionLimit time.Duration
	// Faults are of the form ACTION[@ACCESSKEYID]=CODE[:PROBABILITY]; see parseFault.
	Faults []string
	// Seed makes the faults' dice and the lists' order repeatable.
	Seed uint64
	// Now is the clock for timestamps, lists and sessions; nil means time.Now.
	Now func() time.Time
	// Log receives a line for each call; nil means none.
	Log *slog.Logger
}

func (o Options) withDefaults() (Options, error) {
	switch {
	case o.Dir == "":
		return o, errors.New("a directory for the state is required (--dir)")
	case o.AccessKeyID == "" || o.AccessKeySecret == "":
		return o, errors.New("an access key is required (--access-key-id and --access-key-secret)")
	case min(o.Latency, o.ListLag, o.SettleTime, o.SessionLimit) < 0:
		return o, errors.New("a duration is negative (--latency, --list-lag, --settle-time or --session-limit)")
	case o.Quota < 0 || o.ExtensionLimit < 0:
		return o, fmt.Errorf("a limit is negative (--quota %d or --extension-limit %d)", o.Quota, o.ExtensionLimit)
	}
	o.Quota, o.ExtensionLimit = cmp.Or(o.Quota, 100), cmp.Or(o.ExtensionLimit, 3)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o, nil
}
