package certs

import (
	"crypto"
	"crypto/x509"
	"math/big"
	"net"
	"time"
)

// Option changes one thing of what Make makes.
type Option func(*request)

// Names sets the DNS names, the first of them the common name too. No names: neither.
func Names(names ...string) Option {
	return func(r *request) {
		r.commonName, r.dnsNames = "", names
		if len(names) > 0 {
			r.commonName = names[0]
		}
	}
}

// CommonName sets the subject's common name alone.
func CommonName(name string) Option { return func(r *request) { r.commonName = name } }

// Addresses adds IP addresses to the alternative names.
func Addresses(addresses ...net.IP) Option { return func(r *request) { r.addresses = addresses } }

// Valid sets the validity; certificates keep whole seconds.
func Valid(from, to time.Time) Option {
	return func(r *request) { r.notBefore, r.notAfter = from, to }
}

// Expired makes it valid until an hour ago.
func Expired() Option {
	now := time.Now()
	return Valid(now.Add(-48*time.Hour), now.Add(-time.Hour))
}

// NotYetValid makes it valid from an hour ahead.
func NotYetValid() Option {
	now := time.Now()
	return Valid(now.Add(time.Hour), now.Add(48*time.Hour))
}

// Kind sets the key's kind.
func Kind(kind KeyKind) Option { return func(r *request) { r.kind = kind } }

// WithKey takes this key instead of making one: a renewal with the same key, a cross-signed authority.
func WithKey(key crypto.Signer) Option { return func(r *request) { r.key = key } }

// Serial sets the serial number.
func Serial(number int64) Option { return func(r *request) { r.serial = big.NewInt(number) } }

// CA makes it an authority, which may issue others.
func CA() Option { return func(r *request) { r.ca = true } }

// IssuedBy has it signed by an authority instead of itself.
func IssuedBy(issuer *Identity) Option { return func(r *request) { r.issuer = issuer } }

// Signature sets the signature's algorithm; by default the signer's key decides.
func Signature(algorithm x509.SignatureAlgorithm) Option {
	return func(r *request) { r.signature = algorithm }
}
