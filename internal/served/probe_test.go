package served_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/clbcert/clbcert/internal/served"
	"github.com/clbcert/clbcert/test/certs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// listen has each connection to a loopback address served, until the test's end.
func listen(t *testing.T, serve func(net.Conn)) (address string) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	t.Cleanup(func() {
		listener.Close()
		work.Wait()
	})
	work.Go(func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			work.Go(func() {
				defer connection.Close()
				serve(connection)
			})
		}
	})
	return listener.Addr().String()
}

// shaking does a handshake as a server, and tells the name that it was asked for.
func shaking(config *tls.Config, names chan<- string) func(net.Conn) {
	return func(connection net.Conn) {
		config := config.Clone()
		config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			names <- hello.ServerName
			return nil, nil
		}
		_, _ = tls.Server(connection, config).Read(make([]byte, 1)) // until the client goes
	}
}

func TestTheChainIsSeenHoweverTheHandshakeEnds(t *testing.T) {
	t.Parallel()
	identity := certs.NewLeaf(t, certs.Names("a.com"))
	pair := tls.Certificate{PrivateKey: identity.Key}
	for _, c := range identity.Chain() {
		pair.Certificate = append(pair.Certificate, c.Raw)
	}
	for sentence, c := range map[string]struct {
		version    uint16
		wants      tls.ClientAuthType
		serverName string
	}{
		"one that nobody here trusts":         {tls.VersionTLS13, tls.NoClientCert, "a.com"},
		"one for another name":                {tls.VersionTLS13, tls.NoClientCert, "b.com"},
		"one that is asked for without SNI":   {tls.VersionTLS13, tls.NoClientCert, ""},
		"with TLS 1.2":                        {tls.VersionTLS12, tls.NoClientCert, "a.com"},
		"where clients need a certificate":    {tls.VersionTLS13, tls.RequireAnyClientCert, "a.com"},
		"and with TLS 1.2 and no SNI as well": {tls.VersionTLS12, tls.RequireAnyClientCert, ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			config := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, ClientAuth: c.wants}
			config.MaxVersion = c.version
			names := make(chan string, 1)
			shown, err := served.Probe(t.Context(), listen(t, shaking(config, names)), c.serverName)
			if err != nil {
				t.Fatal(err)
			}
			if len(shown) != 2 || !shown[0].Equal(identity.Certificate) || !shown[1].Equal(identity.Issuer().Certificate) {
				t.Errorf("%d certificates, the first is of %q", len(shown), shown[0].Subject.CommonName)
			}
			if name := <-names; name != c.serverName {
				t.Errorf("%q was asked for, want %q", name, c.serverName)
			}
		})
	}
}

func TestWhatGivesNoAnswerSaysWhy(t *testing.T) {
	t.Parallel()
	closed := listen(t, func(net.Conn) {})
	free, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refusing := free.Addr().String()
	free.Close()
	for sentence, c := range map[string]struct {
		address string
		want    string
	}{
		"nobody listens":          {refusing, "connecting to " + refusing + ": connect: connection refused"},
		"the server goes":         {closed, "TLS handshake with " + closed + ": "},
		"the server says nothing": {listen(t, func(c net.Conn) { _, _ = c.Read(make([]byte, 1<<16)); <-t.Context().Done() }), "no answer within 5s"},
		"the server isn't TLS":    {listen(t, func(c net.Conn) { _, _ = c.Write([]byte("220 ready\r\n")); _, _ = c.Read(make([]byte, 1<<16)) }), "first record does not look like a TLS handshake"},
		"there is no port":        {"127.0.0.1", "connecting to 127.0.0.1: "},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			if _, err := served.Probe(t.Context(), c.address, "a.com"); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := served.Probe(ctx, closed, ""); err == nil {
		t.Error("it looked although it was called off")
	}
}

func TestTrustIsThatOfTheRootsAtTheTime(t *testing.T) {
	t.Parallel()
	identity := certs.NewLeaf(t, certs.Names("a.com"))
	full := identity.FullChain()
	trusting := x509.NewCertPool()
	trusting.AddCert(full[len(full)-1])
	now := time.Now()
	for sentence, c := range map[string]struct {
		chain []*x509.Certificate
		name  string
		roots *x509.CertPool
		at    time.Time
		want  string // in the reason; "" where it is trusted
	}{
		"a chain to a root":            {identity.Chain(), "a.com", trusting, now, ""},
		"no name is asked for":         {identity.Chain(), "", trusting, now, ""},
		"another name is asked for":    {identity.Chain(), "b.com", trusting, now, "not b.com"},
		"nobody knows the root":        {identity.Chain(), "a.com", x509.NewCertPool(), now, "unknown authority"},
		"the intermediate is left out": {identity.Chain()[:1], "a.com", trusting, now, "unknown authority"},
		"it has expired":               {identity.Chain(), "a.com", trusting, now.AddDate(1, 0, 0), "expired"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			err := served.Distrust(c.chain, c.name, c.roots, c.at)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
