package simulator

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/auth/credentials"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/slb"
)

const (
	testKeyID  = "LTAItestkey"
	testSecret = "test-secret"
	testRegion = "cn-hangzhou"
)

// clock is the real one, put forward by hand: the SDK signs with the real time, which may be 15 minutes off.
type clock struct {
	mu    sync.Mutex
	ahead time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

// bench is a simulator that serves, and what a test needs to talk to it.
type bench struct {
	t      *testing.T
	server *Server
	clock  *clock
	dir    string
	host   string
	http   *http.Client
	stop   func()
}

func start(t *testing.T, edits ...func(*Options)) *bench {
	t.Helper()
	b := &bench{t: t, clock: &clock{}, dir: t.TempDir()}
	b.serve(edits...)
	return b
}

// serve begins to serve what is in the bench's folder.
func (b *bench) serve(edits ...func(*Options)) {
	b.t.Helper()
	o := Options{Dir: b.dir, AccessKeyID: testKeyID, AccessKeySecret: testSecret, Now: b.clock.now, Seed: 1}
	for _, edit := range edits {
		edit(&o)
	}
	server, err := New(o)
	if err != nil {
		b.t.Fatal(err)
	}
	listener, err := new(net.ListenConfig).Listen(b.t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		b.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx, listener) }()
	b.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			b.t.Error(err)
		}
	})
	b.t.Cleanup(b.stop)
	b.server, b.host = server, listener.Addr().String()
	b.http = &http.Client{Transport: b.transport()}
}

func (b *bench) transport() *http.Transport {
	b.t.Helper()
	ca, err := os.ReadFile(filepath.Join(b.dir, "ca.crt"))
	if err != nil {
		b.t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		b.t.Fatal("ca.crt holds no certificate")
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
	b.t.Cleanup(transport.CloseIdleConnections)
	return transport
}

// wrapped hides the transport's type, which the SDK would otherwise change.
type wrapped struct{ http.RoundTripper }

// slb gives an unchanged SDK client for this server.
func (b *bench) slb() *slb.Client {
	b.t.Helper()
	return b.slbAs(credentials.NewStaticAKCredentialsProvider(testKeyID, testSecret))
}

func (b *bench) slbAs(provider credentials.CredentialsProvider) *slb.Client {
	b.t.Helper()
	client, err := slb.NewClientWithOptions(testRegion, b.sdkConfig(), provider)
	if err != nil {
		b.t.Fatal(err)
	}
	client.Domain = b.host
	return client
}

func (b *bench) sdkConfig() *sdk.Config {
	config := sdk.NewConfig().WithScheme("HTTPS").WithTimeout(10 * time.Second)
	config.Transport = wrapped{b.transport()}
	return config
}

// exchange is a hand-written request and what came of it.
type exchange struct {
	method      string
	query, form url.Values
	secret      string
	status      int
	header      http.Header
	body        []byte
	document    map[string]any
}

// newExchange prepares a call with all that a signature needs; parameters go into the form.
func newExchange(action string, form map[string]string) *exchange {
	e := &exchange{method: http.MethodPost, secret: testSecret, form: url.Values{}, query: url.Values{
		"Action": {action}, "Version": {"2014-05-15"}, "Format": {"JSON"}, "RegionId": {testRegion},
		"AccessKeyId": {testKeyID}, "SignatureMethod": {"HMAC-SHA1"}, "SignatureVersion": {"1.0"}, "SignatureType": {""},
		"SignatureNonce": {newRequestID()}, "Timestamp": {time.Now().UTC().Format("2006-01-02T15:04:05Z")},
	}}
	if operations[action].version == "2015-04-01" {
		e.query.Set("Version", "2015-04-01")
	}
	for name, value := range form {
		e.form.Set(name, value)
	}
	return e
}

// sign follows the signature's description byte by byte, by other means than the server's.
func (e *exchange) sign() *exchange {
	values := map[string]string{}
	for _, source := range []url.Values{e.query, e.form} {
		for name := range source {
			values[name] = source.Get(name)
		}
	}
	delete(values, "Signature")
	var names []string
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	for i, name := range names {
		names[i] = plainEncode(name) + "=" + plainEncode(values[name])
	}
	mac := hmac.New(sha1.New, []byte(e.secret+"&"))
	fmt.Fprintf(mac, "%s&%%2F&%s", e.method, plainEncode(strings.Join(names, "&")))
	e.query.Set("Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return e
}

func plainEncode(text string) string {
	var out strings.Builder
	for _, b := range []byte(text) {
		if strings.IndexByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~", b) >= 0 {
			out.WriteByte(b)
		} else {
			fmt.Fprintf(&out, "%%%02X", b)
		}
	}
	return out.String()
}

// send gives the error of the network, if any; the answer is in the exchange.
func (b *bench) send(e *exchange) error {
	b.t.Helper()
	return b.sendUntil(b.t.Context(), e)
}

// sendUntil gives up when ctx is done.
func (b *bench) sendUntil(ctx context.Context, e *exchange) error {
	b.t.Helper()
	request, err := http.NewRequestWithContext(ctx, e.method, "https://"+b.host+"/?"+e.query.Encode(), strings.NewReader(e.form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := b.http.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	e.status, e.header = response.StatusCode, response.Header
	if e.body, err = io.ReadAll(response.Body); err != nil {
		return err
	}
	_ = json.Unmarshal(e.body, &e.document) // XML and HTML leave it empty
	return nil
}

// call signs and sends, and wants success.
func (b *bench) call(action string, form map[string]string) map[string]any {
	b.t.Helper()
	e := newExchange(action, form).sign()
	if err := b.send(e); err != nil {
		b.t.Fatalf("%s: %v", action, err)
	}
	if e.status != http.StatusOK {
		b.t.Fatalf("%s: status %d: %s", action, e.status, e.body)
	}
	return e.document
}

// refused signs and sends, and gives status and code.
func (b *bench) refused(action string, form map[string]string) (int, any) {
	b.t.Helper()
	e := newExchange(action, form).sign()
	if err := b.send(e); err != nil {
		b.t.Fatalf("%s: %v", action, err)
	}
	return e.status, e.document["Code"]
}

// get reads one of the server's own paths.
func (b *bench) get(path string, into any) []byte {
	b.t.Helper()
	request, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, "https://"+b.host+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	response, err := b.http.Do(request)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := json.Unmarshal(body, into); err != nil {
		b.t.Fatalf("GET %s: %v in %s", path, err, body)
	}
	return body
}

func (b *bench) put(path, body string) int {
	b.t.Helper()
	request, err := http.NewRequestWithContext(b.t.Context(), http.MethodPut, "https://"+b.host+path, bytes.NewBufferString(body))
	if err != nil {
		b.t.Fatal(err)
	}
	response, err := b.http.Do(request)
	if err != nil {
		b.t.Fatal(err)
	}
	_ = response.Body.Close()
	return response.StatusCode
}
