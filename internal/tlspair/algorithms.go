package tlspair

import "encoding/asn1"

// Object identifiers of key algorithms: RSA (RFC 8017), id-ecPublicKey (RFC 5480).
const (
	oidRSA = "1.2.840.113549.1.1.1"
	oidEC  = "1.2.840.10045.2.1"
)

// algorithmNames are the key algorithms of PKCS#8 that CLB doesn't take (RFC 8410, RFC 4055, RFC 3279, RFC 2631).
var algorithmNames = map[string]string{
	"1.3.101.110":           "an X25519 key",
	"1.3.101.111":           "an X448 key",
	"1.3.101.112":           "an Ed25519 key",
	"1.3.101.113":           "an Ed448 key",
	"1.2.840.10040.4.1":     "a DSA key",
	"1.2.840.10046.2.1":     "a Diffie-Hellman key",
	"1.2.840.113549.1.1.10": "an RSA key bound to PSS",
}

func nameAlgorithm(oid string) string {
	if name, ok := algorithmNames[oid]; ok {
		return name
	}
	return "a key of an unknown algorithm"
}

// supportedCurves are the named curves that CLB's API may take (RFC 5480, section 2.1.1.1); the service decides by
// region and account.
var supportedCurves = map[string]bool{
	"1.2.840.10045.3.1.7": true, // P-256
	"1.3.132.0.34":        true, // P-384
	"1.3.132.0.35":        true, // P-521
}

// curveNames are the others that occur (SEC 2; GB/T 32918 for SM2).
var curveNames = map[string]string{
	"1.2.840.10045.3.1.1": "P-192",
	"1.3.132.0.33":        "P-224",
	"1.3.132.0.10":        "secp256k1",
	"1.2.156.10197.1.301": "SM2",
}

// checkCurve judges the curve of an EC key by the DER of its parameters, before the key itself is read.
func checkCurve(parameters []byte) *Problem {
	if len(parameters) == 0 {
		return problemf(KeyInvalid, "the EC key in tls.key names no curve: %s", adviceKey)
	}
	var oid asn1.ObjectIdentifier
	if _, err := asn1.Unmarshal(parameters, &oid); err != nil {
		return unsupported("an EC key whose curve isn't named but written out")
	}
	switch name, known := curveNames[oid.String()]; {
	case supportedCurves[oid.String()]:
		return nil
	case known:
		return unsupported("an EC key on the curve " + name)
	}
	return unsupported("an EC key on an unknown curve")
}
