package tlspair

// Check gives all that is wrong with tls.crt and tls.key, as far as it can be told apart: none exactly when Parse
// takes them, else Parse's problem first, which is the one to mend first. The order is always the same. The arguments
// are not kept and not changed.
func Check(certificate, privateKey []byte) []Problem {
	r := read(certificate, privateKey)
	defer r.wipe()
	return r.problems
}
