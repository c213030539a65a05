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
	"slices"
	"sync"
	"testing"
	"time"
)

// issuer is a CA of the tests.
type issuer struct {
	certificate *x509.Certificate
	key         crypto.Signer
}

// Keys that take time to make, and the CAs, are made once.
var (
	rootCA = sync.OnceValues(func() (*issuer, error) { return newIssuer(nil, "root") })
	subCA  = sync.OnceValues(func() (*issuer, error) {
		root, err := rootCA()
		if err != nil {
			return nil, err
		}
		return newIssuer(root, "intermediate")
	})
	smallRSA = sync.OnceValues(newRSA(1024))
	usualRSA = sync.OnceValues(newRSA(2048))
)

func newRSA(bits int) func() (*rsa.PrivateKey, error) {
	return func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, bits) }
}

// must ends a test that can't make its own material: must(make())(t).
func must[T any](value T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func ecKey(t *testing.T, curve elliptic.Curve) crypto.Signer {
	t.Helper()
	return must(ecdsa.GenerateKey(curve, rand.Reader))(t)
}

func rsaKey(t *testing.T, bits int) crypto.Signer {
	t.Helper()
	return must(newRSA(bits)())(t)
}

func ed25519Key(t *testing.T) crypto.Signer {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	return must(key, err)(t)
}

func newIssuer(parent *issuer, name string) (*issuer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(5, 0, 0), IsCA: true, BasicConstraintsValid: true,
	}
	if parent == nil {
		parent = &issuer{template, key}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent.certificate, key.Public(), parent.key)
	if err != nil {
		return nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	return &issuer{certificate, key}, err
}

// leaf issues a certificate for a public key.
func (i *issuer) leaf(t *testing.T, public crypto.PublicKey, edits ...func(*x509.Certificate)) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "a.com"}, DNSNames: []string{"a.com", "www.a.com"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(0, 3, 0),
	}
	for _, edit := range edits {
		edit(template)
	}
	der := must(x509.CreateCertificate(rand.Reader, template, i.certificate, public, i.key))(t)
	return must(x509.ParseCertificate(der))(t)
}

func expired(template *x509.Certificate) { template.NotAfter = time.Now().Add(-time.Minute) }

func certificatePEM(chain ...*x509.Certificate) string {
	text := ""
	for _, certificate := range chain {
		text += block("CERTIFICATE", certificate.Raw)
	}
	return text
}

func block(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// keyPEM writes a key as the service wants it.
func keyPEM(t *testing.T, key crypto.Signer) string {
	t.Helper()
	switch key := key.(type) {
	case *rsa.PrivateKey:
		return block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key))
	case *ecdsa.PrivateKey:
		return block("EC PRIVATE KEY", must(x509.MarshalECPrivateKey(key))(t))
	}
	return pkcs8PEM(t, key)
}

func pkcs8PEM(t *testing.T, key crypto.Signer) string {
	t.Helper()
	return block("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(key))(t))
}

// pair is a leaf with its intermediate and its key, ready to be uploaded.
type pair struct {
	chain []*x509.Certificate
	key   string
}

func newPair(t *testing.T, key crypto.Signer, edits ...func(*x509.Certificate)) pair {
	t.Helper()
	ca := must(subCA())(t)
	return pair{[]*x509.Certificate{ca.leaf(t, key.Public(), edits...), ca.certificate}, keyPEM(t, key)}
}

func quickPair(t *testing.T) pair {
	t.Helper()
	return newPair(t, ecKey(t, elliptic.P256()))
}

// parameters are those of an upload, with others by name and value.
func (p pair) parameters(more ...string) map[string]string {
	return merge(map[string]string{
		"ServerCertificate": certificatePEM(p.chain...), "PrivateKey": p.key, "ServerCertificateName": "web",
	}, more...)
}

// merge puts names and values, by turns, into form.
func merge(form map[string]string, namesAndValues ...string) map[string]string {
	for pair := range slices.Chunk(namesAndValues, 2) {
		form[pair[0]] = pair[1]
	}
	return form
}

func (p pair) digest() string {
	var der []byte
	for _, certificate := range p.chain {
		der = append(der, certificate.Raw...)
	}
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:])
}

// upload makes a certificate of a new key, and gives its ID.
func (b *bench) upload(more ...string) string {
	b.t.Helper()
	return at[string](b.call("UploadServerCertificate", quickPair(b.t).parameters(more...)), "ServerCertificateId")
}

// at walks into an answer: an element of another type, or none, gives the zero value.
func at[T any](document map[string]any, path ...string) T {
	var value any = document
	for _, name := range path {
		members, _ := value.(map[string]any)
		value = members[name]
	}
	found, _ := value.(T)
	return found
}

// list gives the rows of an answer's list.
func list(document map[string]any, path ...string) []any { return at[[]any](document, path...) }
