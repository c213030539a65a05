// Package certs makes certificates, keys and Secrets for tests and the demo: authorities, intermediates and leaves of
// every key kind, in every encoding that users' tools write. Its keys are made up on the spot and worth nothing; it
// holds no fixtures from outside and judges none.
package certs

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"testing"
	"time"
)

// Identity is a certificate with its key and the way up to its root.
type Identity struct {
	// Certificate is parsed from the DER that was signed.
	Certificate *x509.Certificate
	// Key is the certificate's private key: *rsa.PrivateKey, *ecdsa.PrivateKey or ed25519.PrivateKey.
	Key crypto.Signer

	issuer *Identity // nil when self-signed
}

// New is Make for tests: it ends the test when it can't.
func New(tb testing.TB, options ...Option) *Identity {
	tb.Helper()
	identity, err := Make(options...)
	if err != nil {
		tb.Fatal(err)
	}
	return identity
}

// NewLeaf makes a root, an intermediate and, with the options, a leaf issued by it: the usual chain of two.
func NewLeaf(tb testing.TB, options ...Option) *Identity {
	tb.Helper()
	leaf, err := MakeLeaf(options...)
	if err != nil {
		tb.Fatal(err)
	}
	return leaf
}

// MakeLeaf is NewLeaf with an error. An issuer among the options wins.
func MakeLeaf(options ...Option) (*Identity, error) {
	root, err := Make(CommonName("Test Root"), CA())
	if err != nil {
		return nil, err
	}
	intermediate, err := Make(CommonName("Test Intermediate"), CA(), IssuedBy(root))
	if err != nil {
		return nil, err
	}
	return Make(append([]Option{IssuedBy(intermediate)}, options...)...)
}

// Make makes one certificate. Without options: self-signed, no authority, for example.com, valid from an hour ago for
// 90 days, with a new P-256 key (the fastest) and a random serial number.
func Make(options ...Option) (*Identity, error) {
	request := defaultRequest(time.Now())
	for _, option := range options {
		option(&request)
	}
	key := request.key
	if key == nil {
		var err error
		if key, err = request.kind.Key(); err != nil {
			return nil, err
		}
	}
	template, err := request.template()
	if err != nil {
		return nil, err
	}
	parent, signer := template, key
	if request.issuer != nil {
		parent, signer = request.issuer.Certificate, request.issuer.Key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		return nil, fmt.Errorf("signing the certificate of %q: %w", request.commonName, err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("reading back the certificate of %q: %w", request.commonName, err)
	}
	return &Identity{Certificate: certificate, Key: key, issuer: request.issuer}, nil
}

// Issuer is who signed it; nil when it did itself.
func (i *Identity) Issuer() *Identity { return i.issuer }

// Chain is the certificate and its issuers, without the root: what belongs into tls.crt. A self-signed certificate is
// its own chain.
func (i *Identity) Chain() []*x509.Certificate {
	chain := []*x509.Certificate{i.Certificate}
	for issuer := i.issuer; issuer != nil && issuer.issuer != nil; issuer = issuer.issuer {
		chain = append(chain, issuer.Certificate)
	}
	return chain
}

// FullChain is Chain with the root at the end.
func (i *Identity) FullChain() []*x509.Certificate {
	chain := []*x509.Certificate{i.Certificate}
	for issuer := i.issuer; issuer != nil; issuer = issuer.issuer {
		chain = append(chain, issuer.Certificate)
	}
	return chain
}

func (r request) template() (*x509.Certificate, error) {
	serial := r.serial
	if serial == nil {
		var err error
		if serial, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127)); err != nil {
			return nil, fmt.Errorf("choosing a serial number: %w", err)
		}
		serial.Add(serial, big.NewInt(1)) // never zero
	}
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: r.commonName},
		DNSNames:              r.dnsNames,
		IPAddresses:           r.addresses,
		NotBefore:             r.notBefore,
		NotAfter:              r.notAfter,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		SignatureAlgorithm:    r.signature,
	}
	if r.ca {
		template.IsCA, template.DNSNames, template.ExtKeyUsage = true, nil, nil
		template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature
	}
	return template, nil
}

// request is what the options say.
type request struct {
	commonName          string
	dnsNames            []string
	addresses           []net.IP
	notBefore, notAfter time.Time
	kind                KeyKind
	key                 crypto.Signer
	serial              *big.Int
	ca                  bool
	issuer              *Identity
	signature           x509.SignatureAlgorithm
}

func defaultRequest(now time.Time) request {
	return request{
		commonName: "example.com", dnsNames: []string{"example.com"},
		notBefore: now.Add(-time.Hour), notAfter: now.Add(90 * 24 * time.Hour),
		kind: P256,
	}
}
