package chaos

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/clbcert/clbcert/test/env"
)

// clerk counts the manager's calls by the simulator's log of them, which begins anew with
// each of its starts.
type clerk struct {
	url    string
	client *http.Client
	trace  *trace

	mu    sync.Mutex
	after int // the number of the last call that was counted
}

func newClerk(simulator *env.Simulator, trace *trace) (*clerk, error) {
	authority, err := os.ReadFile(simulator.CAFile)
	if err != nil {
		return nil, fmt.Errorf("reading the simulator's authority: %w", err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	return &clerk{url: simulator.URL, trace: trace, client: &http.Client{
		Timeout:   5 * time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}},
	}}, nil
}

// follow counts until the context ends.
func (c *clerk) follow(ctx context.Context) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for ctx.Err() == nil {
		_ = c.read(ctx) // it may be away
		select {
		case <-ticker.C:
		case <-ctx.Done():
		}
	}
}

// read counts the calls since the last time.
func (c *clerk) read(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("%s/calls?after=%d", c.url, c.after), http.NoBody)
	if err != nil {
		return err
	}
	response, err := c.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	var calls []env.SimulatedCall
	if err := json.NewDecoder(response.Body).Decode(&calls); err != nil {
		return err
	}
	for _, call := range calls {
		c.after = max(c.after, call.Number)
		c.count(call)
	}
	return nil
}

func (c *clerk) count(call env.SimulatedCall) {
	if !strings.HasPrefix(call.UserAgent, "clbcert/") {
		return
	}
	c.trace.count("calls", 1)
	if slices.Contains(faultCodes, call.Outcome) {
		c.trace.count("faults", 1)
		c.trace.count("fault "+call.Outcome, 1)
	}
}

// begin is for a simulator that was started again.
func (c *clerk) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.after = 0
}
