package served

import (
	"crypto/x509"
	"slices"
	"strings"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/tlspair"
)

// Verdict is what a chain is, held against a status.
type Verdict string

// The verdicts.
const (
	// Match is the wanted certificate, with the chain that was uploaded.
	Match Verdict = "Match"
	// ChainDiffers is the wanted certificate with other certificates behind it.
	ChainDiffers Verdict = "ChainDiffers"
	// Superseded is an earlier certificate of the object.
	Superseded Verdict = "Superseded"
	// Another is somebody else's, or one that was forgotten.
	Another Verdict = "Another"
	// Unknown is that of a place where nothing was shown.
	Unknown Verdict = "Unknown"
)

// Result is a verdict with its evidence.
type Result struct {
	Verdict Verdict
	// Earlier is the one that is served where it is Superseded.
	Earlier *v1alpha1.SupersededCertificate
	// Missing and Extra are certificates that were uploaded and aren't shown, and the reverse,
	// where ChainDiffers; none where that can't be told, or only their order is another.
	Missing, Extra []*x509.Certificate
}

// Compare holds a chain that was shown, leaf first, against a status that has a fingerprint.
// uploaded is the chain as it should be, where it is known; it only helps to tell what differs.
func Compare(shown []*x509.Certificate, status *v1alpha1.ServerCertificateStatus, uploaded []*x509.Certificate) Result {
	fingerprint := tlspair.Fingerprint(shown[0])
	if !sameFingerprint(fingerprint, status.Fingerprint) {
		for i, earlier := range status.Superseded {
			if sameFingerprint(fingerprint, earlier.Fingerprint) {
				return Result{Verdict: Superseded, Earlier: &status.Superseded[i]}
			}
		}
		return Result{Verdict: Another}
	}
	// The digest of a certificate of Certificate Management Service isn't one of its content.
	if status.AliCloudCertificate != nil || tlspair.Digest(shown) == status.Digest {
		return Result{Verdict: Match}
	}
	if tlspair.Digest(uploaded) != status.Digest {
		return Result{Verdict: ChainDiffers, Extra: surplus(shown, status.Digest)}
	}
	return Result{Verdict: ChainDiffers, Missing: without(uploaded, shown), Extra: without(shown, uploaded)}
}

// surplus are the certificates behind the chain of a digest.
func surplus(shown []*x509.Certificate, digest string) []*x509.Certificate {
	for end := 1; end < len(shown); end++ {
		if tlspair.Digest(shown[:end]) == digest {
			return shown[end:]
		}
	}
	return nil
}

// without are the certificates of one chain that aren't in another.
func without(chain, other []*x509.Certificate) []*x509.Certificate {
	return slices.DeleteFunc(slices.Clone(chain), func(c *x509.Certificate) bool { return slices.ContainsFunc(other, c.Equal) })
}

// sameFingerprint compares as the API writes them: an empty one is like no other.
func sameFingerprint(a, b string) bool { return a != "" && strings.EqualFold(a, b) }
