package plugin

import (
	"bytes"
	"maps"
	"path/filepath"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// origin is where a pair comes from. Its JSON is a part of what -o json prints.
type origin struct {
	// Kind is Secret, or Files.
	Kind      string `json:"kind"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name,omitempty"`
	// Files are those that it was read from.
	Files []string `json:"files,omitempty"`
}

// The kinds of an origin.
const (
	secretKind = "Secret"
	filesKind  = "Files"
)

// candidate is a pair that is to be judged.
type candidate struct {
	origin
	secretType corev1.SecretType
	// data holds tls.crt and tls.key, and whatever else a Secret holds.
	data map[string][]byte
}

// meant tells whether it is to be a pair: by its type, or by what it holds under a wrong one.
func (c *candidate) meant() bool {
	return c.secretType == corev1.SecretTypeTLS || len(c.data[corev1.TLSCertKey])+len(c.data[corev1.TLSPrivateKeyKey]) > 0
}

// wipe overwrites what was read.
func (c *candidate) wipe() {
	for _, value := range c.data {
		clear(value)
	}
}

func wipeAll(candidates []*candidate) {
	for _, c := range candidates {
		c.wipe()
	}
}

// candidateOf is a Secret as it is, or would be, at the API server: stringData goes into data, and
// the type is Opaque by default (k8s.io/api/core/v1, Secret).
func candidateOf(secret *corev1.Secret, file string) *candidate {
	c := &candidate{
		origin:     origin{Kind: secretKind, Namespace: secret.Namespace, Name: secret.Name},
		secretType: secret.Type, data: map[string][]byte{},
	}
	if file != "" {
		c.Files = []string{file}
	}
	if c.secretType == "" {
		c.secretType = corev1.SecretTypeOpaque
	}
	maps.Copy(c.data, secret.Data)
	for key, value := range secret.StringData {
		clear(c.data[key])
		c.data[key] = []byte(value)
	}
	return c
}

// The lines that begin and end a PEM block (RFC 7468), as far as they tell them.
const (
	beginMark = "-----BEGIN "
	endMark   = "-----END "
)

// partOf sorts the PEM blocks of a file: certificates are tls.crt, all others tls.key. Lines that
// break a block stay in it, so that it is told; text beside the blocks goes. A file without any
// block stays whole, where its name says.
func partOf(file string, content []byte) *candidate {
	s := sorter{crt: make([]byte, 0, len(content)+1), key: make([]byte, 0, len(content)+1)}
	text := bytes.TrimPrefix(content, []byte("\ufeff"))
	for line := range bytes.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == '\r' }) {
		s.add(bytes.TrimSpace(line))
	}
	if s.to == nil {
		s.to = &s.crt
		if strings.HasSuffix(strings.TrimSuffix(file, filepath.Ext(file)), "key") || endOf(file) == ".key" {
			s.to = &s.key
		}
		s.append(content)
	}
	return &candidate{
		origin:     origin{Kind: filesKind, Files: []string{file}},
		secretType: corev1.SecretTypeTLS,
		data:       map[string][]byte{corev1.TLSCertKey: s.crt, corev1.TLSPrivateKeyKey: s.key},
	}
}

// sorter sorts the lines of one file. The slices have room for all of it: growing would leave a
// key behind.
type sorter struct {
	crt, key []byte
	// to is where the block at hand goes, nil before the first.
	to     *[]byte
	inside bool
}

func (s *sorter) add(line []byte) {
	begins, ends := bytes.HasPrefix(line, []byte(beginMark)), bytes.HasPrefix(line, []byte(endMark))
	if begins || ends && !s.inside {
		s.to = &s.key
		if ofCertificate(string(line)) {
			s.to = &s.crt
		}
	}
	if begins || ends || s.inside {
		s.append(line)
	}
	s.inside = begins || s.inside && !ends
}

func (s *sorter) append(text []byte) { *s.to = append(append(*s.to, text...), '\n') }

// ofCertificate tells whether a line begins or ends a certificate.
func ofCertificate(line string) bool {
	label := strings.TrimPrefix(strings.TrimPrefix(line, beginMark), endMark)
	return strings.HasPrefix(label, "CERTIFICATE--") || strings.HasPrefix(label, "X509 CERTIFICATE--")
}

// join adds another part to a pair.
func (c *candidate) join(part *candidate) {
	c.Files = append(c.Files, part.Files...)
	for name, value := range part.data {
		whole := append(bytes.Clone(c.data[name]), value...)
		clear(c.data[name])
		clear(value)
		c.data[name] = whole
	}
}

// named says where a pair comes from, in a line.
func (o origin) named() string {
	files := strings.Join(o.Files, " + ")
	switch {
	case o.Kind == filesKind:
		return oneLine(files)
	case files != "":
		return oneLine("Secret " + o.Name + " (" + files + ")")
	default:
		return oneLine("Secret " + o.Name)
	}
}
