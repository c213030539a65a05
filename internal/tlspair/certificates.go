package tlspair

import (
	"crypto/rsa"
	"crypto/x509"
	"slices"
)

// checkLabels finds blocks in the wrong file. Nothing of a private key in tls.crt, not even that it can be read, may
// get further: tls.crt is what everybody handles as public.
func checkLabels(certificateBlocks, keyBlocks []block) *Problem {
	hasCertificate := slices.ContainsFunc(certificateBlocks, block.isCertificate)
	for i, b := range certificateBlocks {
		switch {
		case b.isCertificate():
		case b.isPrivateKey() && !hasCertificate && slices.ContainsFunc(keyBlocks, block.isCertificate):
			return problemf(CertificateInvalid, "tls.crt holds a private key and tls.key a certificate: the two look swapped")
		case b.isPrivateKey():
			return problemf(CertificateInvalid, "tls.crt holds a private key: it may hold certificates only; "+
				"put the key into tls.key, and renew it if others could read tls.crt")
		default:
			return problemf(CertificateInvalid, "block %d of tls.crt is %s: it may hold certificates only", i+1, b.kind())
		}
	}
	return nil
}

func parseCertificates(blocks []block) ([]*x509.Certificate, *Problem) {
	certificates := make([]*x509.Certificate, 0, len(blocks))
	for i, b := range blocks {
		certificate, err := x509.ParseCertificate(b.der)
		if err != nil {
			// The cause may quote a name in the certificate, so it is escaped and cut like one.
			return nil, problemf(CertificateInvalid, "certificate %d of tls.crt can't be read (%s): issue it again", i+1, quote(err.Error()))
		}
		if key, ok := certificate.PublicKey.(*rsa.PublicKey); ok && key.N.BitLen() > maxRSABits {
			return nil, problemf(CertificateInvalid, "certificate %d of tls.crt, %s, has an RSA key of %d bits: at most %d are read",
				i+1, describe(certificate), key.N.BitLen(), maxRSABits)
		}
		certificates = append(certificates, certificate)
	}
	return certificates, nil
}
