package plugin

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/tlspair"
)

// finding is one thing that is said of a pair, and what mends it. The reason is one of the
// contract's, a warning's of the plugin's own.
type finding struct {
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

// verdict is all that is said of one pair. Its JSON is what -o json prints.
type verdict struct {
	origin
	// Accepted says that the manager would upload it, and that CLB takes it, as far as one can tell.
	Accepted    bool         `json:"accepted"`
	Findings    []finding    `json:"findings,omitempty"`
	Warnings    []finding    `json:"warnings,omitempty"`
	Certificate *certificate `json:"certificate,omitempty"`
}

// certificate is what is public about a pair that could be read.
type certificate struct {
	CommonName   string      `json:"commonName,omitempty"`
	DNSNames     []string    `json:"dnsNames,omitempty"`
	NotBefore    metav1.Time `json:"notBefore"`
	NotAfter     metav1.Time `json:"notAfter"`
	KeyAlgorithm string      `json:"keyAlgorithm"`
	Fingerprint  string      `json:"fingerprint"`
	Digest       string      `json:"digest"`
	// Certificates is how many the chain has.
	Certificates int `json:"certificates"`
}

// judge tells all that is wrong with a pair.
func (c *candidate) judge(now time.Time) verdict {
	v := verdict{origin: c.origin}
	if c.secretType != corev1.SecretTypeTLS {
		v.Findings = append(v.Findings, finding{string(v1alpha1.ReasonSecretTypeInvalid),
			fmt.Sprintf("it is of type %s: create it anew as %s", c.secretType, corev1.SecretTypeTLS)})
	}
	if c.meant() {
		v.judgePair(c.data[corev1.TLSCertKey], c.data[corev1.TLSPrivateKeyKey], now)
	}
	v.Accepted = len(v.Findings) == 0
	return v
}

func (v *verdict) judgePair(crt, key []byte, now time.Time) {
	for _, p := range tlspair.Check(crt, key) {
		v.Findings = append(v.Findings, finding{string(p.Kind), p.Message})
	}
	pair, problem := tlspair.Parse(crt, key)
	if problem != nil {
		return
	}
	defer pair.Wipe()
	chain := chainIn(pair.ChainPEM())
	f := pair.Facts
	v.Certificate = &certificate{
		CommonName: f.CommonName, DNSNames: f.DNSNames,
		NotBefore: metav1.NewTime(f.NotBefore), NotAfter: metav1.NewTime(f.NotAfter),
		KeyAlgorithm: f.KeyAlgorithm, Fingerprint: f.Fingerprint, Digest: f.Digest, Certificates: len(chain),
	}
	findings, warnings := judgeUse(now, f, chain)
	v.Findings, v.Warnings = append(v.Findings, findings...), append(v.Warnings, warnings...)
}

// chainIn reads the chain of a pair, which could be read before.
func chainIn(text string) []*x509.Certificate {
	var chain []*x509.Certificate
	for decoded, rest := pem.Decode([]byte(text)); decoded != nil; decoded, rest = pem.Decode(rest) {
		if c, err := x509.ParseCertificate(decoded.Bytes); err == nil {
			chain = append(chain, c)
		}
	}
	return chain
}

// judgeUse tells what time holds against a pair that could be read, and of what its clients, or
// CLB in some regions, won't take.
func judgeUse(now time.Time, f tlspair.Facts, chain []*x509.Certificate) (findings, warnings []finding) {
	if f.Temporary { // nobody minds how a stand-in is
		return []finding{{string(v1alpha1.ReasonTemporaryCertificate),
			"it holds cert-manager's temporary certificate: wait for the issued one; kubectl describe certificate tells what it waits for"}}, nil
	}
	day := f.NotAfter.UTC().Format(time.DateOnly)
	switch {
	case !now.Before(f.NotAfter):
		findings = append(findings, finding{string(v1alpha1.ReasonCertificateExpired),
			fmt.Sprintf("the certificate expired at %s: renew it", f.NotAfter.UTC().Format(time.RFC3339))})
	case now.Before(f.NotBefore):
		findings = append(findings, finding{string(v1alpha1.ReasonCertificateNotYetValid),
			fmt.Sprintf("the certificate isn't valid before %s: wait until then, or have it issued for now", f.NotBefore.UTC().Format(time.RFC3339))})
	case f.NotAfter.Sub(now) < soon:
		warnings = append(warnings, finding{"ExpiresSoon", fmt.Sprintf("the certificate expires within 14 days, on %s: renew it", day)})
	}
	if f.MissingIntermediate {
		warnings = append(warnings, finding{"MissingIntermediate",
			"tls.crt lacks the leaf's issuer: clients that don't have it can't verify the certificate; append the intermediate"})
	}
	warnings = append(warnings, judgeChain(now, chain)...)
	if strings.HasPrefix(f.KeyAlgorithm, "ECDSA") {
		warnings = append(warnings, finding{"ECDSAKey",
			"not every region takes ECDSA keys: where the upload is refused, have it issued for an RSA key of 2048 or 4096 bits"})
	}
	if len(f.DNSNames) == 0 && len(chain) > 0 && len(chain[0].IPAddresses) == 0 {
		warnings = append(warnings, finding{"NoDNSNames",
			"the certificate has no DNS names, and clients ignore the common name: have it issued with its names as subjectAltName"})
	}
	return findings, warnings
}

// soon is the time before a certificate's end from which on there is a warning.
const soon = 14 * 24 * time.Hour

// weak are the signatures that today's clients refuse.
var weak = []x509.SignatureAlgorithm{
	x509.MD2WithRSA, x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1,
}

// judgeChain tells which certificates of a chain clients refuse. A root's signature is looked at
// by nobody: clients trust it for itself.
func judgeChain(now time.Time, chain []*x509.Certificate) []finding {
	var warnings []finding
	for i, c := range chain {
		name, root := "the certificate", false
		if i > 0 {
			name, root = fmt.Sprintf("certificate %d of the chain", i+1), bytes.Equal(c.RawIssuer, c.RawSubject)
		}
		if slices.Contains(weak, c.SignatureAlgorithm) && !root {
			warnings = append(warnings, finding{"WeakSignature",
				fmt.Sprintf("%s is signed with %s, which clients refuse: have it issued with SHA-256", name, c.SignatureAlgorithm)})
		}
		if i > 0 && !now.Before(c.NotAfter) {
			warnings = append(warnings, finding{"IssuerExpired",
				fmt.Sprintf("%s expired at %s: put the authority's present certificate in its place", name, c.NotAfter.UTC().Format(time.RFC3339))})
		}
	}
	return warnings
}
