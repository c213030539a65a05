// Command pebble is an ACME authority with a DNS server, for tests: Pebble, Let's Encrypt's
// small one, from its Go module, and a server for one zone that takes updates by RFC 2136.
// Both listen on free ports of the loopback interface; Pebble's own program takes only ports
// that are known before.
//
// Its first lines on standard output are:
//
//	dns 127.0.0.1:PORT
//	directory https://127.0.0.1:PORT/dir
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
)

const loopback = "127.0.0.1"

// settings are the flags.
type settings struct {
	zone     string
	key      tsigKey
	caFile   string
	untilEOF bool
}

func main() {
	var s settings
	flag.StringVar(&s.zone, "zone", "example.com", "the zone that the DNS server has")
	flag.StringVar(&s.key.name, "tsig-name", "cert-manager", "the name of the key that updates are signed with (HMAC-SHA256)")
	flag.StringVar(&s.key.secret, "tsig-secret", "", "that key, in base64; without one all updates are refused")
	flag.StringVar(&s.caFile, "ca-file", "", "where to write the authority of Pebble's own HTTPS, in PEM")
	flag.BoolVar(&s.untilEOF, "until-eof", false, "end with the standard input too, so with whoever holds its other end")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if s.untilEOF {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin) // its end is the message
			stop()
		}()
	}
	if err := run(ctx, s); err != nil {
		fmt.Fprintln(os.Stderr, "pebble:", err)
		os.Exit(1)
	}
}

// run serves both until the context ends.
func run(ctx context.Context, s settings) error {
	names, err := serveZone(ctx, s.zone, s.key)
	if err != nil {
		return err
	}
	defer names.close()
	certificate, err := ownCertificate(s.caFile)
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", loopback+":0")
	if err != nil {
		return err
	}
	handler, err := authority(log.New(os.Stderr, "", log.LstdFlags), names.address)
	if err != nil {
		return err
	}
	server := newServer(handler, certificate)
	context.AfterFunc(ctx, func() { server.Close() })
	fmt.Printf("dns %s\ndirectory https://%s/dir\n", names.address, listener.Addr())
	if err := server.ServeTLS(listener, "", ""); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
