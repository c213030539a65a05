package tlspair

import (
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
)

const (
	// maxRSABits bounds an RSA modulus, whose arithmetic grows with the cube of its length. It is the bound of Go's
	// crypto/tls (CVE-2023-29409); CLB itself documents 1024 to 4096 bits and decides.
	maxRSABits = 8192
	// maxKeyBytes bounds a key's DER: RSA of maxRSABits takes less than 5 KiB.
	maxKeyBytes = 8 << 10
)

// The encodings of a private key, as far as needed to tell them apart and to tell what crypto/x509 doesn't: the
// algorithm of a key that it can't read.
type (
	pkcs8Key struct { // RFC 5208, section 5
		Version    int
		Algorithm  pkix.AlgorithmIdentifier
		PrivateKey []byte
	}
	pkcs1Key struct { // RFC 8017, appendix A.1.2
		Version                   int
		N                         *big.Int
		E                         asn1.RawValue
		D, P, Q, DP, DQ, QInverse *big.Int
		AdditionalPrimes          asn1.RawValue `asn1:"optional"`
	}
	sec1Key struct { // RFC 5915, section 3
		Version    int
		PrivateKey []byte
		Parameters asn1.RawValue  `asn1:"optional,explicit,tag:0"`
		PublicKey  asn1.BitString `asn1:"optional,explicit,tag:1"`
	}
)

// parseKeyDER reads PKCS#8, PKCS#1 or SEC 1.
func parseKeyDER(der []byte) (any, *Problem) {
	var wrapped pkcs8Key
	if _, err := asn1.Unmarshal(der, &wrapped); err == nil {
		defer clear(wrapped.PrivateKey)
		return parsePKCS8(der, wrapped)
	}
	var rsaKey pkcs1Key
	if _, err := asn1.Unmarshal(der, &rsaKey); err == nil {
		return parsePKCS1(der)
	}
	var ecKey sec1Key
	if _, err := asn1.Unmarshal(der, &ecKey); err != nil {
		return nil, unreadable()
	}
	defer clear(ecKey.PrivateKey)
	if problem := checkCurve(ecKey.Parameters.Bytes); problem != nil {
		return nil, problem
	}
	key, err := x509.ParseECPrivateKey(der)
	if err != nil {
		return nil, unreadable()
	}
	return key, nil
}

func parsePKCS8(der []byte, wrapped pkcs8Key) (any, *Problem) {
	algorithm := wrapped.Algorithm.Algorithm.String()
	switch algorithm {
	case oidRSA:
		return parsePKCS1(wrapped.PrivateKey)
	case oidEC:
		if problem := checkCurve(wrapped.Algorithm.Parameters.FullBytes); problem != nil {
			return nil, problem
		}
	default:
		return nil, unsupported(nameAlgorithm(algorithm))
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, unreadable()
	}
	return key, nil
}

// parsePKCS1 looks at the numbers' lengths before crypto/rsa calculates with them. Short keys pass: crypto/rsa doesn't
// sign or verify with less than 1024 bits, but it reads them, and the service decides.
func parsePKCS1(der []byte) (*rsa.PrivateKey, *Problem) {
	var numbers pkcs1Key
	if _, err := asn1.Unmarshal(der, &numbers); err != nil {
		return nil, unreadable()
	}
	bits := numbers.N.BitLen()
	switch {
	case bits > maxRSABits:
		return nil, unsupported(fmt.Sprintf("an RSA key of %d bits", bits))
	case numbers.Version != 0 || len(numbers.AdditionalPrimes.FullBytes) > 0:
		return nil, unsupported("an RSA key of more than two primes")
	case numbers.D.BitLen() > bits || numbers.P.BitLen() > maxRSABits/2+1 || numbers.Q.BitLen() > maxRSABits/2+1:
		return nil, unreadable()
	}
	key, err := x509.ParsePKCS1PrivateKey(der)
	if err != nil {
		return nil, unreadable()
	}
	return key, nil
}
