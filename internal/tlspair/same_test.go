package tlspair_test

import (
	"crypto/x509"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/clbcert/clbcert/internal/tlspair"
	"github.com/clbcert/clbcert/test/certs"
)

// What doesn't change the certificates or the key must not change the digest: it would upload the same once more.
func TestAnyOrderStyleAndEncodingGivesTheSamePair(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(2026, 11))
	f := newFamily(t)
	rsaLeaf := certs.New(t, certs.IssuedBy(f.intermediate), certs.Kind(certs.RSA2048))
	styles := certs.Styles()
	names := slices.Sorted(maps.Keys(styles))

	for _, leaf := range []*certs.Identity{f.leaf, rsaLeaf} {
		chain := chainOf(leaf, f.intermediate, f.root, f.cross, f.older)
		want := mustParse(t, certs.PEM(chain), keyPEM(t, leaf, certs.PKCS8))
		for range 300 {
			file := shuffled(random, chain)
			encoding := leaf.Encodings()[random.IntN(len(leaf.Encodings()))]
			key := keyPEM(t, leaf, encoding)
			certificate := certs.PEM(file)
			var applied []string
			for range random.IntN(3) {
				name := names[random.IntN(len(names))]
				if name == "byte order mark" && len(applied) > 0 {
					continue // it is one only at the very beginning
				}
				applied = append(applied, name)
				certificate, key = styles[name](certificate), styles[name](key)
			}
			got := mustParse(t, certificate, key)
			if !same(got, want) {
				t.Fatalf("another pair after %q, key as %s: %+v, want %+v", applied, encoding, got.Facts, want.Facts)
			}
		}
	}
}

func shuffled(random *rand.Rand, chain []*x509.Certificate) []*x509.Certificate {
	file := slices.Clone(chain)
	random.Shuffle(len(file), func(i, j int) { file[i], file[j] = file[j], file[i] })
	return file
}

func same(a, b *tlspair.Pair) bool {
	return reflect.DeepEqual(a.Facts, b.Facts) && a.ChainPEM() == b.ChainPEM() && a.PrivateKeyPEM() == b.PrivateKeyPEM()
}

func TestAChangeOfTheChainAloneChangesTheDigestAlone(t *testing.T) {
	t.Parallel()
	f := newFamily(t)
	key := keyPEM(t, f.leaf, certs.PKCS8)
	alternative := certs.New(t, certs.CommonName("Intermediate"), certs.CA(), certs.WithKey(f.intermediate.Key), certs.IssuedBy(f.older))
	digests := map[string]bool{}
	var fingerprint string
	for _, chain := range [][]*x509.Certificate{
		chainOf(f.leaf, f.intermediate), chainOf(f.leaf, f.intermediate, f.root),
		chainOf(f.leaf, alternative), chainOf(f.leaf, alternative, f.older),
	} {
		facts := mustParse(t, certs.PEM(chain), key).Facts
		if fingerprint != "" && facts.Fingerprint != fingerprint {
			t.Error("the fingerprint has changed with the chain")
		}
		fingerprint = facts.Fingerprint
		digests[facts.Digest] = true
	}
	if len(digests) != 4 {
		t.Errorf("%d digests for 4 chains", len(digests))
	}
}
