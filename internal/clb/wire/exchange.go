package wire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"time"

	"github.com/clbcert/clbcert/internal/clberr"
)

// maxAnswer is the longest answer read, in bytes, unless Limit says otherwise.
const maxAnswer = 1 << 20

// Exchange is one request and its answer. It is an http.RoundTripper, so that
// an SDK that knows no context can be held to one; use it for one request.
type Exchange struct {
	// Action and Region name the call in errors.
	Action string
	Region string
	// UserAgent is put in front of the request's own.
	UserAgent string
	// Deadline: after it no byte of the request's body is handed to the
	// connection. Zero: none.
	Deadline time.Time
	// Now is the clock for Deadline.
	Now func() time.Time
	// Limit is the longest answer read, in bytes: 1 MiB.
	Limit int64
	// Done is told how long the exchange took, and Failure; may be nil.
	Done Done

	ctx    context.Context
	base   http.RoundTripper
	gate   gate
	body   []byte
	status int
	err    error
	ran    bool
}

// Done is told how long a call took and why it failed, nil where it didn't.
type Done func(action string, took time.Duration, failure *clberr.Error)

// NewExchange prepares an exchange over base that ends with ctx.
func NewExchange(ctx context.Context, base http.RoundTripper, action, region string) *Exchange {
	return &Exchange{Action: action, Region: region, Now: time.Now, Limit: maxAnswer, ctx: ctx, base: base}
}

var (
	errPlain    = errors.New("refused to send over http: only https is used")
	errRedirect = errors.New("the endpoint answered with a redirect, which is never followed")
	errTooLong  = errors.New("the answer is too long to be one")
	errAgain    = errors.New("an exchange carries one request only")
)

// RoundTrip sends req under the exchange's context and reads the whole answer.
// Anything but a complete 2xx answer is an error; Failure tells it in full.
func (e *Exchange) RoundTrip(req *http.Request) (*http.Response, error) {
	if e.ran {
		return nil, errAgain
	}
	e.ran = true
	began := time.Now()
	e.err = e.send(req)
	e.gate.close()
	if e.err == nil && !e.succeeded() {
		e.err = fmt.Errorf("HTTP status %d", e.status)
	}
	if e.Done != nil {
		e.Done(e.Action, time.Since(began), e.Failure())
	}
	if e.err != nil {
		// The caller reads Failure; net/http only quotes this, with the URL.
		return nil, e.err
	}
	return &http.Response{
		Status: http.StatusText(e.status), StatusCode: e.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(e.body)), ContentLength: int64(len(e.body)), Request: req,
	}, nil
}

func (e *Exchange) send(req *http.Request) error {
	e.gate.deadline, e.gate.now = e.Deadline, e.Now
	e.gate.hasBody = req.Body != nil && req.Body != http.NoBody
	if err := e.check(req); err != nil {
		closeBody(req)
		return err
	}
	resp, err := e.base.RoundTrip(e.guarded(req))
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	e.status = resp.StatusCode
	e.body, err = io.ReadAll(io.LimitReader(resp.Body, e.Limit+1))
	switch {
	case err != nil:
		return err
	case int64(len(e.body)) > e.Limit:
		return errTooLong
	case e.status >= http.StatusMultipleChoices && e.status < http.StatusBadRequest:
		return errRedirect
	default:
		return nil
	}
}

// check refuses before anything is dialled.
func (e *Exchange) check(req *http.Request) error {
	switch {
	case req.URL.Scheme != "https":
		return errPlain
	case e.gate.lateNow():
		return errDeadline
	default:
		return e.ctx.Err()
	}
}

// closeBody keeps RoundTripper's promise where the base doesn't get to.
func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
}

// guarded is a copy of req under the exchange's context, whose body passes the gate.
func (e *Exchange) guarded(req *http.Request) *http.Request {
	trace := &httptrace.ClientTrace{GotConn: func(got httptrace.GotConnInfo) {
		if !e.gate.connected() {
			// The only way to hold back the headers, which net/http writes
			// before it asks for the body.
			_ = got.Conn.Close()
		}
	}}
	out := req.Clone(httptrace.WithClientTrace(e.ctx, trace))
	if e.UserAgent != "" {
		out.Header.Set("User-Agent", joinAgents(e.UserAgent, req.Header.Get("User-Agent")))
	}
	if !e.gate.hasBody {
		return out
	}
	out.Body = e.gate.guard(req.Body)
	if reopen := req.GetBody; reopen != nil {
		// net/http reopens the body only when nothing of it left (a stale
		// pooled connection); the gate then decides again.
		out.GetBody = func() (io.ReadCloser, error) {
			body, err := reopen()
			if err != nil {
				return nil, err
			}
			return e.gate.guard(body), nil
		}
	}
	return out
}

func joinAgents(first, second string) string {
	if second == "" {
		return first
	}
	return first + " " + second
}

func (e *Exchange) succeeded() bool {
	return e.status >= http.StatusOK && e.status < http.StatusMultipleChoices
}

// Ran tells whether a request came as far as the exchange at all.
func (e *Exchange) Ran() bool { return e.ran }

// Answer is the body of a successful exchange.
func (e *Exchange) Answer() []byte { return e.body }

// Failure is why the exchange didn't succeed, nil when it did.
func (e *Exchange) Failure() *clberr.Error {
	switch {
	case e.err == nil:
		return nil
	case e.status >= http.StatusBadRequest:
		return e.refusal()
	default:
		return clberr.New(e.Action, "", e.describe(), "", e.status, e.outcome())
	}
}
