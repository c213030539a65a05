package tlspair

import "crypto/x509"

// reading is what came of both files: a chain and its key, or all that is wrong. The first problem is the one to mend
// first, and Parse's.
type reading struct {
	chain    []*x509.Certificate
	key      *parsedKey
	problems []Problem
}

// wipe overwrites the key.
func (r *reading) wipe() {
	if r.key != nil {
		clear(r.key.der)
	}
}

// read parses both files. What one problem hides is left alone: a chain is judged only where all of tls.crt and the
// key could be read, and a key only where all of its file could.
func read(certificate, privateKey []byte) reading {
	certificateBlocks, certificateFaults := splitBlocks(certificateFile, certificate, maxCertificates)
	keyBlocks, keyFaults := splitBlocks(keyFile, privateKey, maxKeyBlocks)
	defer wipeBlocks(certificateBlocks, keyBlocks)
	if len(keyFaults) > 0 {
		keyBlocks = nil
	}
	swapped := lookSwapped(certificateBlocks, keyBlocks)

	var r reading
	r.fault(CertificateInvalid, certificateFaults)
	r.problems = append(r.problems, checkLabels(certificateBlocks, swapped)...)
	r.fault(KeyInvalid, keyFaults)
	certificates, certificateProblems := parseCertificates(certificateBlocks)
	var keyProblems []Problem
	if len(keyFaults) == 0 && !swapped {
		r.key, keyProblems = selectKey(keyBlocks)
	}
	r.problems = append(r.problems, inOrder(certificateProblems, keyProblems)...)
	if len(certificateFaults)+len(certificateProblems) > 0 || len(certificates) == 0 || r.key == nil {
		return r
	}
	chain, chainProblems := orderChain(certificates, r.key.public)
	r.chain, r.problems = chain, append(r.problems, chainProblems...)
	return r
}

func (r *reading) fault(kind Kind, faults []string) {
	for _, fault := range faults {
		r.problems = append(r.problems, Problem{Kind: kind, Message: fault})
	}
}

// inOrder puts an unsupported key first: its certificate is often one that can't be read either (secp256k1), and the
// key is what has to change.
func inOrder(certificate, key []Problem) []Problem {
	if len(key) > 0 && key[0].Kind == KeyUnsupported {
		return append(key, certificate...)
	}
	return append(certificate, key...)
}
