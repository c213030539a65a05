package clb

import (
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/clbcert/clbcert/internal/clb/credentials"
)

// blackHole is an STS that never answers, until it is open.
type blackHole struct {
	open  atomic.Bool
	asked atomic.Int32
}

func (b *blackHole) RoundTrip(r *http.Request) (*http.Response, error) {
	b.asked.Add(1)
	if !b.open.Load() {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(`{"RequestId":"R-1","AccountId":"42"}`))}, nil
}

func TestOnlyTheFirstQuestionToSTSHoldsCallersUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, err := New(Config{})
		if err != nil {
			t.Fatal(err)
		}
		sts := &blackHole{}
		client.base = sts
		took := func() time.Duration {
			began := time.Now()
			account(t, client, "manager", credentials.Static(keyID, secret, ""))
			return time.Since(began)
		}
		if got := took(); got != defaultTimeout {
			t.Errorf("the first caller waited %s", got)
		}
		wait(askAgain)
		if one, two := took(), took(); one+two != 0 {
			t.Errorf("30 s later callers waited %s and %s", one, two)
		}
		synctest.Wait()
		if got := sts.asked.Load(); got != 2 {
			t.Errorf("STS was asked %d times, want one question in the background", got)
		}
		wait(defaultTimeout) // the question ends by itself
		sts.open.Store(true)
		wait(askAgain)
		took()
		synctest.Wait()
		if id := account(t, client, "manager", nil).ID(); id != "42" {
			t.Errorf("the ID is %q once STS answers", id)
		}
	})
}

func TestADroppedAccountAsksNoMore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, err := New(Config{})
		if err != nil {
			t.Fatal(err)
		}
		sts := &blackHole{}
		client.base = sts
		former := account(t, client, "secret 1 resourceVersion=1", credentials.Static(keyID, secret, ""))
		account(t, client, "secret 1 resourceVersion=2", credentials.Static(keyID, secret, ""))
		wait(askAgain)
		if err := former.identify(t.Context(), region); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if got := sts.asked.Load(); got != 2 {
			t.Errorf("STS was asked %d times, want one for each version", got)
		}
	})
}
