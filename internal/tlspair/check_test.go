package tlspair_test

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/clbcert/clbcert/internal/tlspair"
	"github.com/clbcert/clbcert/test/certs"
)

// agree holds Check to Parse: it finds nothing exactly where Parse takes the pair, else Parse's problem first, and each
// once; always the same, and without a change to what it is given. Every test's pairs go through it.
func agree(tb testing.TB, certificate, key []byte, problem *tlspair.Problem) {
	tb.Helper()
	certificateBefore, keyBefore := bytes.Clone(certificate), bytes.Clone(key)
	found := tlspair.Check(certificate, key)
	switch {
	case (problem == nil) != (len(found) == 0):
		tb.Errorf("Check finds %d problems, Parse %v: %v", len(found), problem, found)
	case problem != nil && found[0] != *problem:
		tb.Errorf("Check's first problem isn't Parse's: %v, want %v", found[0], *problem)
	case !slices.Equal(found, tlspair.Check(certificate, key)):
		tb.Error("Check finds something else when it is asked again")
	case !bytes.Equal(certificate, certificateBefore) || !bytes.Equal(key, keyBefore):
		tb.Error("the caller's bytes have changed")
	}
	once := map[tlspair.Problem]bool{}
	for _, p := range found {
		if once[p] {
			tb.Errorf("Check tells it twice: %v", p)
		}
		once[p] = true
	}
}

func TestAllProblemsAreToldAtOnce(t *testing.T) {
	t.Parallel()
	leaf, other := certs.NewLeaf(t), certs.NewLeaf(t, certs.Names("other.example"))
	stranger := certs.New(t, certs.CommonName("stranger"))
	chain, key := leaf.ChainPEM(), keyPEM(t, leaf, certs.PKCS8)
	encrypted := keyPEM(t, leaf, certs.EncryptedPKCS8)
	ed25519 := keyPEM(t, certs.NewLeaf(t, certs.Kind(certs.Ed25519)), certs.PKCS8)
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	damaged := []byte("-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n")
	broken := []byte("-----BEGIN CERTIFICATE-----\nM!\n-----END CERTIFICATE-----\n")
	half := []byte("-----BEGIN CERTIFICATE---\nMAMCAQE=\n-----END CERTIFICATE-----\n")
	request := []byte("-----BEGIN CERTIFICATE REQUEST-----\nMAMCAQE=\n-----END CERTIFICATE REQUEST-----\n")
	tooMany := bytes.Repeat(damaged, 21)

	for sentence, c := range map[string]struct {
		certificate, key []byte
		want             []string
	}{
		"a pair that is in order has none": {chain, key, nil},
		"both files are missing": {nil, nil, []string{
			"CertificateInvalid: tls.crt is missing", "KeyInvalid: tls.key is missing"}},
		"a damaged certificate and an encrypted key": {damaged, encrypted, []string{
			"CertificateInvalid: certificate 1 of tls.crt can't be read", "KeyInvalid: the private key in tls.key is encrypted"}},
		"an unsupported key comes before its certificate": {damaged, ed25519, []string{
			"KeyUnsupported: tls.key holds an Ed25519 key", "CertificateInvalid: certificate 1 of tls.crt can't be read"}},
		"every damaged certificate is told by its number": {join(damaged, chain, damaged), key, []string{
			"CertificateInvalid: certificate 1 of", "CertificateInvalid: certificate 4 of"}},
		"every broken block is told by its number, and what is beside it": {join(broken, damaged, broken, request), key, []string{
			"CertificateInvalid: tls.crt has a broken PEM block, number 1:", "CertificateInvalid: tls.crt has a broken PEM block, number 3:",
			"CertificateInvalid: block 4 of tls.crt is a block of type CERTIFICATE REQUEST", "CertificateInvalid: certificate 2 of"}},
		"a broken BEGIN line and its END line are one": {join(half, chain, half, chain[:len(chain)-30]), key, []string{
			"CertificateInvalid: tls.crt has a broken PEM block, number 1:", "CertificateInvalid: tls.crt has a broken PEM block, number 4:",
			"CertificateInvalid: tls.crt has a broken PEM block, number 6:"}},
		"a block without END before one that is in order": {join(damaged[:len("-----BEGIN CERTIFICATE-----\nMAMCAQE=\n")], damaged), key, []string{
			"CertificateInvalid: tls.crt has a broken PEM block, number 1:", "CertificateInvalid: certificate 2 of"}},
		"too many blocks are all that is told of a file": {tooMany, encrypted, []string{
			"CertificateInvalid: tls.crt holds more than 20 PEM blocks", "KeyInvalid: the private key in tls.key is encrypted"}},
		"private keys in tls.crt are told once": {join(key, chain, key), key, []string{
			"CertificateInvalid: tls.crt holds a private key: it may"}},
		"a private key in tls.crt, and another certificate's in tls.key": {join(chain, key), keyPEM(t, other, certs.PKCS8), []string{
			"CertificateInvalid: tls.crt holds a private key: it may", "KeyMismatch: the key in tls.key belongs to no certificate"}},
		"swapped files are one problem": {encrypted, chain, []string{"CertificateInvalid: tls.crt holds a private key and tls.key a certificate"}},
		"two keys and a certificate in tls.key": {chain, join(key, encrypted, chain), []string{
			"KeyInvalid: tls.key holds 2 private keys", "KeyInvalid: tls.key holds a certificate beside the private key"}},
		"a certificate beside a key that is encrypted": {chain, join(encrypted, chain), []string{
			"KeyInvalid: tls.key holds a certificate beside", "KeyInvalid: the private key in tls.key is encrypted"}},
		"a certificate beside a key that is another's": {chain, join(keyPEM(t, other, certs.PKCS8), chain), []string{
			"KeyInvalid: tls.key holds a certificate beside", "KeyMismatch: the key in tls.key belongs to no certificate"}},
		"the leaf twice, and a stranger": {certs.PEM(chainOf(leaf, leaf, stranger)), key, []string{
			"CertificateInvalid: tls.crt holds the key's certificate \"CN=example.com\"", "CertificateInvalid: the certificates in tls.crt are not one chain"}},
		"a mismatch isn't told where a certificate can't be read": {join(certs.PEM(other.Chain()), damaged), key, []string{
			"CertificateInvalid: certificate 3 of"}},
		"a mismatch isn't told where the key can't be": {certs.PEM(other.Chain()), encrypted, []string{"KeyInvalid: the private key in tls.key is encrypted"}},
		"which key is meant isn't told of a file that is broken": {chain, join(broken, encrypted), []string{
			"KeyInvalid: tls.key has a broken PEM block, number 1:"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			_, problem := tlspair.Parse(c.certificate, c.key)
			agree(t, c.certificate, c.key, problem)
			found := tlspair.Check(c.certificate, c.key)
			if len(found) != len(c.want) {
				t.Fatalf("%d problems, want %d: %q", len(found), len(c.want), found)
			}
			for i, want := range c.want {
				if text := fmt.Sprintf("%s: %s", found[i].Kind, found[i].Message); !strings.HasPrefix(text, want) {
					t.Errorf("problem %d is %q, want %q", i+1, text, want)
				}
			}
		})
	}
}

// However many blocks are broken, what is told of them is bounded.
func TestOfManyBrokenBlocksTheFirstAreTold(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"-----END CERTIFICATE-----\n", "-----BEGIN CERTIFICATE---\n", "-----BEGIN CERTIFICATE-----\n"} {
		found := tlspair.Check(bytes.Repeat([]byte(line), 10_000), bytes.Repeat([]byte(line), 10_000))
		if len(found) < 20 || len(found) > 30 || reflect.DeepEqual(found[0], found[1]) {
			t.Errorf("%d problems of lines %q: %v", len(found), line, found)
		}
	}
}
