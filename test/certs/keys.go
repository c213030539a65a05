package certs

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"sync"
)

// KeyKind is an algorithm with its size or curve.
type KeyKind string

// The kinds of key. CLB documents RSA of 1024, 2048 and 4096 bits; Ed25519 and P-224 it never takes.
const (
	RSA1024 KeyKind = "RSA-1024"
	RSA2048 KeyKind = "RSA-2048"
	RSA3072 KeyKind = "RSA-3072"
	RSA4096 KeyKind = "RSA-4096"
	P224    KeyKind = "ECDSA-P-224"
	P256    KeyKind = "ECDSA-P-256"
	P384    KeyKind = "ECDSA-P-384"
	P521    KeyKind = "ECDSA-P-521"
	Ed25519 KeyKind = "Ed25519"
)

// Key gives a key of the kind. RSA keys are made once per process and size, for that takes up to seconds: two
// identities of the same RSA size share the key. Use NewKey where they must not. All others are new.
func (k KeyKind) Key() (crypto.Signer, error) {
	if shared, ok := sharedKeys[k]; ok {
		return shared()
	}
	return k.NewKey()
}

// NewKey makes a new key of the kind.
func (k KeyKind) NewKey() (crypto.Signer, error) {
	key, err := k.generate()
	if err != nil {
		return nil, fmt.Errorf("making a key of kind %q: %w", k, err)
	}
	return key, nil
}

func (k KeyKind) generate() (crypto.Signer, error) {
	if bits, ok := rsaBits[k]; ok {
		return rsa.GenerateKey(rand.Reader, bits)
	}
	if curve, ok := curves[k]; ok {
		return ecdsa.GenerateKey(curve, rand.Reader)
	}
	if k == Ed25519 {
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key, err
	}
	return nil, fmt.Errorf("no such kind")
}

var (
	rsaBits = map[KeyKind]int{RSA1024: 1024, RSA2048: 2048, RSA3072: 3072, RSA4096: 4096}
	curves  = map[KeyKind]elliptic.Curve{
		P224: elliptic.P224(), P256: elliptic.P256(), P384: elliptic.P384(), P521: elliptic.P521(),
	}
	sharedKeys = map[KeyKind]func() (crypto.Signer, error){
		RSA1024: sync.OnceValues(RSA1024.NewKey),
		RSA2048: sync.OnceValues(RSA2048.NewKey),
		RSA3072: sync.OnceValues(RSA3072.NewKey),
		RSA4096: sync.OnceValues(RSA4096.NewKey),
	}
)
