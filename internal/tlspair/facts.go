package tlspair

import (
	"crypto/x509"
	"slices"
	"time"
)

// temporaryIssuer is the common name of the throw-away CA with which cert-manager signs the certificate that stands in
// until the issuer answers (github.com/cert-manager/cert-manager, pkg/util/pki/temporarycertificate.go). There the
// subject also has the serial number 1234567890; the issuer alone decides here, as no real one has this name.
const temporaryIssuer = "cert-manager.local"

// Facts are what is public about a Pair. Names are as long and as many as the certificate has them.
type Facts struct {
	// Digest is the SHA-256, lower-case hex, of the concatenated DER of the chain as uploaded, leaf first.
	Digest string
	// Fingerprint is the SHA-1 of the leaf's DER, lower-case hex bytes separated by colons.
	Fingerprint string
	// CommonName is the leaf's subject common name; may be empty.
	CommonName string
	// DNSNames are all DNS names of the leaf, in its order, without IP addresses; nil when there are none.
	DNSNames []string
	// NotBefore and NotAfter bound the leaf's validity, in UTC.
	NotBefore, NotAfter time.Time
	// Temporary: cert-manager's stand-in, not to be uploaded.
	Temporary bool
	// MissingIntermediate: the chain is a lone leaf that somebody else issued. Right for a private root that signs
	// leaves itself; otherwise clients will refuse it. Worth a warning only.
	MissingIntermediate bool
	// KeyAlgorithm is the key's algorithm and size or curve, such as RSA-2048 or ECDSA-P-256.
	KeyAlgorithm string
}

func factsOf(chain []*x509.Certificate, keyAlgorithm string) Facts {
	leaf := chain[0]
	return Facts{
		Digest:              Digest(chain),
		Fingerprint:         Fingerprint(leaf),
		CommonName:          leaf.Subject.CommonName,
		DNSNames:            slices.Clone(leaf.DNSNames),
		NotBefore:           leaf.NotBefore.UTC(),
		NotAfter:            leaf.NotAfter.UTC(),
		Temporary:           leaf.Issuer.CommonName == temporaryIssuer,
		MissingIntermediate: len(chain) == 1 && !selfIssued(leaf),
		KeyAlgorithm:        keyAlgorithm,
	}
}
