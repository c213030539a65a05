package sdks

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"
)

// pair is a certificate with its key, as the API takes them.
type pair struct{ certificate, key, fingerprint string }

func newPair(t *testing.T) pair {
	t.Helper()
	key := must(rsa.GenerateKey(rand.Reader, 2048))(t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "a.com"}, DNSNames: []string{"a.com", "www.a.com"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
	}
	der := must(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key))(t)
	return pair{
		certificate: block("CERTIFICATE", der), key: block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key)),
		fingerprint: strings.ReplaceAll(fmt.Sprintf("% x", sha1.Sum(der)), " ", ":"),
	}
}

func block(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}
