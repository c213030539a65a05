package tlspair

import (
	"bytes"
	"cmp"
	"crypto"
	"crypto/x509"
	"slices"
)

// publicKey is what every public key of the standard library is (crypto.PublicKey's documentation).
type publicKey interface {
	Equal(crypto.PublicKey) bool
}

// orderChain puts the certificates into one chain: first the certificate of the key, then each one's issuer. All of
// them have to find a place. The order they come in doesn't matter. There is no chain where there are problems.
func orderChain(certificates []*x509.Certificate, key publicKey) ([]*x509.Certificate, []Problem) {
	isLeaf := func(c *x509.Certificate) bool { return key.Equal(c.PublicKey) }
	if !slices.ContainsFunc(certificates, isLeaf) {
		return nil, []Problem{*problemf(KeyMismatch, "the key in tls.key belongs to no certificate in tls.crt, whose first is %s: "+
			"put in the key that the certificate was issued for", describe(certificates[0]))}
	}
	sorted, problems := withoutDuplicates(certificates, isLeaf)
	issuers := linkIssuers(sorted)
	order, problem := findOrder(sorted, issuers, isLeaf)
	if problem != nil {
		problems = append(problems, *problem)
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return pick(sorted, order), nil
}

// findOrder begins at each certificate of the key until one makes a chain. More than one of them is in order when one
// issued the other (a cross-signed self-signed one).
func findOrder(sorted []*x509.Certificate, issuers [][]int, isLeaf func(*x509.Certificate) bool) ([]int, *Problem) {
	var first *Problem
	for leaf, certificate := range sorted {
		if !isLeaf(certificate) {
			continue
		}
		order := walk(leaf, issuers)
		problem := checkOrder(sorted, order, issuers)
		if problem == nil {
			return order, nil
		}
		if first == nil {
			first = problem
		}
	}
	return nil, first
}

// withoutDuplicates sorts by content, so that everything after it is independent of the files' order. A second copy
// of an intermediate or root says nothing new (chain files are often glued together) and goes. A second copy of the
// leaf is refused: a chain has one leaf (CLB API reference), and two show that whole files were put together, of which
// the last is as likely another certificate's.
func withoutDuplicates(certificates []*x509.Certificate, isLeaf func(*x509.Certificate) bool) (unique []*x509.Certificate, problems []Problem) {
	sorted := slices.Clone(certificates)
	slices.SortFunc(sorted, func(a, b *x509.Certificate) int { return bytes.Compare(a.Raw, b.Raw) })
	for i := 1; i < len(sorted); i++ {
		if !sorted[i].Equal(sorted[i-1]) || !isLeaf(sorted[i]) {
			continue
		}
		problem := *problemf(CertificateInvalid, "tls.crt holds the key's certificate %s more than once: leave it in once", describe(sorted[i]))
		if !slices.Contains(problems, problem) {
			problems = append(problems, problem)
		}
	}
	return slices.CompactFunc(sorted, (*x509.Certificate).Equal), problems
}

// linkIssuers gives for each certificate the others that issued it, the best first: one whose key id is the one the
// certificate names, and a self-issued one last, for a root belongs to the end.
func linkIssuers(certificates []*x509.Certificate) [][]int {
	links := make([][]int, len(certificates))
	for child, certificate := range certificates {
		for parent, candidate := range certificates {
			if parent != child && issued(candidate, certificate) {
				links[child] = append(links[child], parent)
			}
		}
		slices.SortStableFunc(links[child], func(a, b int) int {
			return cmp.Compare(distance(certificates[a], certificate), distance(certificates[b], certificate))
		})
	}
	return links
}

// issued tells whether parent's name and key made child. It asks for no more (not for the CA flag, nor a modern
// digest): what clients trust is theirs to decide, here it is only the order.
func issued(parent, child *x509.Certificate) bool {
	return bytes.Equal(child.RawIssuer, parent.RawSubject) &&
		parent.CheckSignature(child.SignatureAlgorithm, child.RawTBSCertificate, child.Signature) == nil
}

func selfIssued(c *x509.Certificate) bool { return bytes.Equal(c.RawIssuer, c.RawSubject) }

func distance(parent, child *x509.Certificate) int {
	steps := 0
	if !bytes.Equal(child.AuthorityKeyId, parent.SubjectKeyId) {
		steps += 2
	}
	if selfIssued(parent) {
		steps++
	}
	return steps
}

// walk goes from the leaf from issuer to issuer and returns the order in which they make a chain, if they do.
//
// A certificate leads from one name-and-key to another, its issuer's. So the chain of all certificates is a path that
// uses each edge of that graph once, and Hierholzer's algorithm finds it in linear time, where cross-signed
// certificates (several edges between the same nodes) would make trial and error exponential.
func walk(leaf int, issuers [][]int) []int {
	visited := make([]bool, len(issuers))
	visited[leaf] = true
	path := []int{leaf}
	var order []int
	for len(path) > 0 {
		top := path[len(path)-1]
		next := slices.IndexFunc(issuers[top], func(i int) bool { return !visited[i] })
		if next < 0 {
			order, path = append(order, top), path[:len(path)-1]
			continue
		}
		visited[issuers[top][next]] = true
		path = append(path, issuers[top][next])
	}
	slices.Reverse(order)
	return order
}

// checkOrder makes sure that the order holds every certificate and that each issued the one before it; it names the
// first that is out of place.
func checkOrder(certificates []*x509.Certificate, order []int, issuers [][]int) *Problem {
	for i := 1; i < len(order); i++ {
		if previous := order[i-1]; !slices.Contains(issuers[previous], order[i]) {
			return problemf(CertificateInvalid, "the certificates in tls.crt make more than one chain: %s has no place behind %s; "+
				"keep one of the alternatives", describe(certificates[order[i]]), describe(certificates[previous]))
		}
	}
	for i, odd := range certificates {
		if !slices.Contains(order, i) {
			last := certificates[order[len(order)-1]]
			return problemf(CertificateInvalid, "the certificates in tls.crt are not one chain: %s has no place in it; "+
				"the key's certificate is %s, and the chain from it ends with an issuer %s: leave out the odd one or put in what is missing",
				describe(odd), describe(certificates[order[0]]), describeIssuer(last))
		}
	}
	return nil
}

func pick(certificates []*x509.Certificate, order []int) []*x509.Certificate {
	chain := make([]*x509.Certificate, len(order))
	for i, index := range order {
		chain[i] = certificates[index]
	}
	return chain
}
