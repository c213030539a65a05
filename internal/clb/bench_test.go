package clb

import (
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/clbcert/clbcert/internal/clb/credentials"
	"github.com/clbcert/clbcert/internal/clberr"
	"github.com/clbcert/clbcert/internal/simulator"
	"github.com/clbcert/clbcert/test/certs"
)

const (
	keyID  = "LTAItestkey"
	secret = "kT9xQ2mZ7vB4nC1sD8fG5hJ3lP6wR0" // 30 characters, as real ones have
	region = "cn-hangzhou"
)

// bench is a simulator that serves, and a client of it.
type bench struct {
	t      *testing.T
	client *Client
	url    string
	http   *http.Client
}

func start(t *testing.T, configure func(*Config), edits ...func(*simulator.Options)) *bench {
	t.Helper()
	options := simulator.Options{Dir: t.TempDir(), AccessKeyID: keyID, AccessKeySecret: secret, Seed: 1}
	for _, edit := range edits {
		edit(&options)
	}
	server, err := simulator.New(options)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx, listener) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	authority, err := os.ReadFile(filepath.Join(options.Dir, "ca.crt"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	b := &bench{t: t, url: "https://" + listener.Addr().String()}
	b.client = newClient(t, b.url, pool, configure)
	b.http = &http.Client{Transport: b.client.base}
	return b
}

func newClient(t *testing.T, url string, pool *x509.CertPool, configure func(*Config)) *Client {
	t.Helper()
	config := Config{Endpoint: url, STSEndpoint: url, RootCAs: pool, UserAgent: "clbcert/test", Timeout: 5 * time.Second, Burst: 10, Window: time.Minute}
	if configure != nil {
		configure(&config)
	}
	client, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	if pooled, ok := client.base.(*http.Transport); ok {
		t.Cleanup(pooled.CloseIdleConnections)
	}
	return client
}

// stub is a TLS server with one answer to each action; STS knows the account.
func stub(t *testing.T, handler http.HandlerFunc) *Account {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("Action") == actionIdentity {
			_, _ = io.WriteString(w, `{"RequestId":"R-0","AccountId":"1000000000000001"}`)
			return
		}
		handler(w, r)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	return account(t, newClient(t, server.URL, pool, nil), "manager", credentials.Static(keyID, secret, ""))
}

func account(t *testing.T, client *Client, key string, provider credentials.Provider) *Account {
	t.Helper()
	account, err := client.Account(t.Context(), key, region, provider)
	if err != nil {
		t.Fatal(err)
	}
	return account
}

func (b *bench) account() *Account {
	b.t.Helper()
	return account(b.t, b.client, "manager", credentials.Static(keyID, secret, ""))
}

// call is an entry of the simulator's log.
type call struct {
	Action, Outcome, UserAgent, Method string
	QueryParameters, FormParameters    []string
	Parameters                         map[string]string
}

// calls gives the calls of action so far.
func (b *bench) calls(action string) []call {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.url+"/calls", nil)
	if err != nil {
		b.t.Fatal(err)
	}
	resp, err := b.http.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var all, some []call
	if err := json.NewDecoder(resp.Body).Decode(&all); err != nil {
		b.t.Fatal(err)
	}
	for _, one := range all {
		if one.Action == action {
			some = append(some, one)
		}
	}
	return some
}

func (b *bench) put(path, body string) {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPut, b.url+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	resp, err := b.http.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusNoContent {
		b.t.Fatalf("PUT %s: %s", path, resp.Status)
	}
}

// newUpload is a valid upload of a new RSA certificate.
func newUpload(t *testing.T) Upload {
	t.Helper()
	leaf := certs.NewLeaf(t, certs.Kind(certs.RSA2048))
	key, err := leaf.KeyPEM(certs.PKCS1)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha1.Sum(leaf.Certificate.Raw)
	return Upload{
		Name: "web", Tags: []Tag{{"team", "shop"}, {"empty", ""}, {"clbcert.dev/cluster", "c1"}},
		ChainPEM: string(certs.PEM(leaf.Chain())), PrivateKeyPEM: key, Fingerprint: strings.ToUpper(hex.EncodeToString(sum[:])),
	}
}

// failure is err as the one error that leaves the package.
func failure(t *testing.T, err error) *clberr.Error {
	t.Helper()
	var failed *clberr.Error
	if !errors.As(err, &failed) {
		t.Fatalf("got %v (%T), want a *clberr.Error", err, err)
	}
	return failed
}

// leaks tells whether text holds 32 characters in a row of any of the secrets.
func leaks(text string, secrets ...[]byte) bool {
	for _, one := range secrets {
		for i := 0; i+min(32, len(one)) <= len(one); i++ {
			if bytes.Contains([]byte(text), one[i:i+min(32, len(one))]) {
				return true
			}
		}
	}
	return false
}
