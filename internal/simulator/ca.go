package simulator

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// authority is the server's own CA. Its key is kept as PKCS#8 in DER, readable by the owner only; so a search of the
// folder for a PEM key, to prove that no uploaded one was stored, finds none.
type authority struct {
	certificate *x509.Certificate
	key         crypto.Signer
}

// proxiedName is a name that the server's certificate holds too: HTTP clients don't ask a proxy for a loopback address.
// The domain is one that nobody can have (RFC 6761).
const proxiedName = "clb-simulator.test"

// serverTLS gives a configuration with a certificate for loopback addresses and proxiedName, of the CA kept in dir.
func serverTLS(dir string) (*tls.Config, error) {
	obtain := readAuthority
	if _, err := os.Stat(filepath.Join(dir, "ca.crt")); errors.Is(err, fs.ErrNotExist) {
		obtain = makeAuthority
	}
	ca, err := obtain(dir)
	if err != nil {
		return nil, err
	}
	certificate, err := ca.issue()
	if err != nil {
		return nil, fmt.Errorf("making the server's certificate: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}, nil
}

func readAuthority(dir string) (*authority, error) {
	text, err := os.ReadFile(filepath.Join(dir, "ca.crt"))
	if err != nil {
		return nil, fmt.Errorf("reading the CA: %w", err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("reading the CA: ca.crt is not PEM")
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("reading the CA: ca.crt: %w", err)
	}
	der, err := os.ReadFile(filepath.Join(dir, "ca.key"))
	if err != nil {
		return nil, fmt.Errorf("reading the CA's key (remove ca.crt to have a new CA): %w", err)
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("reading the CA's key: %w", err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, errors.New("reading the CA's key: it can't sign")
	}
	return &authority{certificate, signer}, nil
}

func makeAuthority(dir string) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making a CA: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "clb-simulator CA"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(10, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("making a CA: %w", err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("making a CA: %w", err)
	}
	// The certificate comes last, and whole: who waits for ca.crt may read it as soon as it is there.
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	path := filepath.Join(dir, "ca.crt")
	err = errors.Join(os.WriteFile(filepath.Join(dir, "ca.key"), keyDER, 0o600), os.WriteFile(path+".new", text, 0o644), os.Rename(path+".new", path))
	if err != nil {
		return nil, fmt.Errorf("writing the CA: %w", err)
	}
	return readAuthority(dir)
}

func (a *authority) issue() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "clb-simulator"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
		DNSNames: []string{"localhost", proxiedName}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, key.Public(), a.key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}
