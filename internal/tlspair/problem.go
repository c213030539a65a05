package tlspair

import (
	"crypto/x509"
	"fmt"
	"strconv"
)

// Kind says which part of a Secret is at fault. The words are reasons of a ServerCertificate's conditions.
type Kind string

// The kinds of a Problem, a closed list.
const (
	// CertificateInvalid: tls.crt isn't PEM, holds something that is no certificate, or isn't one chain.
	CertificateInvalid Kind = "CertificateInvalid"
	// KeyInvalid: tls.key isn't PEM, is encrypted, or holds no or more than one readable private key.
	KeyInvalid Kind = "KeyInvalid"
	// KeyMismatch: the key belongs to none of the certificates.
	KeyMismatch Kind = "KeyMismatch"
	// KeyUnsupported: CLB never takes a key of this algorithm, curve or size.
	KeyUnsupported Kind = "KeyUnsupported"
)

// Problem says what is wrong with a pair of files and what mends it. It is a value, not an error: a Secret that can't
// be used is an outcome like any other.
type Problem struct {
	// Kind is the part at fault.
	Kind Kind
	// Message is one sentence or two about tls.crt and tls.key; the Secret's name is for the caller to add. Of the
	// files it holds nothing but names and serial numbers of certificates, escaped and cut.
	Message string
}

func problemf(kind Kind, format string, args ...any) *Problem {
	return &Problem{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

const (
	// maxNameRunes is what a message shows of a certificate's name.
	maxNameRunes = 100
	// maxSubjectBytes is the DER of a subject up to which it is written out whole; writing out takes time that grows
	// with the square of its length.
	maxSubjectBytes = 1 << 10
	// maxSerialDigits is twice the 20 bytes of RFC 5280, section 4.1.2.2.
	maxSerialDigits = 40
)

// describe names a certificate by its subject, or by a DNS name where the subject is empty, and its serial number.
func describe(certificate *x509.Certificate) string {
	name := certificate.Subject.CommonName
	switch {
	case len(certificate.RawSubject) <= maxSubjectBytes && len(certificate.Subject.Names) > 0:
		name = certificate.Subject.String()
	case name == "" && len(certificate.DNSNames) > 0:
		name = certificate.DNSNames[0]
	}
	serial := certificate.SerialNumber.Text(16)
	if len(serial) > maxSerialDigits {
		serial = serial[:maxSerialDigits] + "…"
	}
	return fmt.Sprintf("%s (serial number %s)", quote(name), serial)
}

// describeIssuer names the issuer that a certificate asks for.
func describeIssuer(certificate *x509.Certificate) string {
	if len(certificate.RawIssuer) <= maxSubjectBytes {
		return quote(certificate.Issuer.String())
	}
	return quote(certificate.Issuer.CommonName)
}

// quote makes foreign text safe for a status, an Event and a terminal: quoted, unprintable characters escaped, cut.
func quote(text string) string {
	runes := 0
	for offset := range text {
		if runes++; runes > maxNameRunes {
			return strconv.Quote(text[:offset]) + "…"
		}
	}
	return strconv.Quote(text)
}
