package tlspair_test

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/clbcert/clbcert/internal/tlspair"
	"github.com/clbcert/clbcert/test/certs"
)

func TestFilesThatAreRefused(t *testing.T) {
	t.Parallel()
	leaf := certs.NewLeaf(t)
	chain, key := leaf.ChainPEM(), keyPEM(t, leaf, certs.PKCS8)
	parameters := keyPEM(t, leaf, certs.SEC1WithParameters)
	parameters, _, _ = bytes.Cut(parameters, []byte("-----BEGIN EC PRIVATE"))
	twice := []byte(base64.StdEncoding.EncodeToString(chain))
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	block := func(label, body string) []byte {
		return []byte("-----BEGIN " + label + "-----\n" + body + "\n-----END " + label + "-----\n")
	}
	const odd = "MUST-NOT-BE-SHOWN-IN-A-MESSAGE"

	for sentence, c := range map[string]struct {
		certificate, key []byte
		kind             tlspair.Kind
		words            []string
	}{
		"no tls.crt":                            {nil, key, tlspair.CertificateInvalid, []string{"tls.crt is missing or empty"}},
		"a blank tls.crt":                       {[]byte(" \r\n\n"), key, tlspair.CertificateInvalid, []string{"tls.crt is missing or empty"}},
		"nothing at all":                        {nil, nil, tlspair.CertificateInvalid, []string{"tls.crt is missing or empty"}},
		"a tls.crt without PEM":                 {[]byte("hello"), key, tlspair.CertificateInvalid, []string{"no PEM block:"}},
		"a tls.crt encoded twice":               {twice, key, tlspair.CertificateInvalid, []string{"encoded twice"}},
		"a tls.crt as DER":                      {leaf.Certificate.Raw, key, tlspair.CertificateInvalid, []string{"DER"}},
		"garbled base64 in the first block":     {bytes.Replace(chain, []byte("MII"), []byte("M!I"), 1), key, tlspair.CertificateInvalid, []string{"broken PEM block, number 1"}},
		"garbled base64 in the second block":    {join(chain, block("CERTIFICATE", odd)), key, tlspair.CertificateInvalid, []string{"broken PEM block, number 3"}},
		"a block cut off":                       {chain[:len(chain)-30], key, tlspair.CertificateInvalid, []string{"broken PEM block, number 2"}},
		"a block that begins within another":    {join(chain[:300], chain), key, tlspair.CertificateInvalid, []string{"broken PEM block, number 1"}},
		"an END line without a BEGIN":           {chain[20:], key, tlspair.CertificateInvalid, []string{"broken PEM block, number 1"}},
		"BEGIN and END of different types":      {bytes.Replace(chain, []byte("END CERTIFICATE"), []byte("END X509 CRL"), 1), key, tlspair.CertificateInvalid, []string{"broken"}},
		"lines lost":                            {bytes.ReplaceAll(chain, []byte("\n"), []byte(" ")), key, tlspair.CertificateInvalid, []string{"broken"}},
		"files glued without a line's end":      {join(certs.NoFinalNewline(chain), chain), key, tlspair.CertificateInvalid, []string{"line of its own"}},
		"garbled DER":                           {block("CERTIFICATE", "MAMCAQE="), key, tlspair.CertificateInvalid, []string{"certificate 1 of tls.crt can't be read", "x509"}},
		"an empty block":                        {block("CERTIFICATE", ""), key, tlspair.CertificateInvalid, []string{"certificate 1"}},
		"a request instead of a certificate":    {block("CERTIFICATE REQUEST", "MAMCAQE="), key, tlspair.CertificateInvalid, []string{"a block of type CERTIFICATE REQUEST"}},
		"an unknown block beside the chain":     {join(chain, block(odd, "MAMCAQE=")), key, tlspair.CertificateInvalid, []string{"block 3 of tls.crt", "another type"}},
		"a private key beside the chain":        {join(chain, key), key, tlspair.CertificateInvalid, []string{"tls.crt holds a private key", "renew"}},
		"the two swapped":                       {key, chain, tlspair.CertificateInvalid, []string{"look swapped"}},
		"the key in both":                       {key, key, tlspair.CertificateInvalid, []string{"tls.crt holds a private key"}},
		"more than 1 MiB in tls.crt":            {join(chain, bytes.Repeat([]byte("x"), 1<<20)), key, tlspair.CertificateInvalid, []string{"1 MiB"}},
		"more than 1 MiB in tls.key":            {chain, join(key, bytes.Repeat([]byte("x"), 1<<20)), tlspair.KeyInvalid, []string{"1 MiB"}},
		"no tls.key":                            {chain, nil, tlspair.KeyInvalid, []string{"tls.key is missing or empty"}},
		"a tls.key without PEM":                 {chain, []byte(odd), tlspair.KeyInvalid, []string{"tls.key holds no PEM block"}},
		"a tls.key cut off":                     {chain, key[:len(key)-30], tlspair.KeyInvalid, []string{"tls.key has a broken PEM block"}},
		"the certificate in both":               {chain, chain, tlspair.KeyInvalid, []string{"tls.key holds a certificate and no private key"}},
		"the certificate in tls.key too":        {chain, join(key, chain), tlspair.KeyInvalid, []string{"a certificate beside the private key"}},
		"a public key":                          {chain, block("PUBLIC KEY", "MAMCAQE="), tlspair.KeyInvalid, []string{"a block of type PUBLIC KEY"}},
		"parameters without a key":              {chain, parameters, tlspair.KeyInvalid, []string{"no private key"}},
		"two keys":                              {chain, join(key, key), tlspair.KeyInvalid, []string{"2 private keys"}},
		"many keys":                             {chain, bytes.Repeat(key, 9), tlspair.KeyInvalid, []string{"more than 5"}},
		"a garbled certificate and garbled key": {block("CERTIFICATE", "MAMCAQE="), block("PRIVATE KEY", "MAMCAQE="), tlspair.CertificateInvalid, nil},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			refuse(t, c.certificate, c.key, c.kind, c.words...)
			if _, problem := tlspair.Parse(c.certificate, c.key); strings.Contains(problem.Message, odd) {
				t.Errorf("message quotes the input: %s", problem.Message)
			}
		})
	}
}

func TestALongChainIsRefusedBeforeItIsRead(t *testing.T) {
	t.Parallel()
	leaf := certs.New(t)
	tiny := []byte("-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n")
	start := time.Now()
	refuse(t, bytes.Repeat(tiny, 10_000), keyPEM(t, leaf, certs.PKCS8), tlspair.CertificateInvalid, "more than 20")
	refuse(t, certs.PEM(bigChain(t, 21).FullChain()), keyPEM(t, leaf, certs.PKCS8), tlspair.CertificateInvalid, "more than 20")
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
}

// bigChain makes a leaf below so many certificates, itself counted.
func bigChain(t *testing.T, length int) *certs.Identity {
	t.Helper()
	identity := certs.New(t, certs.CommonName("Root"), certs.CA())
	for range length - 2 {
		identity = certs.New(t, certs.CommonName("Intermediate"), certs.CA(), certs.IssuedBy(identity))
	}
	return certs.New(t, certs.IssuedBy(identity))
}

func TestNamesInMessagesAreEscapedAndCut(t *testing.T) {
	t.Parallel()
	stranger := certs.New(t)
	for sentence, c := range map[string]struct{ name, want string }{
		"control characters":      {"a\x1b[31m\nb", `a\x1b[31m\nb`},
		"a quotation mark":        {`a"b`, `a\\\"b`},
		"a change of direction":   {"a\u202eb", `a\u202eb`},
		"letters of any language": {"证书", "证书"},
		"a long name":             {strings.Repeat("x", 300), strings.Repeat("x", 90)},
		"a very long name":        {strings.Repeat("y", 300_000), strings.Repeat("y", 90)},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			named := certs.New(t, certs.CommonName(c.name))
			refuse(t, named.ChainPEM(), keyPEM(t, stranger, certs.PKCS8), tlspair.KeyMismatch, c.want)
		})
	}
}
