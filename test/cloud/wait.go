package cloud

import (
	"context"
	"fmt"
	"time"

	"github.com/clbcert/clbcert/test/env"
)

// WaitListener waits, for env.Patience at most, until there is an HTTPS listener that
// holds, and gives it. "what" completes "waiting for …".
func (c *Client) WaitListener(tb env.TB, loadBalancerID string, port int, what string, holds func(Listener) bool) Listener {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), env.Patience)
	defer cancel()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for last := "(no answer)"; ; {
		found, err := c.API.Listener(ctx, loadBalancerID, port)
		if err == nil && holds(found) {
			return found
		}
		if ctx.Err() == nil {
			last = fmt.Sprintf("%+v, error %v", found, err)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			tb.Fatalf("waiting %s for %s of the listener %d of %s; it was last: %s", env.Patience, what, port, loadBalancerID, last)
			return Listener{}
		}
	}
}
