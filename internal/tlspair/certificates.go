package tlspair

import (
	"crypto/rsa"
	"crypto/x509"
	"slices"
)

// checkLabels finds blocks in the wrong file. Nothing of a private key in tls.crt, not even that it can be read, may
// get further: tls.crt is what everybody handles as public.
func checkLabels(certificateBlocks []block, swapped bool) []Problem {
	var problems []Problem
	for _, b := range certificateBlocks {
		problem := checkLabel(b, swapped)
		if problem != nil && !slices.Contains(problems, *problem) {
			problems = append(problems, *problem)
		}
	}
	return problems
}

func checkLabel(b block, swapped bool) *Problem {
	switch {
	case b.isCertificate():
		return nil
	case b.isPrivateKey() && swapped:
		return problemf(CertificateInvalid, "tls.crt holds a private key and tls.key a certificate: the two look swapped")
	case b.isPrivateKey():
		return problemf(CertificateInvalid, "tls.crt holds a private key: it may hold certificates only; "+
			"put the key into tls.key, and renew it if others could read tls.crt")
	}
	return problemf(CertificateInvalid, "block %d of tls.crt is %s: it may hold certificates only", b.number, b.kind())
}

// lookSwapped tells whether each file holds what belongs into the other.
func lookSwapped(certificateBlocks, keyBlocks []block) bool {
	return !slices.ContainsFunc(certificateBlocks, block.isCertificate) &&
		slices.ContainsFunc(certificateBlocks, block.isPrivateKey) && slices.ContainsFunc(keyBlocks, block.isCertificate)
}

// parseCertificates reads the certificates among the blocks of tls.crt, and says what is wrong with each of the others.
func parseCertificates(blocks []block) (certificates []*x509.Certificate, problems []Problem) {
	certificates = make([]*x509.Certificate, 0, len(blocks))
	for _, b := range blocks {
		if !b.isCertificate() {
			continue
		}
		certificate, problem := parseCertificate(b)
		if problem != nil {
			problems = append(problems, *problem)
			continue
		}
		certificates = append(certificates, certificate)
	}
	return certificates, problems
}

func parseCertificate(b block) (*x509.Certificate, *Problem) {
	certificate, err := x509.ParseCertificate(b.der)
	if err != nil {
		// The cause may quote a name in the certificate, so it is escaped and cut like one.
		return nil, problemf(CertificateInvalid, "certificate %d of tls.crt can't be read (%s): issue it again", b.number, quote(err.Error()))
	}
	if key, ok := certificate.PublicKey.(*rsa.PublicKey); ok && key.N.BitLen() > maxRSABits {
		return nil, problemf(CertificateInvalid, "certificate %d of tls.crt, %s, has an RSA key of %d bits: at most %d are read",
			b.number, describe(certificate), key.N.BitLen(), maxRSABits)
	}
	return certificate, nil
}
