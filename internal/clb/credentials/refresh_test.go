package credentials

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// issued counts questions; each answer lives for life and takes a second.
type issued struct {
	life  time.Duration
	asked atomic.Int32
	err   atomic.Pointer[error]
}

func (i *issued) fetch(ctx context.Context) (Value, error) {
	n := i.asked.Add(1)
	timer := time.NewTimer(time.Second)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return Value{}, ctx.Err()
	}
	if err := i.err.Load(); err != nil {
		return Value{}, *err
	}
	return Value{AccessKeyID: fmt.Sprint(n), AccessKeySecret: secret, Expires: time.Now().Add(i.life)}, nil
}

func pause(d time.Duration) { <-time.NewTimer(d).C }

// key gives the ID of the current keys.
func key(t *testing.T, p Provider) string {
	t.Helper()
	value, err := p.Credentials(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return value.AccessKeyID
}

func TestKeysAreKeptAndReplacedBeforeTheirEnd(t *testing.T) {
	t.Parallel()
	for life, pauses := range map[time.Duration][2]time.Duration{
		time.Hour:       {54 * time.Minute, 2 * time.Minute},
		5 * time.Minute: {3*time.Minute + 50*time.Second, 15 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			provider := refreshing((&issued{life: life}).fetch)
			if got := key(t, provider); got != "1" {
				t.Errorf("first: %s", got)
			}
			pause(pauses[0])
			if got := key(t, provider); got != "1" {
				t.Errorf("%s of %s later: %s", pauses[0], life, got)
			}
			pause(pauses[1])
			if got := key(t, provider); got != "2" {
				t.Errorf("%s of %s later: %s", pauses[0]+pauses[1], life, got)
			}
		})
	}
}

func TestOneAsksForAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := &issued{life: time.Hour}
		provider := refreshing(source.fetch)
		var group sync.WaitGroup
		for range 20 {
			group.Go(func() { _, _ = provider.Credentials(t.Context()) })
		}
		group.Wait()
		failure := errors.New("refused")
		source.err.Store(&failure)
		pause(2 * time.Hour)
		began := time.Now()
		for range 20 {
			group.Go(func() {
				if _, err := provider.Credentials(t.Context()); !errors.Is(err, failure) {
					t.Errorf("got %v", err)
				}
			})
		}
		group.Wait()
		if n := source.asked.Load(); n != 2 || time.Since(began) != time.Second {
			t.Errorf("%d questions, in %s", n, time.Since(began))
		}
	})
}

func TestOldKeysServeWhileARefreshFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := &issued{life: time.Hour}
		provider := refreshing(source.fetch)
		key(t, provider)
		failure := errors.New("unreachable")
		source.err.Store(&failure)
		pause(56 * time.Minute)
		for range 100 {
			if got := key(t, provider); got != "1" {
				t.Fatalf("got %s", got)
			}
		}
		if n := source.asked.Load(); n != 2 {
			t.Errorf("asked %d times at once", n)
		}
		pause(5 * time.Minute)
		if _, err := provider.Credentials(t.Context()); !errors.Is(err, failure) {
			t.Errorf("after the old keys' end: %v", err)
		}
		source.err.Store(nil)
		if got := key(t, provider); got == "1" {
			t.Error("ended keys were used")
		}
	})
}

func TestOneCancelledAskerFailsNoOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		provider := refreshing((&issued{life: time.Hour}).fetch)
		gone, cancel := context.WithCancel(t.Context())
		var group sync.WaitGroup
		group.Go(func() { _, _ = provider.Credentials(gone) })
		synctest.Wait()
		group.Go(func() { key(t, provider) })
		synctest.Wait()
		cancel()
		group.Wait()
	})
}

func TestRenewForgetsRefusedKeysOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		provider := refreshing((&issued{life: time.Hour}).fetch)
		renewer, ok := provider.(Renewer)
		if !ok {
			t.Fatal("no Renewer")
		}
		old, _ := provider.Credentials(t.Context())
		renewer.Renew(old)
		if got := key(t, provider); got != "2" {
			t.Errorf("got %s", got)
		}
		renewer.Renew(old) // somebody who comes late
		if got := key(t, provider); got != "2" {
			t.Errorf("got %s", got)
		}
	})
}

func TestNothingPrintsKeys(t *testing.T) {
	t.Parallel()
	provider := refreshing(func(context.Context) (Value, error) {
		return Value{AccessKeyID: "id", AccessKeySecret: secret, SecurityToken: secret, Expires: time.Now().Add(time.Hour)}, nil
	})
	value, err := provider.Credentials(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, thing := range []any{provider, value, &value, []Value{value}, struct{ V Value }{value}, Static("id", secret, secret)} {
		text := fmt.Sprintf("%v %+v %#v %s %q %x", thing, thing, thing, thing, thing, thing)
		if encoded, err := json.Marshal(thing); err == nil {
			text += string(encoded)
		}
		if strings.Contains(text, secret) {
			t.Errorf("%T prints the secret: %s", thing, text)
		}
	}
}
