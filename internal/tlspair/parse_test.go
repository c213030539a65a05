package tlspair_test

import (
	"bytes"
	"crypto"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/clbcert/clbcert/internal/tlspair"
	"github.com/clbcert/clbcert/test/certs"
)

func keyPEM(tb testing.TB, identity *certs.Identity, encoding certs.Encoding) []byte {
	tb.Helper()
	key, err := identity.KeyPEM(encoding)
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

// mustParse fails the test on a Problem.
func mustParse(tb testing.TB, certificate, key []byte) *tlspair.Pair {
	tb.Helper()
	pair, problem := tlspair.Parse(certificate, key)
	agree(tb, certificate, key, problem)
	if problem != nil {
		tb.Fatalf("Parse found a problem: %s: %s", problem.Kind, problem.Message)
	}
	return pair
}

// refuse expects a Problem of a kind whose message holds each word, and none of what must not be shown.
func refuse(t *testing.T, certificate, key []byte, kind tlspair.Kind, words ...string) {
	t.Helper()
	pair, problem := tlspair.Parse(certificate, key)
	agree(t, certificate, key, problem)
	switch {
	case pair != nil || problem == nil:
		t.Fatalf("Parse took it, want %s", kind)
	case problem.Kind != kind:
		t.Fatalf("kind %s, want %s; message: %s", problem.Kind, kind, problem.Message)
	case len(problem.Message) > 700:
		t.Errorf("the message has %d bytes: %s", len(problem.Message), problem.Message)
	}
	t.Log(problem.Message)
	for _, word := range words {
		if !strings.Contains(problem.Message, word) {
			t.Errorf("message lacks %q: %s", word, problem.Message)
		}
	}
	for _, file := range [][]byte{certificate, key} {
		for line := range bytes.FieldsSeq(file) {
			if len(line) >= 20 && bytes.Contains([]byte(problem.Message), line) {
				t.Errorf("message quotes the input: %s", problem.Message)
			}
		}
	}
}

func TestFactsAreThoseOfTheLeafAndItsChain(t *testing.T) {
	t.Parallel()
	from := time.Date(2026, 11, 1, 8, 30, 0, 0, time.FixedZone("CST", 8*3600))
	until := from.Add(90 * 24 * time.Hour)
	leaf := certs.NewLeaf(t, certs.Names("a.com", "*.a.com", "b.org"), certs.Valid(from, until),
		certs.Addresses(net.IPv4(10, 0, 0, 1)), certs.Kind(certs.P384))
	chain := leaf.Chain()

	got := mustParse(t, leaf.ChainPEM(), keyPEM(t, leaf, certs.PKCS8)).Facts

	sum := sha1.Sum(chain[0].Raw)
	digest := sha256.Sum256(append(bytes.Clone(chain[0].Raw), chain[1].Raw...))
	want := tlspair.Facts{
		Digest:      hex.EncodeToString(digest[:]),
		Fingerprint: strings.TrimSuffix(colons(hex.EncodeToString(sum[:])), ":"),
		CommonName:  "a.com", DNSNames: []string{"a.com", "*.a.com", "b.org"},
		NotBefore: from.UTC(), NotAfter: until.UTC(),
		KeyAlgorithm: "ECDSA-P-384",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("facts\n%+v, want\n%+v", got, want)
	}
}

func colons(digits string) string {
	var text strings.Builder
	for i := 0; i < len(digits); i += 2 {
		text.WriteString(digits[i:i+2] + ":")
	}
	return text.String()
}

func TestChainAndKeyAreInTheFormThatCLBTakes(t *testing.T) {
	t.Parallel()
	for kind, label := range map[certs.KeyKind]string{
		certs.RSA1024: "RSA PRIVATE KEY", certs.RSA2048: "RSA PRIVATE KEY", certs.RSA3072: "RSA PRIVATE KEY", certs.RSA4096: "RSA PRIVATE KEY",
		certs.P256: "EC PRIVATE KEY", certs.P384: "EC PRIVATE KEY", certs.P521: "EC PRIVATE KEY",
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			leaf := certs.NewLeaf(t, certs.Kind(kind))
			pair := mustParse(t, leaf.ChainPEM(certs.BlankLines, certs.Comments, certs.CRLF), keyPEM(t, leaf, certs.PKCS8))
			if pair.Facts.KeyAlgorithm != string(kind) {
				t.Errorf("key algorithm %q", pair.Facts.KeyAlgorithm)
			}
			if want := string(leaf.ChainPEM()); pair.ChainPEM() != want {
				t.Errorf("chain\n%swant\n%s", pair.ChainPEM(), want)
			}
			checkKey(t, leaf, pair.PrivateKeyPEM(), label)
		})
	}
}

// checkKey reads the key back and checks that there is one block and nothing around it.
func checkKey(t *testing.T, leaf *certs.Identity, text, label string) {
	t.Helper()
	decoded, rest := pem.Decode([]byte(text))
	if decoded == nil || len(rest) > 0 || decoded.Type != label || !strings.HasPrefix(text, "-----BEGIN "+label) {
		t.Fatalf("the key isn't one block %q", label)
	}
	var key any
	var err error
	if label == "RSA PRIVATE KEY" {
		key, err = x509.ParsePKCS1PrivateKey(decoded.Bytes)
	} else {
		key, err = x509.ParseECPrivateKey(decoded.Bytes)
	}
	if err != nil {
		t.Fatal(err)
	}
	if equal, ok := leaf.Key.(interface{ Equal(crypto.PrivateKey) bool }); !ok || !equal.Equal(key) {
		t.Error("it is another key")
	}
}

func TestFactsThatWarn(t *testing.T) {
	t.Parallel()
	throwaway := certs.New(t, certs.CommonName("cert-manager.local"), certs.CA())
	for sentence, c := range map[string]struct {
		identity            *certs.Identity
		chain               func(*certs.Identity) []*x509.Certificate
		temporary, lonesome bool
	}{
		"a leaf with its intermediate warns of nothing":          {certs.NewLeaf(t), (*certs.Identity).Chain, false, false},
		"a leaf with everything up to the root warns of nothing": {certs.NewLeaf(t), (*certs.Identity).FullChain, false, false},
		"a self-signed leaf misses no intermediate":              {certs.New(t), (*certs.Identity).Chain, false, false},
		"a lone leaf may miss an intermediate": {
			certs.NewLeaf(t), func(i *certs.Identity) []*x509.Certificate { return i.Chain()[:1] }, false, true},
		"cert-manager's stand-in is temporary": {
			certs.New(t, certs.IssuedBy(throwaway)), (*certs.Identity).Chain, true, true},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			facts := mustParse(t, certs.PEM(c.chain(c.identity)), keyPEM(t, c.identity, certs.PKCS8)).Facts
			if facts.Temporary != c.temporary || facts.MissingIntermediate != c.lonesome {
				t.Errorf("temporary %t, missing intermediate %t", facts.Temporary, facts.MissingIntermediate)
			}
		})
	}
}

func TestWipeForgetsTheKeyAndNothingElse(t *testing.T) {
	t.Parallel()
	leaf := certs.NewLeaf(t)
	certificate, key := leaf.ChainPEM(), keyPEM(t, leaf, certs.PKCS8)
	certificateBefore, keyBefore := bytes.Clone(certificate), bytes.Clone(key)
	pair := mustParse(t, certificate, key)
	second := *pair
	chain, facts := pair.ChainPEM(), pair.Facts

	pair.Wipe()
	pair.Wipe()

	if pair.PrivateKeyPEM() != "" || second.PrivateKeyPEM() != "" {
		t.Error("the key is still there")
	}
	if pair.ChainPEM() != chain || !reflect.DeepEqual(pair.Facts, facts) {
		t.Error("more than the key has gone")
	}
	if !bytes.Equal(certificate, certificateBefore) || !bytes.Equal(key, keyBefore) {
		t.Error("the caller's bytes have changed")
	}
	var zero tlspair.Pair
	zero.Wipe()
	if zero.PrivateKeyPEM() != "" {
		t.Error("a zero Pair has a key")
	}
}

func BenchmarkParse(b *testing.B) {
	for _, kind := range []certs.KeyKind{certs.RSA2048, certs.RSA4096, certs.P256} {
		leaf := certs.NewLeaf(b, certs.Kind(kind))
		certificate, key := leaf.ChainPEM(), keyPEM(b, leaf, certs.PKCS8)
		b.Run(string(kind), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, problem := tlspair.Parse(certificate, key); problem != nil {
					b.Fatal(problem.Message)
				}
			}
		})
	}
}
