// Package served looks at the certificate that clients are shown where a binding leads: by a TLS
// handshake, in which nothing is asked for and nothing told but a server's name. What was seen is
// compared with a ServerCertificate's status by pure functions; nothing here changes anything.
package served

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"time"
)

// Timeout is how long one look may take, from the address's look-up to the end of the handshake.
const Timeout = 5 * time.Second

// Probe does a TLS handshake with an address, a host with a port, and gives the chain that was
// shown, leaf first. The server's name is sent where there is one (SNI). Whether this machine
// trusts the chain makes no difference: see Distrust.
func Probe(ctx context.Context, address, serverName string) ([]*x509.Certificate, error) {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	connection, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("connecting to %s: %w", address, cause(err))
	}
	defer func() { _ = connection.Close() }()
	if serverName == "" { // an IP address for a name isn't sent (RFC 6066, section 3)
		if serverName, _, err = net.SplitHostPort(connection.RemoteAddr().String()); err != nil {
			return nil, fmt.Errorf("connecting to %s: %w", address, err)
		}
	}
	chain, err := shake(ctx, connection, serverName)
	if err != nil {
		return nil, fmt.Errorf("TLS handshake with %s: %w", address, cause(err))
	}
	return chain, nil
}

// shake gives what is shown in a handshake, however that ends: the chain is there where it is
// trusted, in the error where it isn't, and also where the server wants a client's certificate.
func shake(ctx context.Context, connection net.Conn, serverName string) ([]*x509.Certificate, error) {
	var shown []*x509.Certificate
	client := tls.Client(connection, &tls.Config{
		ServerName: serverName, MinVersion: tls.VersionTLS12,
		VerifyConnection: func(state tls.ConnectionState) error {
			shown = state.PeerCertificates
			return nil
		},
	})
	err := client.HandshakeContext(ctx)
	if untrusted, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		shown = untrusted.UnverifiedCertificates
	}
	if len(shown) == 0 {
		return nil, err
	}
	return shown, nil
}

// errLate says a time limit's end as people do.
var errLate = fmt.Errorf("no answer within %s", Timeout)

// cause is what stopped a look, without what the caller says of it: the address, and that it was
// a time limit's end.
func cause(err error) error {
	operation, ofNetwork := errors.AsType[*net.OpError](err)
	switch {
	case errors.Is(err, context.DeadlineExceeded), ofNetwork && operation.Timeout():
		return errLate
	case ofNetwork && operation.Op == "dial":
		return operation.Err
	default:
		return err
	}
}

// Distrust is why clients that trust the roots, by default this machine's, would refuse a chain
// that is shown for a name; nil where they take it. Without a name none is compared.
func Distrust(chain []*x509.Certificate, name string, roots *x509.CertPool, now time.Time) error {
	between := x509.NewCertPool()
	for _, certificate := range chain[1:] {
		between.AddCert(certificate)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{DNSName: name, Roots: roots, Intermediates: between, CurrentTime: now})
	return err
}
