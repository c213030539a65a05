package clb

import (
	"fmt"
	"strings"
	"time"
)

// Certificate is a server certificate as the service lists it. Slices and maps
// in it are shared: read, never change.
type Certificate struct {
	// ID is opaque; never parse it.
	ID string
	// Name isn't unique.
	Name string
	// Fingerprint is that of the leaf, as the service writes it (SHA-1, lower-case
	// hex, bytes separated by colons). Compare with SameFingerprint.
	Fingerprint string
	// CommonName may be "".
	CommonName string
	// DNSNames are at most 10, whatever the certificate holds: no ground for a
	// decision.
	DNSNames        []string
	Region          string
	ResourceGroupID string
	// CreateTime and ExpireTime are in UTC with seconds; zero when not readable.
	CreateTime time.Time
	ExpireTime time.Time
	Tags       map[string]string
	// Unlisted says that this process uploaded it, and that the service's own list
	// didn't have it yet.
	Unlisted bool
}

// List is what one whole, unfiltered list of a region's certificates has of those asked for, in no order.
type List struct {
	// Began is when the request was about to leave: what the service did before
	// is in the list, as far as the service's own lists don't lag.
	Began        time.Time
	Certificates []Certificate
}

// Tag is one tag of a certificate. The value may be empty.
type Tag struct {
	Key   string
	Value string
}

// AliCloudCertificate names a certificate of Certificate Management Service.
// Name and Region are sent only when they aren't empty.
type AliCloudCertificate struct {
	ID     string
	Name   string
	Region string
}

// Upload is what one UploadServerCertificate sends: a chain with its key, or
// the name of a certificate of Certificate Management Service. It prints as
// its name alone.
type Upload struct {
	// Name: 1-80, a letter first, then letters, digits, `.`, `_`, `-`.
	Name            string
	ResourceGroupID string
	// Tags are sent in this order, at most 20; empty values survive.
	Tags []Tag
	// ChainPEM is leaf first, without blank lines or text between the blocks.
	ChainPEM string
	// PrivateKeyPEM is PKCS#1 or SEC1. The caller may wipe it after the call.
	PrivateKeyPEM []byte
	// AliCloud, when not nil, is sent instead of chain and key.
	AliCloud *AliCloudCertificate
	// Deadline: no byte of the request's body leaves after it; the call is then
	// NotSent. Zero: none.
	Deadline time.Time
	// Fingerprint is what the service must answer; "" with AliCloud.
	Fingerprint string
}

// Format prints the same text without chain and key for every verb.
func (u Upload) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "Upload(%s)", u.Name) }

// MarshalText keeps the key out of JSON, YAML and structured logs.
func (u Upload) MarshalText() ([]byte, error) { return []byte("Upload(" + u.Name + ")"), nil }

// SameFingerprint compares two fingerprints without regard to case and colons.
// An empty one is like no other.
func SameFingerprint(a, b string) bool {
	a, b = normalFingerprint(a), normalFingerprint(b)
	return a != "" && a == b
}

func normalFingerprint(text string) string {
	return strings.ToLower(strings.ReplaceAll(strings.TrimSpace(text), ":", ""))
}
