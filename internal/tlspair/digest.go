package tlspair

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"strings"
)

// Digest is the SHA-256, in lower-case hex, of the chain's DER, leaf first: what tells one upload from another. The
// fingerprint can't, for it doesn't see the intermediates.
func Digest(chain []*x509.Certificate) string {
	hash := sha256.New()
	for _, certificate := range chain {
		hash.Write(certificate.Raw)
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// Fingerprint is the SHA-1 of a certificate's DER, lower-case hex bytes separated by colons, as the CLB API gives it.
// It is a name here, not a proof: SHA-1 is the API's choice.
func Fingerprint(certificate *x509.Certificate) string {
	sum := sha1.Sum(certificate.Raw)
	var text strings.Builder
	for i := range sum {
		if i > 0 {
			text.WriteByte(':')
		}
		text.WriteString(hex.EncodeToString(sum[i : i+1]))
	}
	return text.String()
}
