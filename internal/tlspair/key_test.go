package tlspair_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"github.com/clbcert/clbcert/internal/tlspair"
	"github.com/clbcert/clbcert/test/certs"
)

func encode(tb testing.TB, label string, value any) []byte {
	tb.Helper()
	der, err := asn1.Marshal(value)
	if err != nil {
		tb.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der})
}

func wrapped(tb testing.TB, parameters any, oid ...int) []byte {
	tb.Helper()
	identifier := pkix.AlgorithmIdentifier{Algorithm: oid}
	if parameters != nil {
		der, err := asn1.Marshal(parameters)
		if err != nil {
			tb.Fatal(err)
		}
		identifier.Parameters = asn1.RawValue{FullBytes: der}
	}
	return encode(tb, "PRIVATE KEY", struct {
		Version    int
		Algorithm  pkix.AlgorithmIdentifier
		PrivateKey []byte
	}{0, identifier, make([]byte, 32)})
}

type sec1 struct {
	Version    int
	PrivateKey []byte
	Curve      asn1.ObjectIdentifier `asn1:"optional,explicit,tag:0"`
}

type pkcs1 struct{ Version, N, E, D, P, Q, DP, DQ, QInverse *big.Int }

// rsaNumbers is a key of so many bits that is none: its numbers don't fit.
func rsaNumbers(bits uint) pkcs1 {
	one := big.NewInt(1)
	n := new(big.Int).Add(new(big.Int).Lsh(one, bits-1), one)
	half := new(big.Int).Add(new(big.Int).Lsh(one, bits/2-1), one)
	return pkcs1{new(big.Int), n, big.NewInt(65537), n, half, half, half, half, half}
}

func TestKeysThatAreRefused(t *testing.T) {
	t.Parallel()
	leaf := certs.NewLeaf(t)
	rsaLeaf := certs.NewLeaf(t, certs.Kind(certs.RSA2048))
	ed25519, p224 := certs.NewLeaf(t, certs.Kind(certs.Ed25519)), certs.NewLeaf(t, certs.Kind(certs.P224))
	secp256k1 := asn1.ObjectIdentifier{1, 3, 132, 0, 10}
	multiPrime := rsaNumbers(2048)
	multiPrime.Version = big.NewInt(1)

	for sentence, c := range map[string]struct {
		identity *certs.Identity
		key      []byte
		kind     tlspair.Kind
		words    []string
	}{
		"encrypted PKCS#8":               {leaf, keyPEM(t, leaf, certs.EncryptedPKCS8), tlspair.KeyInvalid, []string{"encrypted", "decrypt it"}},
		"an encrypted EC key":            {leaf, keyPEM(t, leaf, certs.EncryptedPEM), tlspair.KeyInvalid, []string{"encrypted", "decrypt it"}},
		"an encrypted RSA key":           {rsaLeaf, keyPEM(t, rsaLeaf, certs.EncryptedPEM), tlspair.KeyInvalid, []string{"encrypted", "decrypt it"}},
		"an encrypted key with CRLF":     {rsaLeaf, certs.CRLF(keyPEM(t, rsaLeaf, certs.EncryptedPEM)), tlspair.KeyInvalid, []string{"decrypt it"}},
		"OpenSSH's format":               {leaf, encode(t, "OPENSSH PRIVATE KEY", 1), tlspair.KeyInvalid, []string{"ssh-keygen"}},
		"DER that is no key":             {leaf, encode(t, "PRIVATE KEY", 1), tlspair.KeyInvalid, []string{"can't be read"}},
		"an EC key of no curve":          {leaf, encode(t, "EC PRIVATE KEY", sec1{Version: 1, PrivateKey: make([]byte, 32)}), tlspair.KeyInvalid, []string{"no curve"}},
		"an EC key of zero":              {leaf, encode(t, "EC PRIVATE KEY", sec1{1, make([]byte, 32), asn1.ObjectIdentifier{1, 2, 840, 10045, 3, 1, 7}}), tlspair.KeyInvalid, []string{"can't be read"}},
		"an RSA key that doesn't add up": {leaf, encode(t, "RSA PRIVATE KEY", rsaNumbers(2048)), tlspair.KeyInvalid, []string{"can't be read"}},
		"RSA in a wrapping alone":        {leaf, wrapped(t, asn1.NullRawValue, 1, 2, 840, 113549, 1, 1, 1), tlspair.KeyInvalid, []string{"can't be read"}},
		"Ed25519":                        {ed25519, keyPEM(t, ed25519, certs.PKCS8), tlspair.KeyUnsupported, []string{"an Ed25519 key", "RSA"}},
		"X25519":                         {leaf, wrapped(t, nil, 1, 3, 101, 110), tlspair.KeyUnsupported, []string{"an X25519 key"}},
		"Ed448":                          {leaf, wrapped(t, nil, 1, 3, 101, 113), tlspair.KeyUnsupported, []string{"an Ed448 key"}},
		"DSA":                            {leaf, encode(t, "DSA PRIVATE KEY", 1), tlspair.KeyUnsupported, []string{"a DSA key"}},
		"DSA behind its parameters":      {leaf, append(encode(t, "DSA PARAMETERS", 1), encode(t, "DSA PRIVATE KEY", 1)...), tlspair.KeyUnsupported, []string{"a DSA key"}},
		"DSA in PKCS#8":                  {leaf, wrapped(t, nil, 1, 2, 840, 10040, 4, 1), tlspair.KeyUnsupported, []string{"a DSA key"}},
		"RSA for PSS alone":              {leaf, wrapped(t, nil, 1, 2, 840, 113549, 1, 1, 10), tlspair.KeyUnsupported, []string{"PSS"}},
		"an unknown algorithm":           {leaf, wrapped(t, nil, 1, 2, 3), tlspair.KeyUnsupported, []string{"unknown algorithm"}},
		"P-224 in PKCS#8":                {p224, keyPEM(t, p224, certs.PKCS8), tlspair.KeyUnsupported, []string{"P-224"}},
		"P-224 in SEC 1":                 {p224, keyPEM(t, p224, certs.SEC1), tlspair.KeyUnsupported, []string{"P-224"}},
		"secp256k1 in PKCS#8":            {leaf, wrapped(t, secp256k1, 1, 2, 840, 10045, 2, 1), tlspair.KeyUnsupported, []string{"secp256k1"}},
		"secp256k1 in SEC 1":             {leaf, encode(t, "EC PRIVATE KEY", sec1{1, make([]byte, 32), secp256k1}), tlspair.KeyUnsupported, []string{"secp256k1"}},
		"a curve written out":            {leaf, wrapped(t, struct{ Version int }{1}, 1, 2, 840, 10045, 2, 1), tlspair.KeyUnsupported, []string{"written out"}},
		"an unknown curve":               {leaf, wrapped(t, asn1.ObjectIdentifier{1, 2, 3}, 1, 2, 840, 10045, 2, 1), tlspair.KeyUnsupported, []string{"unknown curve"}},
		"RSA of 10000 bits":              {leaf, encode(t, "RSA PRIVATE KEY", rsaNumbers(10_000)), tlspair.KeyUnsupported, []string{"10000 bits"}},
		"RSA of a million bits":          {leaf, encode(t, "RSA PRIVATE KEY", rsaNumbers(1_000_000)), tlspair.KeyUnsupported, []string{"8192 bytes"}},
		"RSA of three primes":            {leaf, encode(t, "RSA PRIVATE KEY", multiPrime), tlspair.KeyUnsupported, []string{"two primes"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			refuse(t, c.identity.ChainPEM(), c.key, c.kind, c.words...)
		})
	}
}

func TestAnUnsupportedKeyIsNamedThoughItsCertificateCannotBeRead(t *testing.T) {
	t.Parallel()
	secp256k1 := sec1{1, make([]byte, 32), asn1.ObjectIdentifier{1, 3, 132, 0, 10}}
	refuse(t, encode(t, "CERTIFICATE", 1), encode(t, "EC PRIVATE KEY", secp256k1), tlspair.KeyUnsupported, "secp256k1")
}

func TestHugeNumbersTakeBoundedTime(t *testing.T) {
	t.Parallel()
	leaf := certs.NewLeaf(t)
	slow := rsaNumbers(8192)
	withoutCRT := struct{ Version, N, E, D, P, Q *big.Int }{slow.Version, slow.N, slow.E, slow.D, slow.P, slow.Q}
	start := time.Now()
	refuse(t, leaf.ChainPEM(), encode(t, "RSA PRIVATE KEY", slow), tlspair.KeyInvalid)
	refuse(t, leaf.ChainPEM(), encode(t, "RSA PRIVATE KEY", withoutCRT), tlspair.KeyInvalid)
	refuse(t, hugeCertificate(t), keyPEM(t, leaf, certs.PKCS8), tlspair.CertificateInvalid, "100000 bits")
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
}

// hugeCertificate has an RSA key of 100,000 bits; its signature is another key's.
func hugeCertificate(t *testing.T) []byte {
	t.Helper()
	root := certs.New(t, certs.CA())
	key := &rsa.PublicKey{N: rsaNumbers(100_000).N, E: 65537}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, root.Certificate, key, root.Key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// crypto/rsa makes no such key, but other tools do, and a Secret may hold it.
func TestAShortRSAKeyIsLeftToTheService(t *testing.T) {
	t.Parallel()
	key := shortKey(t, 512)
	root := certs.New(t, certs.CommonName("Root"), certs.CA())
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, root.Certificate, &key.PublicKey, root.Key)
	if err != nil {
		t.Fatal(err)
	}
	chain := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), root.ChainPEM()...)
	text := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	if got := mustParse(t, chain, text).Facts.KeyAlgorithm; got != "RSA-512" {
		t.Errorf("key algorithm %q", got)
	}
}

func shortKey(t *testing.T, bits int) *rsa.PrivateKey {
	t.Helper()
	one := big.NewInt(1)
	for {
		p, errP := rand.Prime(rand.Reader, bits/2)
		q, errQ := rand.Prime(rand.Reader, bits/2)
		if errP != nil || errQ != nil {
			t.Fatal(errP, errQ)
		}
		phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
		key := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: new(big.Int).Mul(p, q), E: 65537}, Primes: []*big.Int{p, q}}
		key.D = new(big.Int).ModInverse(big.NewInt(65537), phi)
		if key.D != nil && key.Validate() == nil {
			return key
		}
	}
}

func TestEveryEncodingOfAKeyIsRead(t *testing.T) {
	t.Parallel()
	for _, kind := range []certs.KeyKind{certs.RSA2048, certs.P256, certs.P384, certs.P521} {
		leaf := certs.NewLeaf(t, certs.Kind(kind))
		want := mustParse(t, leaf.ChainPEM(), keyPEM(t, leaf, certs.PKCS8)).PrivateKeyPEM()
		for _, encoding := range leaf.Encodings() {
			t.Run(string(kind)+" as "+string(encoding), func(t *testing.T) {
				t.Parallel()
				if mustParse(t, leaf.ChainPEM(), keyPEM(t, leaf, encoding)).PrivateKeyPEM() != want {
					t.Error("it becomes another key")
				}
			})
		}
	}
}

func TestAKeyUnderAWrongLabelIsRead(t *testing.T) {
	t.Parallel()
	leaf := certs.NewLeaf(t)
	decoded, _ := pem.Decode(keyPEM(t, leaf, certs.SEC1))
	for _, label := range []string{"PRIVATE KEY", "RSA PRIVATE KEY"} {
		mustParse(t, leaf.ChainPEM(), pem.EncodeToMemory(&pem.Block{Type: label, Bytes: decoded.Bytes}))
	}
}
