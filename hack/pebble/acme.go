package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"
)

// authority is Pebble as its own program puts it together, with its checks on. It looks
// records up at the nameserver. As ever it refuses one good nonce in twenty.
func authority(log *log.Logger, nameserver string) (http.Handler, error) {
	// Else it waits up to 15 s before it looks.
	if err := os.Setenv("PEBBLE_VA_NOSLEEP", "1"); err != nil {
		return nil, err
	}
	const (
		noOCSP      = ""
		onlyOneRoot = 0
		oneIssuer   = 1 // between root and leaf
		httpPort    = 5002
		tlsPort     = 5001
		strict      = true
		external    = false
		retryAfter  = 1 // s, of orders and authorizations
	)
	store := db.NewMemoryStore()
	profiles := map[string]ca.Profile{"default": {Description: "90 days", ValidityPeriod: 90 * 24 * 60 * 60}}
	issuer := ca.New(log, store, noOCSP, "ecdsa", onlyOneRoot, oneIssuer, profiles)
	validator := va.New(log, httpPort, tlsPort, strict, nameserver, store)
	frontend := wfe.New(log, store, validator, issuer, []string{"pebble.letsencrypt.org"}, strict, external, retryAfter, retryAfter)
	return frontend.Handler(), nil
}

func newServer(handler http.Handler, certificate tls.Certificate) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12},
	}
}

// ownCertificate makes the certificate of Pebble's HTTPS, and writes what to trust for it.
func ownCertificate(caFile string) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "Pebble's HTTPS"},
		IPAddresses:           []net.IP{net.ParseIP(loopback)},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(24 * time.Hour),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		IsCA:                  true, // its own
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, err
	}
	if caFile != "" {
		if err := os.WriteFile(caFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
			return tls.Certificate{}, fmt.Errorf("writing what to trust: %w", err)
		}
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}
