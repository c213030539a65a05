package wire

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/clbcert/clbcert/internal/clberr"
)

const secret = "MIIEowIBAAKCAQEA7l1WbXq0aVnTqZ3"

// serve starts a TLS server and gives its URL and a base that trusts it.
func serve(t *testing.T, handler http.HandlerFunc) (string, *http.Transport) {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	base := NewBase(pool)
	t.Cleanup(base.CloseIdleConnections)
	return server.URL, base
}

func post(t *testing.T, url, body string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/?Signature="+secret, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// run sends body to url and gives the exchange.
func run(ctx context.Context, t *testing.T, base http.RoundTripper, url, body string, edits ...func(*Exchange)) *Exchange {
	t.Helper()
	exchange := NewExchange(ctx, base, "UploadServerCertificate", "cn-hangzhou")
	for _, edit := range edits {
		edit(exchange)
	}
	resp, err := exchange.RoundTrip(post(t, url, body))
	if (err == nil) != (exchange.Failure() == nil) {
		t.Errorf("RoundTrip says %v, Failure says %v", err, exchange.Failure())
	}
	if resp != nil {
		_ = resp.Body.Close()
	}
	return exchange
}

func TestWhatTheServerAnswers(t *testing.T) {
	t.Parallel()
	for sentence, c := range map[string]struct {
		handler http.HandlerFunc
		code    string
		status  int
		outcome clberr.Outcome
		message string
	}{
		"a refusal with a code": {answer(400, `{"RequestId":"R-1","Code":"CertificateFormatInvalid","Message":"bad"}`), "CertificateFormatInvalid", 400, clberr.Refused, "bad"},
		"throttling as 503":     {answer(503, `{"RequestId":"R-1","Code":"Throttling.User","Message":"slow"}`), "Throttling.User", 503, clberr.Refused, "slow"},
		"a failure of the server, which may have come after the effect": {answer(500, `{"RequestId":"R-1","Code":"InternalError","Message":"oops"}`), "InternalError", 500, clberr.Unknown, "oops"},
		"a repeated nonce, whose first use may have had effect":         {answer(400, `{"RequestId":"R-1","Code":"SignatureNonceUsed","Message":"used"}`), "SignatureNonceUsed", 400, clberr.Unknown, "used"},
		"a gateway's page":                       {answer(502, "<html>"+secret+"</html>"), "", 502, clberr.Unknown, "region cn-hangzhou: the endpoint answered without an error code"},
		"a code that is a number":                {answer(400, `{"Code":17,"Message":["x"],"RequestId":{}}`), "17", 400, clberr.Refused, ""},
		"a code that is an object":               {answer(400, `{"Code":{"a":1},"Message":"x","AccessDeniedDetail":"odd"}`), "", 400, clberr.Unknown, "region cn-hangzhou: the endpoint answered without an error code"},
		"a redirect is not followed":             {redirect, "", 307, clberr.Unknown, "redirect"},
		"an endless body":                        {endless, "", 200, clberr.Unknown, "too long"},
		"a body that breaks off":                 {cutOff, "", 200, clberr.Unknown, "EOF"},
		"a connection that is closed unanswered": {hangUp, "", 0, clberr.Unknown, "EOF"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			var calls atomic.Int32
			url, base := serve(t, func(w http.ResponseWriter, r *http.Request) {
				calls.Add(1)
				_, _ = io.Copy(io.Discard, r.Body)
				c.handler(w, r)
			})
			failure := run(t.Context(), t, base, url, "PrivateKey="+secret).Failure()
			if failure == nil {
				t.Fatal("taken for success")
			}
			if failure.Code != c.code || failure.Status != c.status || failure.Outcome != c.outcome || !strings.Contains(failure.Message, c.message) {
				t.Errorf("got %+v", *failure)
			}
			if strings.Contains(failure.Error(), secret) || strings.Contains(failure.Error(), url) {
				t.Errorf("it leaks: %v", failure)
			}
			if calls.Load() != 1 {
				t.Errorf("%d requests arrived", calls.Load())
			}
		})
	}
}

func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func redirect(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Location", "https://"+r.Host+"/elsewhere")
	w.WriteHeader(http.StatusTemporaryRedirect)
}

func endless(w http.ResponseWriter, _ *http.Request) {
	for chunk := bytes.Repeat([]byte("x"), 1<<16); ; {
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
}

func cutOff(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "100")
	_, _ = io.WriteString(w, `{"RequestId":`)
}

func hangUp(w http.ResponseWriter, _ *http.Request) {
	if hijacker, ok := w.(http.Hijacker); ok {
		if conn, _, err := hijacker.Hijack(); err == nil {
			_ = conn.Close()
		}
	}
}

func TestWhatNeverLeavesIsNotSent(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	url, base := serve(t, func(http.ResponseWriter, *http.Request) { calls.Add(1) })
	free, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := "https://" + free.Addr().String()
	_ = free.Close()
	over, cancel := context.WithCancel(t.Context())
	cancel()
	strangers := NewBase(x509.NewCertPool())
	for sentence, c := range map[string]struct {
		ctx     context.Context
		base    http.RoundTripper
		url     string
		edit    func(*Exchange)
		message string
	}{
		"plain http":             {t.Context(), base, strings.Replace(url, "https", "http", 1), nil, "only https"},
		"a cancelled caller":     {over, base, url, nil, "cancelled"},
		"a past deadline":        {t.Context(), base, url, func(e *Exchange) { e.Deadline = time.Now().Add(-time.Second) }, "time within which"},
		"a deadline of just now": {t.Context(), base, url, func(e *Exchange) { now := time.Now(); e.Deadline, e.Now = now, func() time.Time { return now } }, "time within which"},
		"a port nobody listens":  {t.Context(), base, closed, nil, "connection refused"},
		"a host without address": {t.Context(), failing{&net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "slb.cn-hangzhou.aliyuncs.com", IsNotFound: true}}}, url, nil, "region cn-hangzhou: looking up slb.cn-hangzhou.aliyuncs.com: no such host"},
		"an unknown authority":   {t.Context(), strangers, url, nil, "certificate"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			edit := c.edit
			if edit == nil {
				edit = func(*Exchange) {}
			}
			failure := run(c.ctx, t, c.base, c.url, "PrivateKey=x", edit).Failure()
			if failure == nil || failure.Outcome != clberr.NotSent || failure.Class() != clberr.Transient || !strings.Contains(failure.Message, c.message) {
				t.Errorf("got %v (%+v)", failure, failure)
			}
			if calls.Load() != 0 {
				t.Error("a request arrived")
			}
		})
	}
}

// failing is a base whose connections fail.
type failing struct{ err error }

func (f failing) RoundTrip(*http.Request) (*http.Response, error) { return nil, f.err }

// slow is a base that takes its time before it reads the body, as dialling does.
type slow struct{ delay time.Duration }

func (s slow) RoundTrip(req *http.Request) (*http.Response, error) {
	timer := time.NewTimer(s.delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-req.Context().Done():
		return nil, req.Context().Err()
	}
	if _, err := io.ReadAll(req.Body); err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader("{}"))}, nil
}

func TestTheDeadlineIsCheckedLast(t *testing.T) {
	t.Parallel()
	for sentence, c := range map[string]struct {
		dial time.Duration
		want clberr.Outcome
	}{
		"connected in time":              {time.Second, ""},
		"connected after the deadline":   {3 * time.Second, clberr.NotSent},
		"connected on the very deadline": {2 * time.Second, clberr.NotSent},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				failure := run(t.Context(), t, slow{c.dial}, "https://slb.invalid", "a=b", func(e *Exchange) {
					e.Deadline = time.Now().Add(2 * time.Second)
				}).Failure()
				if failure == nil != (c.want == "") || failure != nil && failure.Outcome != c.want {
					t.Errorf("got %v", failure)
				}
			})
		})
	}
}

func TestASlowHandshakeSendsNoHeaderAfterTheDeadline(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	url, base := serve(t, func(http.ResponseWriter, *http.Request) { calls.Add(1) })
	deadline := time.Now().Add(time.Hour)
	var asked atomic.Int32
	failure := run(t.Context(), t, base, url, "a=b", func(e *Exchange) {
		e.Deadline = deadline
		e.Now = func() time.Time {
			if asked.Add(1) == 1 {
				return deadline.Add(-time.Second) // before dialling
			}
			return deadline
		}
	}).Failure()
	if failure == nil || failure.Outcome != clberr.NotSent || calls.Load() != 0 {
		t.Errorf("got %v after %d requests", failure, calls.Load())
	}
}

// late is a base that gives up before it has read the body, and reads it after,
// as net/http's writing goroutine may.
type late struct{ read func(error) }

func (l late) RoundTrip(req *http.Request) (*http.Response, error) {
	go func() {
		<-req.Context().Done()
		_, err := io.ReadAll(req.Body)
		l.read(err)
	}()
	return nil, errors.New("gave up")
}

func TestNothingLeavesAfterTheEnd(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	read := make(chan error, 1)
	failure := run(ctx, t, late{func(err error) { read <- err }}, "https://slb.invalid", "a=b").Failure()
	cancel()
	if failure.Outcome != clberr.NotSent {
		t.Errorf("got %+v", *failure)
	}
	if err := <-read; err == nil {
		t.Error("the body was handed over after the exchange had ended")
	}
}

func TestASilentServerIsLeftInTime(t *testing.T) {
	t.Parallel()
	url, base := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	})
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second) // enough for a handshake on a busy machine
	defer cancel()
	failure := run(ctx, t, base, url, "a=b").Failure()
	if failure == nil || failure.Outcome != clberr.Unknown || !strings.Contains(failure.Message, "no answer in time") {
		t.Errorf("got %v", failure)
	}
}

func TestOneRequestOnly(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	url, base := serve(t, func(http.ResponseWriter, *http.Request) { calls.Add(1) })
	exchange := run(t.Context(), t, base, url, "a=b")
	resp, err := exchange.RoundTrip(post(t, url, "a=b"))
	if resp != nil {
		_ = resp.Body.Close()
	}
	if err == nil || calls.Load() != 1 {
		t.Errorf("got %v after %d requests", err, calls.Load())
	}
}

func TestUserAgentBeginsWithOurs(t *testing.T) {
	t.Parallel()
	agents := make(chan string, 1)
	url, base := serve(t, func(_ http.ResponseWriter, r *http.Request) { agents <- r.UserAgent() })
	exchange := NewExchange(t.Context(), base, "A", "")
	exchange.UserAgent = "clbcert/1.2.3"
	req := post(t, url, "")
	req.Header.Set("User-Agent", "AlibabaCloud (linux)")
	resp, err := exchange.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if got := <-agents; got != "clbcert/1.2.3 AlibabaCloud (linux)" {
		t.Errorf("got %q", got)
	}
}

func TestBaseIsStrict(t *testing.T) {
	t.Parallel()
	base := NewBase(nil)
	if base.TLSClientConfig.MinVersion != tls.VersionTLS12 || base.TLSClientConfig.InsecureSkipVerify || base.MaxIdleConnsPerHost < 64 || base.Proxy == nil {
		t.Error("the base isn't what it should be")
	}
}

func FuzzReadDocument(f *testing.F) {
	for _, seed := range []string{
		`{"RequestId":"R-1","Code":"Throttling","Message":"m"}`, `{"Code":1,"Message":{},"RequestId":[]}`,
		`{"AccessDeniedDetail":"x"}`, `<html>`, ``, `null`, `[]`, `{"Code":"-----BEGIN RSA PRIVATE KEY-----"}`,
	} {
		f.Add([]byte(seed), 400)
	}
	f.Fuzz(func(t *testing.T, body []byte, status int) {
		exchange := NewExchange(t.Context(), nil, "A", "")
		exchange.body, exchange.status, exchange.err = body, max(400, status%600), errors.New("status")
		failure := exchange.Failure()
		if len(failure.Message) > 512 || failure.Class() == "" || failure.Reason() == "" {
			t.Errorf("got %+v", *failure)
		}
	})
}
