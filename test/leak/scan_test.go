package leak

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/clbcert/clbcert/test/certs"
)

// window is how many characters of a key in a row are a leak.
const window = 32

// scan knows what must be found nowhere.
type scan struct {
	parts map[string]string // of keys, by their window characters: what they are a part of
	whole map[string]string // secrets that are found only as a whole
}

func newScan() *scan { return &scan{map[string]string{}, map[string]string{}} }

// headers are how many bytes of a key's DER are the same, or nearly so, for every key.
var headers = map[certs.Encoding]int{certs.PKCS8: 36, certs.PKCS1: 12, certs.SEC1: 7, certs.SEC1WithParameters: 7}

// addKey looks for any part of the identity's key, in any encoding that it can be shown in.
// What its certificates have too is no part of it.
func (s *scan) addKey(t *testing.T, identity *certs.Identity) {
	t.Helper()
	public := map[string]bool{}
	for _, certificate := range identity.FullChain() {
		eachPart(certs.PEM([]*x509.Certificate{certificate}), 0, func(_, part string) { public[part] = true })
	}
	for _, encoding := range identity.Encodings() {
		eachPart(keyFile(t, identity, encoding), headers[encoding], func(form, part string) {
			if !public[part] {
				s.parts[part] = string(encoding) + " key as " + form
			}
		})
	}
}

func keyFile(t *testing.T, identity *certs.Identity, encoding certs.Encoding) []byte {
	t.Helper()
	file, err := identity.KeyPEM(encoding)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// eachPart gives every window of a PEM file's content in every form, but for its header.
func eachPart(file []byte, header int, do func(form, part string)) {
	const spread = 8 // a form isn't equally dense everywhere
	for form, text := range writings(file) {
		from := 0
		if header > 0 {
			from = len(text)*header/len(content(file)) + spread
		}
		for i := from; i+window <= len(text); i++ {
			do(form, text[i:i+window])
		}
	}
}

// content is the DER of a PEM file's last block.
func content(file []byte) []byte {
	block, _ := pem.Decode(file[bytes.LastIndex(file, []byte("-----BEGIN ")):]) // behind EC PARAMETERS
	return block.Bytes
}

// writings are a PEM file's lines and its content in the forms that they can be shown in.
func writings(file []byte) map[string]string {
	der := content(file)
	body := base64.StdEncoding.EncodeToString(der)
	_, lines, _ := strings.Cut(string(file[bytes.LastIndex(file, []byte("-----BEGIN ")):]), "\n")
	lines, _, _ = strings.Cut(lines, "-----END")
	once := url.QueryEscape(lines)
	forms := map[string]string{
		"base64": body, "lines of PEM": lines, "lines of PEM in quotes": strings.ReplaceAll(lines, "\n", `\n`),
		"lines of PEM in quotes twice": strings.ReplaceAll(lines, "\n", `\\n`), "lines that are indented": strings.ReplaceAll(lines, "\n", "\n    "),
		"base64 in a form": url.QueryEscape(body), "base64 in a string to sign": url.QueryEscape(url.QueryEscape(body)),
		"a form": once, "a string to sign": url.QueryEscape(once), "hex": hex.EncodeToString(der), "hex of the lines": hex.EncodeToString([]byte(lines)),
		"numbers": numbers(der), "numbers of the lines": numbers([]byte(lines)),
		"base64 for URLs": base64.RawURLEncoding.EncodeToString(der), "DER": string(der),
	}
	for shift := range 3 { // a Secret's data begins anywhere in what is encoded
		whole := base64.StdEncoding.EncodeToString(append(make([]byte, shift), lines...))
		forms[fmt.Sprint("base64 of the lines at ", shift)] = whole[4:]
	}
	return forms
}

func numbers(b []byte) string { return strings.Trim(fmt.Sprintf("%d", b), "[]") }

// addSecret looks for an access key secret or a token; empty ones are none.
func (s *scan) addSecret(what, secret string) {
	if secret == "" {
		return
	}
	for form, text := range map[string]string{
		"": secret, ", in a URL": url.QueryEscape(secret), ", in a string to sign": url.QueryEscape(url.QueryEscape(secret)),
		", in base64": base64.StdEncoding.EncodeToString([]byte(secret)),
	} {
		s.whole[text] = what + form
	}
}

// without is the scan without the secrets of that kind.
func (s *scan) without(what string) *scan {
	less := &scan{s.parts, map[string]string{}}
	for secret, whose := range s.whole {
		if !strings.HasPrefix(whose, what) {
			less.whole[secret] = whose
		}
	}
	return less
}

// find gives what of the secrets is in a text, each kind once, and where.
func (s *scan) find(text string) []string {
	var found []string
	for _, shown := range []string{text, undumped(text)} {
		for i := 0; i+window <= len(shown); i++ {
			if what, leaks := s.parts[shown[i:i+window]]; leaks {
				found = append(found, fmt.Sprintf("a part of the %s, behind %q", what, shown[max(0, i-120):i]))
				break // one is bad enough
			}
		}
		for secret, what := range s.whole {
			if i := strings.Index(shown, secret); i >= 0 {
				found = append(found, fmt.Sprintf("%s, behind %q", what, shown[max(0, i-120):i]))
			}
		}
	}
	slices.Sort(found)
	return found
}

// dumped is a line of a hex dump, as client-go logs bodies that are no text. In a log in
// JSON its lines are separated by \n.
var dumped = regexp.MustCompile(`[0-9a-f]{8}  ((?:[0-9a-f]{2} {1,2}){1,16}) *\|`)

// undumped are the bytes of all hex dumps in a text.
func undumped(text string) string {
	var all strings.Builder
	for _, line := range dumped.FindAllStringSubmatch(text, -1) {
		content, err := hex.DecodeString(strings.ReplaceAll(line[1], " ", ""))
		if err == nil {
			all.Write(content)
		}
	}
	return all.String()
}

func TestTheScanFindsAKeyInEveryForm(t *testing.T) {
	t.Parallel()
	for _, kind := range []certs.KeyKind{certs.RSA2048, certs.P256} {
		identity := certs.NewLeaf(t, certs.Kind(kind))
		s := newScan()
		s.addKey(t, identity)
		file := keyFile(t, identity, certs.PKCS8)
		for form, text := range writings(file) {
			if got := s.find("… " + text + " …"); len(got) == 0 {
				t.Errorf("%v: it isn't found as %s", kind, form)
			}
		}
		for form, text := range map[string]string{
			"a hex dump": hex.Dump(file), "a hex dump in JSON": fmt.Sprintf("%q", hex.Dump(file)), "a string in JSON": fmt.Sprintf("%q", file),
			"bytes": fmt.Sprintf("%v", file), "hex": fmt.Sprintf("%x", file),
		} {
			if got := s.find(text); len(got) == 0 {
				t.Errorf("%v: it isn't found as %s", kind, form)
			}
		}
		key, err := kind.NewKey()
		if err != nil {
			t.Fatal(err)
		}
		innocent := string(identity.ChainPEM()) + string(keyFile(t, certs.NewLeaf(t, certs.WithKey(key)), certs.PKCS8))
		if got := s.find(innocent); len(got) != 0 {
			t.Errorf("%v: found in a certificate or another key: %v", kind, got)
		}
	}
}
