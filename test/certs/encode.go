package certs

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
)

// Encoding is a way to write a private key.
type Encoding string

// The encodings that tools write.
const (
	// PKCS8 is "PRIVATE KEY", for every kind of key; cert-manager and openssl genpkey can write it.
	PKCS8 Encoding = "PKCS#8"
	// PKCS1 is "RSA PRIVATE KEY", for RSA.
	PKCS1 Encoding = "PKCS#1"
	// SEC1 is "EC PRIVATE KEY", for ECDSA.
	SEC1 Encoding = "SEC 1"
	// SEC1WithParameters is SEC1 behind an "EC PARAMETERS" block, as openssl ecparam -genkey writes it.
	SEC1WithParameters Encoding = "SEC 1 with parameters"
	// EncryptedPKCS8 is "ENCRYPTED PRIVATE KEY".
	EncryptedPKCS8 Encoding = "encrypted PKCS#8"
	// EncryptedPEM is the classic encoding with the header "Proc-Type: 4,ENCRYPTED"; no passphrase opens it.
	EncryptedPEM Encoding = "encrypted PEM"
)

// Passphrase is that of keys made as EncryptedPKCS8.
const Passphrase = "correct horse"

// Encodings are those that leave the identity's key readable.
func (i *Identity) Encodings() []Encoding {
	switch i.Key.(type) {
	case *rsa.PrivateKey:
		return []Encoding{PKCS8, PKCS1}
	case *ecdsa.PrivateKey:
		return []Encoding{PKCS8, SEC1, SEC1WithParameters}
	}
	return []Encoding{PKCS8}
}

// KeyPEM writes the identity's key for tls.key. An encoding that the key's kind doesn't have is an error.
func (i *Identity) KeyPEM(encoding Encoding) ([]byte, error) {
	switch encoding {
	case PKCS8:
		der, err := x509.MarshalPKCS8PrivateKey(i.Key)
		return encodePEM("PRIVATE KEY", der, err)
	case PKCS1, SEC1:
		label, der, err := i.classic(encoding)
		return encodePEM(label, der, err)
	case SEC1WithParameters:
		return i.withParameters()
	case EncryptedPKCS8:
		der, err := x509.MarshalPKCS8PrivateKey(i.Key)
		if err != nil {
			return nil, fmt.Errorf("encoding a key as PKCS#8: %w", err)
		}
		der, err = encryptPKCS8(der, Passphrase)
		return encodePEM("ENCRYPTED PRIVATE KEY", der, err)
	case EncryptedPEM:
		return i.encryptedPEM()
	}
	return nil, fmt.Errorf("encoding a key: no encoding %q", encoding)
}

func encodePEM(label string, der []byte, err error) ([]byte, error) {
	if err != nil {
		return nil, fmt.Errorf("encoding a key as %q: %w", label, err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der}), nil
}

// classic is PKCS#1 or SEC 1, whichever the key's kind has. No encoding asks for either.
func (i *Identity) classic(encoding Encoding) (label string, der []byte, err error) {
	switch key := i.Key.(type) {
	case *rsa.PrivateKey:
		if encoding != SEC1 {
			return "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key), nil
		}
	case *ecdsa.PrivateKey:
		if encoding != PKCS1 {
			der, err := x509.MarshalECPrivateKey(key)
			return "EC PRIVATE KEY", der, err
		}
	}
	return "", nil, fmt.Errorf("a %T has no encoding %q", i.Key, encoding)
}

func (i *Identity) withParameters() ([]byte, error) {
	ec, ok := i.Key.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("a %T has no EC PARAMETERS", i.Key)
	}
	oid, ok := curveOIDs[ec.Curve]
	if !ok {
		return nil, fmt.Errorf("encoding EC PARAMETERS: no identifier for %s", ec.Params().Name)
	}
	key, err := i.KeyPEM(SEC1)
	if err != nil {
		return nil, err
	}
	parameters, err := encodePEM("EC PARAMETERS", oid, nil)
	return append(parameters, key...), err
}

func (i *Identity) encryptedPEM() ([]byte, error) {
	label, der, err := i.classic("")
	if err != nil {
		return nil, err
	}
	headers, encrypted, err := encryptClassic(der)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: label, Headers: headers, Bytes: encrypted}), nil
}
