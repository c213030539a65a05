// Package tlspair turns the two files of a kubernetes.io/tls Secret, tls.crt and tls.key, into what Classic Load
// Balancer takes: an ordered chain and an unencrypted key in the classic encodings, with the facts about them; or
// into a Problem that says what is wrong and what mends it.
//
// Its functions are pure: the same bytes give the same answer, whatever the clock, the cluster or the cloud. It
// judges neither validity in time nor trust, and it never logs, prints or returns a private key except by
// Pair.PrivateKeyPEM.
package tlspair

import (
	"crypto/x509"
	"encoding/pem"
)

// The two keys of a kubernetes.io/tls Secret (k8s.io/api/core/v1, TLSCertKey and TLSPrivateKeyKey).
const (
	certificateFile = "tls.crt"
	keyFile         = "tls.key"
)

const (
	// maxFileBytes bounds either file. A Secret holds 1 MiB at most (k8s.io/api/core/v1, MaxSecretSize).
	maxFileBytes = 1 << 20
	// maxCertificates bounds a chain before anything in it is parsed. Public chains have 2 to 4 certificates and the
	// longest private ones fewer than ten; 20 leaves room and keeps the work of checking every pair's signature small.
	maxCertificates = 20
	// maxKeyBlocks bounds tls.key, where one block, or two with EC PARAMETERS, is right.
	maxKeyBlocks = 5
)

// Pair is a chain and its private key in the form that CLB takes, with the facts about them. It prints as redacted
// everywhere; log its Facts instead. A Pair isn't safe for concurrent use with Wipe.
type Pair struct {
	redacted
	// Facts are what is public about the pair.
	Facts Facts

	chain secret // no secret, but it holds the key's public half, and a dump of it helps nobody
	key   secret
}

// ChainPEM is the chain as CLB takes it: leaf first, CERTIFICATE blocks of 64 characters a line, without blank lines
// and without text before, between or behind them (CLB API reference, certificate requirements).
func (p *Pair) ChainPEM() string { return string(p.chain.bytes()) }

// PrivateKeyPEM is the key as CLB takes it: PKCS#1 for RSA, SEC 1 without EC PARAMETERS for ECDSA; empty after Wipe.
// Each call makes a copy that Wipe can't reach: call it once, where the request is built, and let the copy go.
func (p *Pair) PrivateKeyPEM() string { return string(p.key.bytes()) }

// Wipe overwrites the pair's key with zeroes and forgets it; Facts and ChainPEM stay. Calling it again does nothing.
// It is best effort: Go's garbage collector may leave copies that the parsing made.
func (p *Pair) Wipe() { p.key.wipe() }

// Parse turns tls.crt and tls.key into what CLB takes. Exactly one of the results is non-nil. What doesn't change the
// certificates or the key doesn't change the result: the order of the chain, line endings, blank lines, text between
// blocks, the key's encoding. The arguments are not kept and not changed.
func Parse(certificate, privateKey []byte) (*Pair, *Problem) {
	r := read(certificate, privateKey)
	defer r.wipe()
	if len(r.problems) > 0 {
		return nil, &r.problems[0]
	}
	return &Pair{
		Facts: factsOf(r.chain, r.key.algorithm),
		chain: conceal(encodeChain(r.chain)),
		key:   conceal(pem.EncodeToMemory(&pem.Block{Type: r.key.label, Bytes: r.key.der})),
	}, nil
}

func encodeChain(chain []*x509.Certificate) []byte {
	var text []byte
	for _, certificate := range chain {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: labelCertificate, Bytes: certificate.Raw})...)
	}
	return text
}
