package tlspair

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
)

// parsedKey is a private key in the encoding that CLB takes.
type parsedKey struct {
	public    publicKey
	algorithm string // as in Facts.KeyAlgorithm
	label     string // of the PEM block
	der       []byte // to be cleared after use
}

const adviceKey = "issue the certificate for an RSA key (2048 or 4096 bits), or ECDSA (P-256, P-384, P-521) where the region takes it"

// selectKey finds the one private key among the blocks of tls.key, and says what else is wrong there. Parameters,
// which OpenSSL writes before an EC or DSA key, say nothing that the key doesn't.
func selectKey(blocks []block) (*parsedKey, []Problem) {
	var keys []block
	var other *block
	for i, b := range blocks {
		switch {
		case b.isPrivateKey():
			keys = append(keys, b)
		case b.label != labelECParameters && b.label != labelDSAParameters:
			other = &blocks[i]
		}
	}
	switch {
	case len(keys) == 0 && other != nil:
		return nil, []Problem{*problemf(KeyInvalid, "tls.key holds %s and no private key: put the certificate's private key there", other.kind())}
	case len(keys) == 0:
		return nil, []Problem{*problemf(KeyInvalid, "tls.key holds no private key: put the certificate's private key there")}
	}
	var problems []Problem
	if len(keys) > 1 {
		problems = append(problems, *problemf(KeyInvalid, "tls.key holds %d private keys: leave in only the certificate's", len(keys)))
	}
	if other != nil {
		problems = append(problems, *problemf(KeyInvalid, "tls.key holds %s beside the private key: leave in the key alone", other.kind()))
	}
	if len(keys) > 1 { // which of them is meant can't be told
		return nil, problems
	}
	key, problem := parseKey(keys[0])
	if problem != nil {
		problems = append(problems, *problem)
	}
	return key, problems
}

// parseKey reads a key block. Encryption and formats that can't be told from the DER show in the label; beyond that
// the DER decides, for tools write wrong labels.
func parseKey(b block) (*parsedKey, *Problem) {
	switch {
	case b.encrypted || b.label == labelEncryptedKey:
		return nil, problemf(KeyInvalid, "the private key in tls.key is encrypted: decrypt it (openssl pkey -in tls.key -out decrypted.key) "+
			"and put in the decrypted key")
	case b.label == labelDSAKey:
		return nil, unsupported("a DSA key")
	case b.label == labelSSHKey:
		return nil, problemf(KeyInvalid, "the private key in tls.key is in OpenSSH's format: convert it (ssh-keygen -p -m PEM -f FILE)")
	case len(b.der) > maxKeyBytes:
		return nil, unsupported(fmt.Sprintf("a key of more than %d bytes", maxKeyBytes))
	}
	key, problem := parseKeyDER(b.der)
	if problem != nil {
		return nil, problem
	}
	switch key := key.(type) {
	case *rsa.PrivateKey:
		return &parsedKey{
			public: &key.PublicKey, algorithm: fmt.Sprintf("RSA-%d", key.N.BitLen()),
			label: labelRSAKey, der: x509.MarshalPKCS1PrivateKey(key),
		}, nil
	case *ecdsa.PrivateKey:
		der, err := x509.MarshalECPrivateKey(key)
		if err != nil {
			return nil, unreadable()
		}
		return &parsedKey{
			public: &key.PublicKey, algorithm: "ECDSA-" + key.Curve.Params().Name,
			label: labelECKey, der: der,
		}, nil
	}
	return nil, unreadable()
}

func unsupported(what string) *Problem {
	return problemf(KeyUnsupported, "tls.key holds %s, which CLB doesn't take: %s", what, adviceKey)
}

// unreadable never carries the parser's cause: it could quote the key.
func unreadable() *Problem {
	return problemf(KeyInvalid, "the private key in tls.key can't be read: its content is damaged or no private key; put it in again from its source")
}
