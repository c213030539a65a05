package leak

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/clbcert/clbcert/test/env"
)

// relay stands between the manager and the simulator: it keeps the request lines and
// headers, and the secrets that STS gives out, and can answer an action itself.
type relay struct {
	url    string
	caFile string

	proxy *httputil.ReverseProxy // to the simulator

	mu      sync.Mutex
	lines   []string
	secrets map[string]string // by what they are
	answers map[string][]echo // by action, each for one call
}

// echo is an answer that quotes the request's body.
type echo func(w http.ResponseWriter, body string)

func startRelay(t *testing.T, cloud *env.Simulator) *relay {
	t.Helper()
	authority, err := os.ReadFile(cloud.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	target, err := url.Parse(cloud.URL)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
	r := &relay{secrets: map[string]string{}, answers: map[string][]echo{}}
	r.proxy = &httputil.ReverseProxy{
		Rewrite:        func(p *httputil.ProxyRequest) { p.SetURL(target) },
		Transport:      transport,
		ModifyResponse: r.keepSecrets,
		// What broke behind the relay breaks before it.
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
		ErrorLog:     log.New(io.Discard, "", 0),
	}
	server := httptest.NewUnstartedServer(r)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		transport.CloseIdleConnections()
	})
	r.url, r.caFile = server.URL, filepath.Join(t.TempDir(), "relay.crt")
	own := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(r.caFile, own, 0o600); err != nil {
		t.Fatal(err)
	}
	return r
}

// ServeHTTP keeps the request line and the headers, and passes the request on.
func (r *relay) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return // the client gave up
	}
	req.Body = io.NopCloser(bytes.NewReader(body))
	if answer := r.keep(req); answer != nil {
		answer(w, string(body))
		return
	}
	r.proxy.ServeHTTP(w, req)
}

// keep notes a request, and gives the answer that was asked for it.
func (r *relay) keep(req *http.Request) echo {
	r.mu.Lock()
	defer r.mu.Unlock()
	var headers strings.Builder
	_ = req.Header.Write(&headers)
	r.lines = append(r.lines, req.Method+" "+req.URL.RequestURI()+"\n"+headers.String())
	action := req.URL.Query().Get("Action")
	waiting := r.answers[action]
	if len(waiting) == 0 {
		return nil
	}
	r.answers[action] = waiting[1:]
	return waiting[0]
}

// keepSecrets notes what STS gives out.
func (r *relay) keepSecrets(resp *http.Response) error {
	if !strings.HasPrefix(resp.Request.URL.Query().Get("Action"), "AssumeRole") {
		return nil
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	var answer struct {
		Credentials struct{ AccessKeyID, AccessKeySecret, SecurityToken string }
	}
	if resp.StatusCode == http.StatusOK {
		err = json.Unmarshal(body, &answer)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	id := answer.Credentials.AccessKeyID
	r.secrets["the access key secret of session "+id] = answer.Credentials.AccessKeySecret
	r.secrets[token+" of session "+id] = answer.Credentials.SecurityToken
	return err
}

// token begins the name of a security token, which the SDK puts into the URL by design.
const token = "the security token"

// answer has the next call of an action answered by the relay.
func (r *relay) answer(action string, answer echo) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answers[action] = append(r.answers[action], answer)
}

// requests are all request lines and headers so far.
func (r *relay) requests() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.lines, "\n")
}

// given are the secrets that STS gave out.
func (r *relay) given() map[string]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.secrets)
}
