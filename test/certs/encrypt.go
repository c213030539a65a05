package certs

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/elliptic"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"strings"
)

// curveOIDs are the DER of the curves' identifiers (RFC 5480, section 2.1.1.1).
var curveOIDs = map[elliptic.Curve][]byte{
	elliptic.P224(): {6, 5, 0x2b, 0x81, 4, 0, 33},
	elliptic.P256(): {6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7},
	elliptic.P384(): {6, 5, 0x2b, 0x81, 4, 0, 34},
	elliptic.P521(): {6, 5, 0x2b, 0x81, 4, 0, 35},
}

// Object identifiers of PKCS#5 (RFC 8018, appendix C) and of AES-256-CBC (NIST).
var (
	oidPBES2     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}
	oidPBKDF2    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}
	oidHMACSHA2  = asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 9}
	oidAES256CBC = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 42}
)

const iterations = 2048 // as openssl does by default

type (
	pbkdf2Parameters struct {
		Salt       []byte
		Iterations int
		PRF        pkix.AlgorithmIdentifier
	}
	pbkdf2Scheme struct {
		Algorithm  asn1.ObjectIdentifier
		Parameters pbkdf2Parameters
	}
	cipherScheme struct {
		Algorithm asn1.ObjectIdentifier
		IV        []byte
	}
	pbes2Parameters struct {
		Derivation pbkdf2Scheme
		Cipher     cipherScheme
	}
	pbes2Scheme struct {
		Algorithm  asn1.ObjectIdentifier
		Parameters pbes2Parameters
	}
	encryptedKey struct {
		Scheme pbes2Scheme
		Data   []byte
	}
)

// encryptPKCS8 wraps a PKCS#8 key with PBES2: PBKDF2 with HMAC-SHA-256, AES-256-CBC.
func encryptPKCS8(der []byte, passphrase string) ([]byte, error) {
	random := make([]byte, 8+aes.BlockSize)
	if _, err := rand.Read(random); err != nil {
		return nil, fmt.Errorf("choosing a salt: %w", err)
	}
	salt, iv := random[:8], random[8:]
	key, err := pbkdf2.Key(sha256.New, passphrase, salt, iterations, 32)
	if err != nil {
		return nil, fmt.Errorf("deriving a key: %w", err)
	}
	data, err := encryptCBC(key, iv, der)
	if err != nil {
		return nil, err
	}
	prf := pkix.AlgorithmIdentifier{Algorithm: oidHMACSHA2, Parameters: asn1.NullRawValue}
	return asn1.Marshal(encryptedKey{
		Scheme: pbes2Scheme{Algorithm: oidPBES2, Parameters: pbes2Parameters{
			Derivation: pbkdf2Scheme{Algorithm: oidPBKDF2, Parameters: pbkdf2Parameters{Salt: salt, Iterations: iterations, PRF: prf}},
			Cipher:     cipherScheme{Algorithm: oidAES256CBC, IV: iv},
		}},
		Data: data,
	})
}

// encryptClassic gives a block the look of OpenSSL's PEM_write_bio with a passphrase. Its key is made up and forgotten,
// for the real one is derived with MD5, and nobody needs to read the block.
func encryptClassic(der []byte) (headers map[string]string, data []byte, err error) {
	random := make([]byte, 2*aes.BlockSize)
	if _, err = rand.Read(random); err != nil {
		return nil, nil, fmt.Errorf("choosing a key and an IV: %w", err)
	}
	key, iv := random[:aes.BlockSize], random[aes.BlockSize:]
	data, err = encryptCBC(key, iv, der)
	return map[string]string{
		"Proc-Type": "4,ENCRYPTED",
		"DEK-Info":  "AES-128-CBC," + strings.ToUpper(hex.EncodeToString(iv)),
	}, data, err
}

func encryptCBC(key, iv, plain []byte) ([]byte, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("making a cipher: %w", err)
	}
	padding := aes.BlockSize - len(plain)%aes.BlockSize
	padded := append(bytes.Clone(plain), bytes.Repeat([]byte{byte(padding)}, padding)...)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(padded, padded)
	return padded, nil
}
