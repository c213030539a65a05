package tlspair_test

import (
	"crypto/x509"
	"slices"
	"testing"

	"github.com/clbcert/clbcert/internal/tlspair"
	"github.com/clbcert/clbcert/test/certs"
)

// family is a root that was also cross-signed by an older one, an intermediate and leaves.
type family struct {
	older, root, cross, intermediate, leaf *certs.Identity
}

func newFamily(tb testing.TB) family {
	tb.Helper()
	older := certs.New(tb, certs.CommonName("Older Root"), certs.CA())
	root := certs.New(tb, certs.CommonName("Root"), certs.CA())
	cross := certs.New(tb, certs.CommonName("Root"), certs.CA(), certs.WithKey(root.Key), certs.IssuedBy(older))
	intermediate := certs.New(tb, certs.CommonName("Intermediate"), certs.CA(), certs.IssuedBy(root))
	return family{older, root, cross, intermediate, certs.New(tb, certs.IssuedBy(intermediate))}
}

func chainOf(identities ...*certs.Identity) []*x509.Certificate {
	chain := make([]*x509.Certificate, len(identities))
	for i, identity := range identities {
		chain[i] = identity.Certificate
	}
	return chain
}

func TestChainsAreOrderedLeafFirst(t *testing.T) {
	t.Parallel()
	f := newFamily(t)
	selfSigned := certs.New(t, certs.CommonName("both ways"), certs.CA())
	crossed := certs.New(t, certs.CommonName("both ways"), certs.WithKey(selfSigned.Key), certs.IssuedBy(f.older))
	weak := certs.New(t, certs.CommonName("Weak"), certs.CA(), certs.IssuedBy(rsaRoot(t)), certs.Signature(x509.SHA1WithRSA))
	long := bigChain(t, 20)

	for sentence, c := range map[string]struct {
		key  *certs.Identity
		want []*x509.Certificate
		file []*x509.Certificate // when it isn't a permutation of want
	}{
		"a lone leaf":                      {key: f.leaf, want: chainOf(f.leaf)},
		"an intermediate":                  {key: f.leaf, want: chainOf(f.leaf, f.intermediate)},
		"a surplus root stays at the end":  {key: f.leaf, want: chainOf(f.leaf, f.intermediate, f.root)},
		"a cross-signed root":              {key: f.leaf, want: chainOf(f.leaf, f.intermediate, f.cross, f.older)},
		"a root in both forms":             {key: f.leaf, want: chainOf(f.leaf, f.intermediate, f.root, f.cross)},
		"both forms and the older root":    {key: f.leaf, want: chainOf(f.leaf, f.intermediate, f.root, f.cross, f.older)},
		"a self-signed leaf and its cross": {key: selfSigned, want: chainOf(selfSigned, crossed, f.older)},
		"a signature with SHA-1":           {key: weak, want: append(chainOf(weak), rsaRoot(t).Certificate)},
		"twenty certificates":              {key: long, want: long.FullChain()},
		"a second copy of an issuer is left": {key: f.leaf, want: chainOf(f.leaf, f.intermediate, f.root),
			file: chainOf(f.root, f.intermediate, f.leaf, f.intermediate, f.root)},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			backwards := slices.Clone(c.want)
			slices.Reverse(backwards)
			for _, file := range [][]*x509.Certificate{c.want, backwards, c.file} {
				if file == nil {
					continue
				}
				pair := mustParse(t, certs.PEM(file), keyPEM(t, c.key, certs.PKCS8))
				if pair.ChainPEM() != string(certs.PEM(c.want)) {
					t.Errorf("the order is another one:\n%s", pair.ChainPEM())
				}
			}
		})
	}
}

func rsaRoot(tb testing.TB) *certs.Identity {
	tb.Helper()
	return certs.New(tb, certs.CommonName("RSA Root"), certs.CA(), certs.Kind(certs.RSA2048), certs.Serial(1))
}

func TestChainsThatAreRefused(t *testing.T) {
	t.Parallel()
	f := newFamily(t)
	stranger := certs.New(t, certs.CommonName("stranger"), certs.Serial(0xabc))
	// An impostor has the intermediate's name, but another key.
	impostor := certs.New(t, certs.CommonName("Intermediate"), certs.CA(), certs.IssuedBy(f.root), certs.Serial(0xbad))
	renewed := certs.New(t, certs.WithKey(f.leaf.Key), certs.IssuedBy(f.intermediate), certs.Serial(0xfed))
	alternative := certs.New(t, certs.CommonName("Intermediate"), certs.CA(), certs.WithKey(f.intermediate.Key), certs.IssuedBy(f.older))

	for sentence, c := range map[string]struct {
		key   *certs.Identity
		chain []*x509.Certificate
		kind  tlspair.Kind
		words []string
	}{
		"an unrelated certificate":          {f.leaf, chainOf(f.leaf, f.intermediate, stranger), tlspair.CertificateInvalid, []string{`"CN=stranger"`, "abc", "not one chain"}},
		"a gap in the chain":                {f.leaf, chainOf(f.leaf, f.root), tlspair.CertificateInvalid, []string{`"CN=Root"`, `ends with an issuer "CN=Intermediate"`}},
		"an issuer in name only":            {f.leaf, chainOf(f.leaf, impostor, f.root), tlspair.CertificateInvalid, []string{"no place"}},
		"a certificate issued by the chain": {f.leaf, chainOf(f.leaf, f.intermediate, f.root, impostor), tlspair.CertificateInvalid, []string{`"CN=Intermediate" (serial number bad)`}},
		"the leaf twice":                    {f.leaf, chainOf(f.leaf, f.leaf, f.intermediate), tlspair.CertificateInvalid, []string{"more than once", `"CN=example.com"`}},
		"a self-signed leaf twice":          {stranger, chainOf(stranger, stranger), tlspair.CertificateInvalid, []string{"more than once"}},
		"a renewed leaf beside the old":     {f.leaf, chainOf(f.leaf, renewed, f.intermediate), tlspair.CertificateInvalid, []string{"fed", "no place"}},
		"two intermediates of one key":      {f.leaf, chainOf(f.leaf, f.intermediate, alternative), tlspair.CertificateInvalid, []string{`"CN=Intermediate"`, "more than one chain"}},
		"two whole branches":                {f.leaf, chainOf(f.leaf, f.intermediate, f.root, alternative, f.older), tlspair.CertificateInvalid, []string{"more than one chain"}},
		"another leaf's key":                {stranger, chainOf(f.leaf, f.intermediate), tlspair.KeyMismatch, []string{`"CN=example.com"`, "tls.key"}},
		"the key of the issuer alone":       {f.intermediate, chainOf(f.leaf, f.intermediate), tlspair.CertificateInvalid, []string{`"CN=example.com"`, "not one chain"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			backwards := slices.Clone(c.chain)
			slices.Reverse(backwards)
			refuse(t, certs.PEM(c.chain), keyPEM(t, c.key, certs.PKCS8), c.kind, c.words...)
			refuse(t, certs.PEM(backwards), keyPEM(t, c.key, certs.PKCS8), c.kind)
		})
	}
}

// Nineteen authorities of one name and key issue each other: each of 19! orders is tried by a naive search before
// it finds that the last certificate has no place.
func TestCrossSignedCertificatesTakeNoSearching(t *testing.T) {
	t.Parallel()
	root := certs.New(t, certs.CommonName("Root"), certs.CA())
	leaf := certs.New(t, certs.IssuedBy(root))
	chain := chainOf(leaf)
	for range 17 {
		chain = append(chain, certs.New(t, certs.CommonName("Root"), certs.CA(), certs.WithKey(root.Key), certs.IssuedBy(root)).Certificate)
	}
	pair := mustParse(t, certs.PEM(chain), keyPEM(t, leaf, certs.PKCS8))
	slices.Reverse(chain)
	if again := mustParse(t, certs.PEM(chain), keyPEM(t, leaf, certs.PKCS8)); again.ChainPEM() != pair.ChainPEM() {
		t.Error("the order depends on the file's")
	}
	stranger := certs.New(t, certs.CommonName("stranger"))
	refuse(t, certs.PEM(append(chain, stranger.Certificate)), keyPEM(t, leaf, certs.PKCS8), tlspair.CertificateInvalid, "stranger")
}
