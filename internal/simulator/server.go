package simulator

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"
)

// Server is a simulator: an http.Handler, to be served over TLS by Serve.
type Server struct {
	options Options
	store   *store
	tls     *tls.Config
	mux     *http.ServeMux
	random  *random
	faults  faults
	calls   calls
	nonces  nonces

	ended chan struct{} // closed when the server ends, to free the calls that are held
	end   func()
}

// New opens the state in Options.Dir, and makes folder and CA when missing.
func New(o Options) (*Server, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Server{options: o, random: newRandom(o.Seed), ended: make(chan struct{})}
	s.end = sync.OnceFunc(func() { close(s.ended) })
	if err := s.faults.replace(o.Faults); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder of the state: %w", err)
	}
	if s.tls, err = serverTLS(o.Dir); err != nil {
		return nil, err
	}
	if s.store, err = openStore(o.Dir); err != nil {
		return nil, err
	}
	// The flags' key is not written to the journal: the next start may come with another.
	s.store.accessKeys.rows[o.AccessKeyID] = accessKey{ID: o.AccessKeyID, Secret: o.AccessKeySecret, Account: DefaultAccount}
	s.mux = s.routes()
	return s, nil
}

func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", s.serveCall)
	mux.HandleFunc("GET /state", s.getState)
	mux.HandleFunc("GET /calls", s.calls.serve)
	mux.HandleFunc("GET /faults", s.getFaults)
	mux.HandleFunc("PUT /faults", s.putFaults)
	mux.HandleFunc("PUT /access-keys", s.putAccessKey)
	mux.Handle("/latest/", s.Metadata())
	return mux
}

// ServeHTTP answers API calls at /, the tests' own paths beside it (/state, /calls, /faults, /access-keys), and the
// metadata service under /latest/.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// serveCall is the way of a call: receive, authenticate, authorize, maybe fail on purpose, act, answer.
func (s *Server) serveCall(w http.ResponseWriter, r *http.Request) {
	c := &call{requestID: newRequestID(), arrived: s.options.Now(), request: r}
	f, err := s.check(c)
	// Half of the latency is before the effect and half after it, as on a real way there and back: a client that
	// gives up can't know which half it was in. So its going away stops nothing here.
	s.wait(s.options.Latency / 2)
	var a answer
	if err == nil && (f == nil || f.applied || f.isForeign()) {
		a, err = c.operation.run(s, c)
	}
	s.note(c, f, err)
	s.wait(s.options.Latency - s.options.Latency/2)
	if f != nil && f.isPseudo() {
		s.play(w, r, f)
		return
	}
	s.respond(w, c, a, err)
}

// check does all that comes before the action itself, and picks a fault for a call that would else go through. A fault of
// the API's own codes comes back as the error.
func (s *Server) check(c *call) (*fault, error) {
	for _, step := range []func(*call) error{s.receive, s.authenticate, s.authorize} {
		if err := step(c); err != nil {
			return nil, err
		}
	}
	f := s.faults.pick(c.action, c.caller.keyID, s.random)
	switch {
	case f == nil, f.applied:
	case f.isForeign():
		c.foreign = true
	case f.isPseudo():
		return f, nil
	default:
		return f, f.asError(c)
	}
	return f, c.checkRegion()
}

// note puts a call into the log of calls and the server's own log.
func (s *Server) note(c *call, f *fault, err error) {
	outcome := "ok"
	switch {
	case f != nil && f.applied && err != nil:
		outcome = f.code // it would have been refused: nothing was applied
	case f != nil && f.isForeign() && err != nil:
		outcome = codeOf(err)
	case f != nil:
		outcome = f.outcome()
	case err != nil:
		outcome = codeOf(err)
	}
	s.calls.add(c, outcome)
	s.options.Log.Info("call", "action", c.action, "outcome", outcome, "requestID", c.requestID, "region", c.region, "account", c.caller.account)
}

func (s *Server) wait(d time.Duration) {
	if d <= 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	select {
	case <-ctx.Done():
	case <-s.ended:
	}
}
