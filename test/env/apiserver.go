package env

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"

	"github.com/clbcert/clbcert/test/certs"
)

// apiServer is a kube-apiserver with what it takes to talk to it.
type apiServer struct {
	*Process

	url   string
	ca    []byte // PEM
	token string // of a member of system:masters
}

// newAPIServer makes a kube-apiserver that keeps its keys in folder. It has no
// controllers beside it: a namespace stays when deleted, nothing is collected,
// no ServiceAccount is made.
func newAPIServer(ctx context.Context, program, folder, etcdURL string) (*apiServer, error) {
	addresses, err := freeAddresses(ctx, 1)
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(addresses[0])
	if err != nil {
		return nil, fmt.Errorf("reading the free address: %w", err)
	}
	server := &apiServer{url: "https://" + addresses[0], token: rand.Text()}
	if err := server.writeKeys(folder); err != nil {
		return nil, err
	}
	file := func(name string) string { return filepath.Join(folder, name) }
	server.Process = &Process{
		name: "kube-apiserver",
		path: program,
		args: []string{
			"--etcd-servers", etcdURL,
			"--bind-address", loopback, "--secure-port", port,
			"--advertise-address", loopback, "--endpoint-reconciler-type", "none",
			"--cert-dir", folder,
			"--tls-cert-file", file("serving.crt"), "--tls-private-key-file", file("serving.key"),
			"--token-auth-file", file("tokens.csv"),
			"--service-account-issuer", "https://kubernetes.default.svc",
			"--service-account-key-file", file("serving.crt"),
			"--service-account-signing-key-file", file("serving.key"),
			"--service-cluster-ip-range", "10.0.0.0/24",
			"--authorization-mode", "RBAC",
			"--disable-admission-plugins", "ServiceAccount",
			"--profiling=false",
		},
		// A small heap is collected all the time; that of a cluster in use is large.
		env:   []string{"GOGC=400"},
		ready: server.awaitReady,
	}
	return server, nil
}

// writeKeys writes the server's certificate and key, made for this one start,
// and the administrator's token.
func (s *apiServer) writeKeys(folder string) error {
	authority, err := certs.Make(certs.CommonName("Test control plane"), certs.CA())
	if err != nil {
		return fmt.Errorf("making the API server's authority: %w", err)
	}
	serving, err := certs.Make(certs.IssuedBy(authority), certs.Names("localhost"), certs.Addresses(net.ParseIP(loopback)))
	if err != nil {
		return fmt.Errorf("making the API server's certificate: %w", err)
	}
	key, err := serving.KeyPEM(certs.PKCS8)
	if err != nil {
		return err
	}
	s.ca = certs.PEM(authority.Chain())
	for name, content := range map[string][]byte{
		"serving.crt": serving.ChainPEM(),
		"serving.key": key,
		"tokens.csv":  []byte(s.token + ",admin,admin,system:masters\n"),
	} {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			return fmt.Errorf("writing the API server's %s: %w", name, err)
		}
	}
	return nil
}

func (s *apiServer) awaitReady(ctx context.Context) error {
	return awaitOK(ctx, trusting(s.ca), s.url+"/readyz")
}

// trusting makes a client that trusts the authorities in PEM alone.
func trusting(authorities []byte) *http.Client {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authorities)
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
	}}
}
