package env

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"time"
)

// loopback is the only address this package's processes listen on.
const loopback = "127.0.0.1"

// The ports of this package's processes: below those that the kernel hands out by itself, to
// listeners without a port and to each connection (32768 and above on Linux, ip(7); 49152 elsewhere,
// RFC 6335, section 6). One of those may be gone before the process listens, or while it is down.
const firstPort, endOfPorts = 10000, 32768

// freeAddresses gives n addresses that nothing listens on.
func freeAddresses(ctx context.Context, n int) ([]string, error) {
	var addresses []string
	for tries := 0; len(addresses) < n; tries++ {
		address := net.JoinHostPort(loopback, strconv.Itoa(firstPort+rand.IntN(endOfPorts-firstPort)))
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
		if err != nil && tries < 100 { // somebody has it
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("finding a free port: %w", err)
		}
		defer listener.Close() // at the end, so that all differ
		addresses = append(addresses, address)
	}
	return addresses, nil
}

// awaitOK asks url until it answers 200. Readiness is the one thing here that
// tells nobody when it comes.
func awaitOK(ctx context.Context, client *http.Client, url string) error {
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	last := fmt.Errorf("asking %s: no answer yet", url)
	for {
		err := askOK(ctx, client, url)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return last
		}
		last = err
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return last
		}
	}
}

func askOK(ctx context.Context, client *http.Client, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return fmt.Errorf("asking %s: %w", url, err)
	}
	response, err := client.Do(request)
	if err != nil {
		return err // it names the URL
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("asking %s: %s", url, response.Status)
	}
	return nil
}
