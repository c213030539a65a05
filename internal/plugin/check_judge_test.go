package plugin

import (
	"crypto/x509"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/clbcert/clbcert/test/certs"
)

func secretOf(t *testing.T, i *certs.Identity, chain []*x509.Certificate) *candidate {
	t.Helper()
	key, err := i.KeyPEM(certs.PKCS8)
	if err != nil {
		t.Fatal(err)
	}
	return candidateOf(certs.Secret("web", "shop", certs.PEM(chain), key), "")
}

// ownSubject is a certificate's subject alone: no DNS names.
var ownSubject = []certs.Option{certs.Names(), certs.CommonName("a.com")}

func TestWhatIsSaidOfAPair(t *testing.T) {
	t.Parallel()
	now := time.Now()
	day := 24 * time.Hour
	lives := func(from, to time.Duration) certs.Option { return certs.Valid(now.Add(from), now.Add(to)) }
	rsaKey := certs.Kind(certs.RSA2048)
	root := certs.New(t, certs.CommonName("Root"), certs.CA(), rsaKey)
	weakRoot := certs.New(t, certs.CommonName("Old Root"), certs.CA(), rsaKey, certs.Signature(x509.SHA1WithRSA))
	weakIssuer := certs.New(t, certs.CommonName("Issuer"), certs.CA(), rsaKey, certs.IssuedBy(root), certs.Signature(x509.SHA1WithRSA))
	expiredIssuer := certs.New(t, certs.CommonName("Issuer"), certs.CA(), rsaKey, certs.IssuedBy(root), lives(-9*day, -day))
	standIn := certs.New(t, certs.CommonName("cert-manager.local"), certs.CA(), rsaKey)
	leaf := func(options ...certs.Option) *certs.Identity {
		return certs.New(t, append([]certs.Option{certs.IssuedBy(root), rsaKey}, options...)...)
	}

	for sentence, c := range map[string]struct {
		leaf *certs.Identity
		// lone leaves out the issuers, full adds the root.
		lone, full         bool
		findings, warnings []string
	}{
		"nothing of one that is in order":               {leaf: leaf(), full: true},
		"an end in a fortnight and a bit is far":        {leaf: leaf(lives(-day, 14*day+time.Hour)), full: true},
		"an end within a fortnight is near":             {leaf: leaf(lives(-day, 14*day-time.Hour)), full: true, warnings: []string{"ExpiresSoon"}},
		"at its end it has expired":                     {leaf: leaf(lives(-day, -time.Second)), full: true, findings: []string{"CertificateExpired"}},
		"before its begin it isn't valid yet":           {leaf: leaf(lives(time.Hour, 90*day)), full: true, findings: []string{"CertificateNotYetValid"}},
		"a lone leaf misses its issuer":                 {leaf: leaf(), lone: true, warnings: []string{"MissingIntermediate"}},
		"an ECDSA key isn't taken everywhere":           {leaf: leaf(certs.Kind(certs.P256)), full: true, warnings: []string{"ECDSAKey"}},
		"a name in the subject alone is no name":        {leaf: leaf(ownSubject...), full: true, warnings: []string{"NoDNSNames"}},
		"an address is a name":                          {leaf: leaf(append(ownSubject, certs.Addresses(net.IPv4(10, 0, 0, 1)))...), full: true},
		"a leaf signed with SHA-1":                      {leaf: leaf(certs.Signature(x509.SHA1WithRSA)), full: true, warnings: []string{"WeakSignature"}},
		"an issuer signed with SHA-1":                   {leaf: leaf(certs.IssuedBy(weakIssuer)), warnings: []string{"WeakSignature"}},
		"nobody looks at a root's signature":            {leaf: leaf(certs.IssuedBy(weakRoot)), full: true},
		"but at that of a leaf that signed itself":      {leaf: certs.New(t, rsaKey, certs.Signature(x509.SHA1WithRSA)), warnings: []string{"WeakSignature"}},
		"an issuer that has expired":                    {leaf: leaf(certs.IssuedBy(expiredIssuer)), warnings: []string{"IssuerExpired"}},
		"all that is wrong is told":                     {leaf: leaf(append(ownSubject, lives(-9*day, -day), certs.Kind(certs.P256))...), lone: true, findings: []string{"CertificateExpired"}, warnings: []string{"MissingIntermediate", "ECDSAKey", "NoDNSNames"}},
		"of a stand-in nothing but that it is one":      {leaf: leaf(certs.IssuedBy(standIn), certs.Kind(certs.P256), lives(-9*day, -day)), lone: true, findings: []string{"TemporaryCertificate"}},
		"what will be valid only for days is told, too": {leaf: leaf(lives(-time.Hour, 3*day)), full: true, warnings: []string{"ExpiresSoon"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			chain := c.leaf.Chain()
			if c.full {
				chain = c.leaf.FullChain()
			}
			if c.lone {
				chain = chain[:1]
			}
			v := secretOf(t, c.leaf, chain).judge(now)
			if got := reasons(v.Findings); !slices.Equal(got, c.findings) {
				t.Errorf("findings %q, want %q", got, c.findings)
			}
			if got := reasons(v.Warnings); !slices.Equal(got, c.warnings) {
				t.Errorf("warnings %q, want %q", got, c.warnings)
			}
			if v.Accepted != (len(c.findings) == 0) || v.Certificate == nil || v.Certificate.Certificates != len(chain) {
				t.Errorf("accepted %t, certificate %+v", v.Accepted, v.Certificate)
			}
		})
	}
}

func reasons(findings []finding) []string {
	var all []string
	for _, f := range findings {
		all = append(all, f.Reason)
	}
	return all
}

func TestWhatIsSaidOfASecret(t *testing.T) {
	t.Parallel()
	leaf, other := certs.NewLeaf(t), certs.NewLeaf(t)
	for sentence, c := range map[string]struct {
		change func(*candidate)
		want   []string
	}{
		"one of type kubernetes.io/tls is in order": {func(*candidate) {}, nil},
		"a wrong type and a wrong key are both told": {func(c *candidate) {
			c.secretType = corev1.SecretTypeOpaque
			c.data[corev1.TLSPrivateKeyKey] = secretOf(t, other, other.Chain()).data[corev1.TLSPrivateKeyKey]
		}, []string{"SecretTypeInvalid", "KeyMismatch"}},
		"of one that never held a pair the type is told": {func(c *candidate) {
			c.secretType, c.data = corev1.SecretTypeOpaque, map[string][]byte{"password": []byte("x")}
		}, []string{"SecretTypeInvalid"}},
		"an empty one lacks both": {func(c *candidate) { c.data = nil }, []string{"CertificateInvalid", "KeyInvalid"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			secret := secretOf(t, leaf, leaf.Chain())
			c.change(secret)
			if got := reasons(secret.judge(time.Now()).Findings); !slices.Equal(got, c.want) {
				t.Errorf("findings %q, want %q", got, c.want)
			}
		})
	}
}

func TestNamesOfOthersAreShownAsTheyAre(t *testing.T) {
	t.Parallel()
	v := verdict{
		origin:   origin{Kind: secretKind, Name: "a\x1b[31m\nb", Files: []string{"c\x1bd.yaml"}},
		Findings: []finding{{"KeyInvalid", "e\x1bf\ng"}}, Certificate: &certificate{CommonName: "h\x1bi", KeyAlgorithm: "RSA-2048"},
	}
	text := strings.Join(v.lines(terminal{}, true, time.Now()), "\n")
	if strings.Contains(text, "\x1b") || strings.Contains(text, "\nb") || strings.Contains(text, "\ng") {
		t.Errorf("a terminal would act on %q", text)
	}
}
