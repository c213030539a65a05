package certs

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
)

// Style changes how a PEM file looks, not what it says.
type Style func([]byte) []byte

var (
	begin = []byte("-----BEGIN ")
	feed  = []byte("\n")
)

// BlankLines puts empty lines before, between and behind the blocks, as some ACME clients do.
func BlankLines(file []byte) []byte {
	return append(bytes.ReplaceAll(file, begin, append([]byte("\n\n"), begin...)), "\n\n"...)
}

// CRLF writes the lines' ends as Windows does.
func CRLF(file []byte) []byte { return bytes.ReplaceAll(file, feed, []byte("\r\n")) }

// CR writes them as old Mac OS did.
func CR(file []byte) []byte { return bytes.ReplaceAll(file, feed, []byte("\r")) }

// Comments puts text before each block, as openssl s_client and pkcs12 do.
func Comments(file []byte) []byte {
	text := []byte("Bag Attributes\n    friendlyName: web\nsubject=CN = example.com\n")
	return append(bytes.ReplaceAll(file, begin, append(text, begin...)), "\nthe end\n"...)
}

// ByteOrderMark begins the file with one, as some Windows editors do.
func ByteOrderMark(file []byte) []byte { return append([]byte("\ufeff"), file...) }

// TrailingBlanks ends each line with blanks.
func TrailingBlanks(file []byte) []byte { return bytes.ReplaceAll(file, feed, []byte(" \t\n")) }

// NoFinalNewline drops the last line's end.
func NoFinalNewline(file []byte) []byte { return bytes.TrimRight(file, "\r\n") }

// Styles are all of them, by what they do.
func Styles() map[string]Style {
	return map[string]Style{
		"blank lines": BlankLines, "CRLF": CRLF, "CR": CR, "comments": Comments, "byte order mark": ByteOrderMark,
		"trailing blanks": TrailingBlanks, "no final newline": NoFinalNewline,
	}
}

// PEM writes certificates in the order given.
func PEM(certificates []*x509.Certificate, styles ...Style) []byte {
	var file []byte
	for _, certificate := range certificates {
		file = append(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw})...)
	}
	for _, style := range styles {
		file = style(file)
	}
	return file
}

// ChainPEM writes Chain: what tls.crt holds.
func (i *Identity) ChainPEM(styles ...Style) []byte { return PEM(i.Chain(), styles...) }
