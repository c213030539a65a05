package simulator

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"sync"
	"time"
)

// issuer is a CA of the tests.
type issuer struct {
	certificate *x509.Certificate
	key         crypto.Signer
}

var (
	rootCA         = sync.OnceValue(func() *issuer { return newIssuer(nil, "root") })
	intermediateCA = sync.OnceValue(func() *issuer { return newIssuer(rootCA(), "intermediate") })
	rsa1024        = sync.OnceValue(func() crypto.Signer { return rsaKey(1024) })
	rsa2048        = sync.OnceValue(func() crypto.Signer { return rsaKey(2048) })
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err) // a test's own material
	}
	return value
}

func rsaKey(bits int) crypto.Signer { return must(rsa.GenerateKey(rand.Reader, bits)) }

func ecKey(curve elliptic.Curve) crypto.Signer { return must(ecdsa.GenerateKey(curve, rand.Reader)) }

func ed25519Key() crypto.Signer {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	return must(key, err)
}

func newIssuer(parent *issuer, name string) *issuer {
	key := ecKey(elliptic.P256())
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(5, 0, 0), IsCA: true, BasicConstraintsValid: true,
	}
	own := &issuer{template, key}
	if parent == nil {
		parent = own
	}
	der := must(x509.CreateCertificate(rand.Reader, template, parent.certificate, key.Public(), parent.key))
	return &issuer{must(x509.ParseCertificate(der)), key}
}

// leaf issues a certificate for a public key.
func (i *issuer) leaf(public crypto.PublicKey, edits ...func(*x509.Certificate)) *x509.Certificate {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "a.com"}, DNSNames: []string{"a.com", "www.a.com"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(0, 3, 0),
	}
	for _, edit := range edits {
		edit(template)
	}
	der := must(x509.CreateCertificate(rand.Reader, template, i.certificate, public, i.key))
	return must(x509.ParseCertificate(der))
}

func certificatePEM(chain ...*x509.Certificate) string {
	var text []byte
	for _, certificate := range chain {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw})...)
	}
	return string(text)
}

func block(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// keyPEM writes a key as the service wants it.
func keyPEM(key crypto.Signer) string {
	switch key := key.(type) {
	case *rsa.PrivateKey:
		return block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key))
	case *ecdsa.PrivateKey:
		return block("EC PRIVATE KEY", must(x509.MarshalECPrivateKey(key)))
	}
	return pkcs8PEM(key)
}

func pkcs8PEM(key crypto.Signer) string {
	return block("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(key)))
}

// pair is a leaf with its intermediate and its key, ready to be uploaded.
type pair struct {
	leaf  *x509.Certificate
	chain []*x509.Certificate
	key   crypto.Signer
}

func newPair(key crypto.Signer, edits ...func(*x509.Certificate)) pair {
	leaf := intermediateCA().leaf(key.Public(), edits...)
	return pair{leaf, []*x509.Certificate{leaf, intermediateCA().certificate}, key}
}

// parameters are those of an upload.
func (p pair) parameters(more ...string) map[string]string {
	form := map[string]string{
		"ServerCertificate": certificatePEM(p.chain...), "PrivateKey": keyPEM(p.key), "ServerCertificateName": "web",
	}
	for i := 0; i < len(more); i += 2 {
		form[more[i]] = more[i+1]
	}
	return form
}

func (p pair) digest() string {
	hash := sha256.New()
	for _, certificate := range p.chain {
		hash.Write(certificate.Raw)
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// upload makes a certificate of a new key, and gives its ID.
func (b *bench) upload(more ...string) string {
	b.t.Helper()
	a := b.call("UploadServerCertificate", newPair(ecKey(elliptic.P256())).parameters(more...))
	return a["ServerCertificateId"].(string)
}

func expired(template *x509.Certificate) { template.NotAfter = time.Now().Add(-time.Minute) }
