package tlspair

import (
	"bytes"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
)

// Labels of PEM blocks (RFC 7468; the older ones as OpenSSL's PEM_read_bio documents them).
const (
	labelCertificate     = "CERTIFICATE"
	labelX509Certificate = "X509 CERTIFICATE"
	labelRSAKey          = "RSA PRIVATE KEY"
	labelECKey           = "EC PRIVATE KEY"
	labelDSAKey          = "DSA PRIVATE KEY"
	labelSSHKey          = "OPENSSH PRIVATE KEY"
	labelEncryptedKey    = "ENCRYPTED PRIVATE KEY"
	labelECParameters    = "EC PARAMETERS"
	labelDSAParameters   = "DSA PARAMETERS"
)

// otherLabels are blocks that land in a Secret by mistake; a message may say their label.
var otherLabels = map[string]bool{
	"CERTIFICATE REQUEST": true, "NEW CERTIFICATE REQUEST": true, "TRUSTED CERTIFICATE": true, "X509 CRL": true,
	"PKCS7": true, "CMS": true, "PUBLIC KEY": true, "RSA PUBLIC KEY": true, "DH PARAMETERS": true,
	labelECParameters: true, labelDSAParameters: true,
}

const (
	beginMark = "-----BEGIN "
	endMark   = "-----END "
	lineMark  = "-----"
)

// block is one PEM block, decoded.
type block struct {
	number    int // in its file, from 1; broken ones have numbers, too
	label     string
	encrypted bool // it has the header Proc-Type: 4,ENCRYPTED (RFC 1421, section 4.6.1.1)
	der       []byte
}

func (b block) isCertificate() bool {
	return b.label == labelCertificate || b.label == labelX509Certificate
}

func (b block) isPrivateKey() bool { return strings.HasSuffix(b.label, "PRIVATE KEY") }

// kind names a block that is out of place without quoting a label that may be anything.
func (b block) kind() string {
	switch {
	case b.isCertificate():
		return "a certificate"
	case b.isPrivateKey():
		return "a private key"
	case otherLabels[b.label]:
		return "a block of type " + b.label
	}
	return "a block of another type"
}

// wipeBlocks overwrites private keys. Certificates stay: x509.Certificate keeps the slice that it was parsed from.
func wipeBlocks(lists ...[]block) {
	for _, b := range slices.Concat(lists...) {
		if b.isPrivateKey() {
			clear(b.der)
		}
	}
}

// splitBlocks decodes the PEM blocks of a file, at most limit, and says what is wrong with it: each block that is
// broken, in their order. Text outside the blocks is dropped, and so are a byte order mark and blanks around lines.
// encoding/pem alone would do for whole files, but it passes over a broken block in silence, and a certificate would
// be missing from the chain.
func splitBlocks(file string, data []byte, limit int) (blocks []block, faults []string) {
	if len(data) > maxFileBytes {
		return nil, []string{fmt.Sprintf("%s is larger than 1 MiB", file)}
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, []string{fmt.Sprintf("%s is missing or empty", file)}
	}
	s := splitter{file: file, limit: limit, text: make([]byte, 0, len(data)+1)}
	defer func() { clear(s.text[:cap(s.text)]) }() // it may have held a key
	for line := range bytes.FieldsFuncSeq(data, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if s.add(bytes.TrimSpace(line)); s.full {
			wipeBlocks(s.blocks)
			return nil, s.faults
		}
	}
	switch {
	case s.open:
		s.broken()
	case len(s.blocks) == 0 && len(s.faults) == 0:
		s.fault("holds no PEM block%s: it must be PEM text that begins with -----BEGIN", guess(data))
	}
	return s.blocks, s.faults
}

// guess tells the likely mistake behind a file without PEM blocks.
func guess(data []byte) string {
	switch {
	case bytes.HasPrefix(data, []byte("LS0tLS1")): // base64 of "-----"
		return " (it looks base64-encoded twice)"
	case data[0] == 0x30: // an ASN.1 SEQUENCE
		return " (it looks like DER; convert it to PEM)"
	}
	return ""
}

// splitter collects the lines of one block after the other.
type splitter struct {
	file   string
	limit  int
	blocks []block
	faults []string
	open   bool
	// lost says that the END line of a broken block is still to come: it is no other block's.
	lost bool
	// full says that there are too many blocks to go on.
	full  bool
	label string
	text  []byte
}

func (s *splitter) add(line []byte) {
	switch {
	case bytes.HasPrefix(line, []byte(beginMark)):
		s.begin(string(line))
	case bytes.HasPrefix(line, []byte(endMark)):
		s.end(string(line))
	case s.open:
		s.append(line)
	}
}

func (s *splitter) append(line []byte) { s.text = append(append(s.text, line...), '\n') }

func (s *splitter) begin(line string) {
	if s.open {
		s.broken()
	}
	label, closed := strings.CutSuffix(strings.TrimPrefix(line, beginMark), lineMark)
	switch s.lost = false; {
	case s.full:
	case !closed:
		s.broken()
		s.lost = true
	case s.last() == s.limit:
		s.fault("holds more than %d PEM blocks: leave out what doesn't belong to the key", s.limit)
		s.full = true
	default:
		s.open, s.label, s.text = true, label, s.text[:0]
		s.append([]byte(line))
	}
}

func (s *splitter) end(line string) {
	switch {
	case s.lost:
		s.lost = false
		return
	case !s.open || line != endMark+s.label+lineMark:
		s.broken()
		return
	}
	s.append([]byte(line))
	decoded, rest := pem.Decode(s.text)
	if decoded == nil || len(rest) > 0 {
		s.broken()
		return
	}
	encrypted := strings.Contains(decoded.Headers["Proc-Type"], "ENCRYPTED")
	s.blocks = append(s.blocks, block{number: s.last() + 1, label: decoded.Type, encrypted: encrypted, der: decoded.Bytes})
	s.open = false
}

// last is the number of the last block that is done with: each is one that was read, or a fault.
func (s *splitter) last() int { return len(s.blocks) + len(s.faults) }

// broken is the end of a block that can't be read.
func (s *splitter) broken() {
	s.fault("has a broken PEM block, number %d: a block is a BEGIN line, lines of base64 and the END line of "+
		"the same type, each on a line of its own; put the file in again from its source", s.last()+1)
	s.open = false
	s.full = s.last() > s.limit
}

func (s *splitter) fault(format string, args ...any) {
	s.faults = append(s.faults, s.file+" "+fmt.Sprintf(format, args...))
}
