package simulator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"
)

// Serve answers on the listener, over TLS, until ctx is done; then it lets calls under way end, and closes the state. A
// Server serves once. Only HTTP/1.1 is spoken: a reset of one call must not be one of its neighbours on the connection.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler:           s,
		TLSConfig:         s.tls,
		ReadHeaderTimeout: 10 * time.Second,
		Protocols:         &http.Protocols{},
		ErrorLog:          log.New(io.Discard, "", 0), // handshakes that were cut are part of the game
	}
	server.Protocols.SetHTTP1(true)
	failed := make(chan error, 1)
	go func() { failed <- server.ServeTLS(listener, "", "") }()

	var err error
	select {
	case err = <-failed:
		s.end()
	case <-ctx.Done():
		s.end()
		err = shutDown(server)
	}
	if err = errors.Join(err, s.store.close()); err != nil {
		return fmt.Errorf("serving on %s: %w", listener.Addr(), err)
	}
	return nil
}

func shutDown(server *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		return server.Close()
	}
	return nil
}
