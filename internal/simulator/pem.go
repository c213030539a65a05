package simulator

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"slices"
	"strings"
	"time"
)

// readChain reads a certificate chain by the product's page "Certificate requirements": leaf first, each next one the
// issuer of the former, nothing between the blocks.
func readChain(text string, now time.Time) ([]*x509.Certificate, error) {
	blocks, err := readBlocks(text)
	if err != nil {
		return nil, err
	}
	var chain []*x509.Certificate
	for _, block := range blocks {
		if block.Type != "CERTIFICATE" {
			return nil, refuse("CertificateFormatInvalid", "The certificate holds a block that is none.")
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, refuse("CertificateFormatInvalid", "Certificate %d of the chain can't be read.", len(chain)+1)
		}
		chain = append(chain, certificate)
	}
	if err := checkOrder(chain); err != nil {
		return nil, err
	}
	if now.After(chain[0].NotAfter) {
		return nil, refuse("IllegalParam.ServerCertificate", "The certificate is expired.")
	}
	return chain, nil
}

// readBlocks takes the one spelling that the product documents: lines of 64 characters, no blank line, no text and no
// headers, LF at line ends. The last LF may be missing.
func readBlocks(text string) ([]*pem.Block, error) {
	var blocks []*pem.Block
	var canonical bytes.Buffer
	for rest := []byte(text); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		blocks = append(blocks, block)
		canonical.Write(pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: block.Bytes}))
	}
	if len(blocks) == 0 || strings.TrimSuffix(text, "\n")+"\n" != canonical.String() {
		return nil, refuse("CertificateFormatInvalid", "The certificate is not in the correct format.")
	}
	return blocks, nil
}

func checkOrder(chain []*x509.Certificate) error {
	for i, child := range chain[:len(chain)-1] {
		issuer := chain[i+1]
		if !bytes.Equal(child.RawIssuer, issuer.RawSubject) || child.Equal(issuer) || child.CheckSignatureFrom(issuer) != nil {
			return refuse("IllegalParam.ServerCertificate", "Certificate %d of the chain is not the issuer of the one before.", i+2)
		}
	}
	return nil
}

// checkAlgorithm refuses a leaf whose kind of key the service or the region doesn't take. Which code stands for curves
// and Ed25519 is own choice among the documented ones; RSA with 3072 bits is taken, as no source says it's refused.
func checkAlgorithm(leaf *x509.Certificate, noECC bool) error {
	switch key := leaf.PublicKey.(type) {
	case *rsa.PublicKey:
		if !slices.Contains([]int{1024, 2048, 3072, 4096}, key.N.BitLen()) {
			return refuse("OperationDenied.IllegalKeyLength", "The key length is illegal.")
		}
		return nil
	case *ecdsa.PublicKey:
		known := key.Curve == elliptic.P256() || key.Curve == elliptic.P384() || key.Curve == elliptic.P521()
		if noECC || !known {
			return refuse("EccCertificateNotSupport", "The ECC certificate is not supported.")
		}
		return nil
	}
	return refuse("IllegalParam.ServerCertificate", "The certificate is illegal: its key is neither RSA nor ECC.")
}

// publicKey is what keys of all kinds in the standard library can do.
type publicKey interface{ Equal(crypto.PublicKey) bool }

// checkKey refuses a key that isn't PKCS#1 or SEC1 in plain PEM, or isn't the leaf's. No error quotes anything of it.
func checkKey(text string, leaf *x509.Certificate) error {
	if strings.Contains(text, "ENCRYPTED") {
		return refuse("PrivateKeyEncryption", "The private key is encrypted.")
	}
	blocks, err := readBlocks(text)
	if err != nil || len(blocks) != 1 {
		return refuse("KeyFormatError", "The private key is not in the correct format.")
	}
	var public crypto.PublicKey
	switch blocks[0].Type {
	case "RSA PRIVATE KEY":
		if key, err := x509.ParsePKCS1PrivateKey(blocks[0].Bytes); err == nil {
			public = key.Public()
		}
	case "EC PRIVATE KEY":
		if key, err := x509.ParseECPrivateKey(blocks[0].Bytes); err == nil {
			public = key.Public()
		}
	}
	if public == nil {
		return refuse("KeyFormatError", "The private key is not in the correct format.")
	}
	if own, ok := leaf.PublicKey.(publicKey); !ok || !own.Equal(public) {
		return refuse("CertificateNotMatchPrivateKey", "The certificate and the private key do not match.")
	}
	return nil
}
