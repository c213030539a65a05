package wire

import (
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/clbcert/clbcert/internal/clberr"
)

// net/http writes the headers before it asks for the body: the body's own check comes too
// late for them.
func TestNoHeaderArrivesAfterTheDeadline(t *testing.T) {
	t.Parallel()
	begun, ended := make(chan struct{}, 1), make(chan struct{}, 1)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateActive: // a byte of a request has come
			begun <- struct{}{}
		case http.StateClosed:
			ended <- struct{}{}
		default: // what comes between
		}
	}
	server.StartTLS()
	t.Cleanup(server.Close)
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	deadline := time.Now().Add(time.Hour)
	var asked atomic.Int32
	failure := run(t.Context(), t, NewBase(pool), server.URL, "a=b", func(e *Exchange) {
		e.Deadline = deadline
		e.Now = func() time.Time {
			if asked.Add(1) == 1 {
				return deadline.Add(-time.Second) // before dialling
			}
			return deadline
		}
	}).Failure()
	<-ended
	if failure == nil || failure.Outcome != clberr.NotSent || len(begun) != 0 {
		t.Errorf("got %v; %d requests have begun to arrive", failure, len(begun))
	}
}
