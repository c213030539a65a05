package certs_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/clbcert/clbcert/test/certs"
)

func TestEveryKindMakesAPairThatTLSTakes(t *testing.T) {
	t.Parallel()
	for _, kind := range []certs.KeyKind{
		certs.RSA1024, certs.RSA2048, certs.RSA3072, certs.RSA4096, certs.P224, certs.P256, certs.P384, certs.P521, certs.Ed25519,
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			leaf := certs.NewLeaf(t, certs.Kind(kind), certs.Names("a.com", "b.com"))
			for _, encoding := range leaf.Encodings() {
				key, err := leaf.KeyPEM(encoding)
				if err != nil {
					t.Fatal(err)
				}
				pair, err := tls.X509KeyPair(leaf.ChainPEM(), key)
				if err != nil || len(pair.Certificate) != 2 {
					t.Errorf("%s: %d certificates, %v", encoding, len(pair.Certificate), err)
				}
			}
		})
	}
}

func TestTheChainLeadsToTheRoot(t *testing.T) {
	t.Parallel()
	leaf := certs.NewLeaf(t, certs.Names("a.com"))
	chain := leaf.FullChain()
	roots, intermediates := x509.NewCertPool(), x509.NewCertPool()
	roots.AddCert(chain[2])
	intermediates.AddCert(chain[1])
	if _, err := leaf.Certificate.Verify(x509.VerifyOptions{DNSName: "a.com", Roots: roots, Intermediates: intermediates}); err != nil {
		t.Error(err)
	}
	if leaf.Issuer().Issuer().Issuer() != nil || len(leaf.Chain()) != 2 {
		t.Error("the chain has another length")
	}
}

func TestOptionsChangeWhatTheySay(t *testing.T) {
	t.Parallel()
	now := time.Now()
	expired := certs.New(t, certs.Expired(), certs.Names(), certs.Serial(7)).Certificate
	if !expired.NotAfter.Before(now) || expired.Subject.CommonName != "" || len(expired.DNSNames) != 0 || expired.SerialNumber.Int64() != 7 {
		t.Errorf("expired: %v %q %v %v", expired.NotAfter, expired.Subject, expired.DNSNames, expired.SerialNumber)
	}
	early := certs.New(t, certs.NotYetValid()).Certificate
	if !early.NotBefore.After(now) {
		t.Errorf("not yet valid: %v", early.NotBefore)
	}
	first := certs.New(t)
	if again := certs.New(t, certs.WithKey(first.Key)); again.Key != first.Key || again.Certificate.Equal(first.Certificate) {
		t.Error("the same key makes no second certificate")
	}
}

func TestEncryptedKeysAreEncrypted(t *testing.T) {
	t.Parallel()
	leaf := certs.New(t)
	for encoding, label := range map[certs.Encoding]string{
		certs.EncryptedPKCS8: "ENCRYPTED PRIVATE KEY", certs.EncryptedPEM: "EC PRIVATE KEY",
	} {
		key, err := leaf.KeyPEM(encoding)
		if err != nil {
			t.Fatal(err)
		}
		decoded, _ := pem.Decode(key)
		if decoded.Type != label || (decoded.Headers["Proc-Type"] == "4,ENCRYPTED") != (encoding == certs.EncryptedPEM) {
			t.Errorf("%s is %q %v", encoding, decoded.Type, decoded.Headers)
		}
		if _, err := x509.ParseECPrivateKey(decoded.Bytes); err == nil {
			t.Errorf("%s can be read", encoding)
		}
	}
}

func TestEncodingsThatAKeyDoesNotHaveAreErrors(t *testing.T) {
	t.Parallel()
	ec, rsa, ed := certs.New(t), certs.New(t, certs.Kind(certs.RSA2048)), certs.New(t, certs.Kind(certs.Ed25519))
	for _, c := range []struct {
		identity *certs.Identity
		encoding certs.Encoding
	}{{ec, certs.PKCS1}, {rsa, certs.SEC1}, {rsa, certs.SEC1WithParameters}, {ed, certs.SEC1}, {ed, certs.EncryptedPEM}, {ec, "none"}} {
		if _, err := c.identity.KeyPEM(c.encoding); err == nil {
			t.Errorf("a %T has the encoding %q", c.identity.Key, c.encoding)
		}
	}
	if _, err := certs.Make(certs.Kind("none")); err == nil {
		t.Error("a key of no kind is made")
	}
}

func TestASecretHoldsThePair(t *testing.T) {
	t.Parallel()
	secret, err := certs.NewLeaf(t).Secret("web-tls", "shop")
	if err != nil {
		t.Fatal(err)
	}
	if secret.Type != corev1.SecretTypeTLS || secret.Name != "web-tls" || secret.Namespace != "shop" {
		t.Errorf("another Secret: %s %s/%s", secret.Type, secret.Namespace, secret.Name)
	}
	if _, err := tls.X509KeyPair(secret.Data["tls.crt"], secret.Data["tls.key"]); err != nil {
		t.Error(err)
	}
}
