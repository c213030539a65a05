package plugin

import (
	"bytes"
	"encoding/base64"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/clbcert/clbcert/test/certs"
)

func TestFilesAreToldFromSecretsByTheirNames(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("there", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir("folder", 0o700); err != nil {
		t.Fatal(err)
	}
	for argument, want := range map[string]bool{
		"web-tls": false, "web.tls": false, "folder": false, "key": false, "": false,
		"there": true, "-": true, "./web-tls": true, "certs/web": true, "/web": true, "web.CRT": true,
		"web.pem": true, "web.crt": true, "web.cer": true, "web.key": true, "web.yaml": true, "web.yml": true, "web.json": true,
	} {
		if isFile(argument) != want {
			t.Errorf("%q is a file: %t", argument, !want)
		}
	}
}

func TestManifestsAreToldFromPEM(t *testing.T) {
	t.Parallel()
	const pem = "subject=CN = a.com\n-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n"
	const manifest = "kind: Secret\nstringData:\n  tls.crt: |\n    -----BEGIN CERTIFICATE-----\n    MAMCAQE=\n"
	for sentence, c := range map[string]struct {
		name, content string
		want          bool
	}{
		"by its end, whatever is in it":           {"a.yaml", pem, true},
		"by another end, whatever is in it":       {"a.crt", manifest, false},
		"PEM from a program":                      {"-", pem, false},
		"a manifest from a program":               {"-", manifest, true},
		"JSON from a program":                     {"-", `{"kind":"Secret","stringData":{"tls.crt":"-----BEGIN CERTIFICATE-----\n"}}`, true},
		"a manifest behind a comment and a mark":  {"-", "# Source: web/templates/tls.yaml\n---\n" + manifest, true},
		"DER, which is none of them, is a pair's": {"-", "0\x82\x01\x02\x03", false},
		"nothing is a pair's":                     {"-", "", false},
	} {
		if got := isManifest(c.name, []byte(c.content)); got != c.want {
			t.Errorf("%s: %t", sentence, got)
		}
	}
}

// parts are what the PEM blocks of files make together.
func parts(files map[string][]byte) *candidate {
	var whole *candidate
	for _, name := range slices.Sorted(maps.Keys(files)) {
		part := partOf(name, files[name])
		if whole == nil {
			whole = part
			continue
		}
		whole.join(part)
	}
	return whole
}

func TestBlocksOfFilesBecomeOnePair(t *testing.T) {
	t.Parallel()
	leaf := certs.NewLeaf(t)
	key, err := leaf.KeyPEM(certs.SEC1WithParameters)
	if err != nil {
		t.Fatal(err)
	}
	encrypted, err := leaf.KeyPEM(certs.EncryptedPKCS8)
	if err != nil {
		t.Fatal(err)
	}
	chain := leaf.ChainPEM()
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	file := func(content []byte) map[string][]byte { return map[string][]byte{"a.pem": content} }

	for sentence, c := range map[string]struct {
		files map[string][]byte
		want  []string // each finding begins with one
	}{
		"a file each":                         {map[string][]byte{"a.crt": chain, "b.key": key}, nil},
		"a file for each certificate":         {map[string][]byte{"a.crt": certs.PEM(leaf.Chain()[:1]), "b.crt": certs.PEM(leaf.Chain()[1:]), "c.key": key}, nil},
		"the key in the certificate's file":   {map[string][]byte{"a.key": chain, "b.crt": key}, nil},
		"all in one":                          {file(join(key, chain)), nil},
		"text around the blocks":              {file(join([]byte("Bag Attributes\n  friendlyName: a\n"), chain, []byte("Key Attributes: <No Attributes>\n"), key, []byte("end"))), nil},
		"a byte order mark and Windows' ends": {file(join([]byte("\ufeff"), certs.CRLF(join(chain, key)))), nil},
		"a file without an end of line":       {map[string][]byte{"a.crt": certs.NoFinalNewline(chain), "b.key": key}, nil},
		"an encrypted key":                    {file(join(chain, encrypted)), []string{"the private key in tls.key is encrypted"}},
		"a certificate alone":                 {file(chain), []string{"tls.key is missing"}},
		"a key alone":                         {file(key), []string{"tls.crt is missing"}},
		"a certificate that breaks off":       {file(join(key, chain[:len(chain)-30])), []string{"tls.crt has a broken PEM block, number 2"}},
		"a key that breaks off":               {file(join(chain, key[:len(key)-30])), []string{"tls.key has a broken PEM block, number 2"}},
		"a certificate glued to the key":      {file(join(certs.NoFinalNewline(chain), key)), []string{"tls.crt has a broken PEM block, number 2", "tls.key has a broken PEM block, number 1"}},
		"a certificate as DER":                {map[string][]byte{"a.cer": leaf.Certificate.Raw, "b.key": key}, []string{"tls.crt holds no PEM block (it looks like DER"}},
		"a key as DER":                        {map[string][]byte{"a.crt": chain, "privkey.pem": []byte("0\x77")}, []string{"tls.key holds no PEM block (it looks like DER"}},
		"what is no PEM, before what is":      {map[string][]byte{"a.crt": []byte("hello"), "b.crt": chain, "c.key": key}, nil},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			whole := parts(c.files)
			found := whole.judge(time.Now()).Findings
			for i, f := range found {
				if i >= len(c.want) || !strings.HasPrefix(f.Message, c.want[i]) {
					t.Errorf("it says %q", f)
				}
			}
			if len(found) != len(c.want) || len(whole.Files) != len(c.files) {
				t.Errorf("%d findings, want %d; files %q", len(found), len(c.want), whole.Files)
			}
		})
	}
}

const hidden = "MUST-NOT-BE-SHOWN"

func TestSecretsOfManifests(t *testing.T) {
	t.Parallel()
	const tlsType = "type: kubernetes.io/tls\n"
	const head = "apiVersion: v1\nkind: Secret\nmetadata: {name: web}\n"
	encoded := base64.StdEncoding.EncodeToString([]byte("x"))
	for sentence, c := range map[string]struct {
		content string
		want    []string // names and what is in tls.crt
		failure string
	}{
		"data is decoded":                     {head + tlsType + "data: {tls.crt: " + encoded + "}", []string{"web=x"}, ""},
		"stringData goes above data":          {head + tlsType + "data: {tls.crt: eQ==}\nstringData: {tls.crt: x}", []string{"web=x"}, ""},
		"several documents":                   {"---\n" + head + tlsType + "---\n\n---\n" + head + tlsType + "---\n", []string{"web=", "web="}, ""},
		"JSON":                                {`{"apiVersion":"v1","kind":"Secret","type":"kubernetes.io/tls","metadata":{"name":"j"},"data":{"tls.crt":"` + encoded + `"}}`, []string{"j=x"}, ""},
		"a list":                              {"apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Secret, type: kubernetes.io/tls, metadata: {name: l}}\n- {apiVersion: apps/v1, kind: Deployment}", []string{"l="}, ""},
		"one for a certificate, but untyped":  {head + "stringData: {tls.crt: x}", []string{"web=x"}, ""},
		"one for something else is passed by": {head + "stringData: {password: x}\n---\n" + head + tlsType, []string{"web="}, ""},
		"no Secret":                           {"apiVersion: v1\nkind: ConfigMap\ndata: {tls.crt: " + hidden + "}", nil, "holds no Secret of type kubernetes.io/tls"},
		"a Secret of another API":             {"apiVersion: external.example/v1\nkind: Secret", nil, "holds no Secret"},
		"nothing":                             {"", nil, "holds no Secret"},
		"data that isn't base64":              {head + tlsType + "data: {tls.key: " + hidden + "!}", nil, "document 1 is no YAML or JSON"},
		"data that is a number":               {head + tlsType + "data: {tls.key: 12345678901}", nil, "document 1"},
		"a text for a document":               {head + tlsType + "---\n" + hidden, nil, "document 2"},
		"YAML that is none":                   {head + tlsType + "---\n{" + hidden, nil, "document 2"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			found, err := secretsOf("web.yaml", []byte(c.content))
			var got []string
			for _, f := range found {
				got = append(got, f.Name+"="+string(f.data[corev1.TLSCertKey]))
			}
			if !slices.Equal(got, c.want) || (err != nil) != (c.failure != "") {
				t.Fatalf("Secrets %q, %v", got, err)
			}
			if err != nil && (!strings.Contains(err.Error(), c.failure) || strings.Contains(err.Error(), hidden) || strings.Contains(err.Error(), "12345")) {
				t.Errorf("it says %q", err)
			}
		})
	}
}

func TestThePairOfAFileThatIsMissingIsNotJudged(t *testing.T) {
	t.Parallel()
	leaf := certs.NewLeaf(t)
	folder := t.TempDir()
	there := filepath.Join(folder, "a.crt")
	if err := os.WriteFile(there, leaf.ChainPEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	streams, _, _, _ := genericiooptions.NewTestIOStreams()
	v := &checkVerb{app: &app{IOStreams: streams}}
	absent := filepath.Join(folder, "b.key")
	for _, order := range [][]string{{there, absent}, {absent, there}} {
		pairs, err := v.gather(t.Context(), order)
		if len(pairs) != 0 || err == nil || !strings.Contains(err.Error(), absent) {
			t.Errorf("%d pairs, %v", len(pairs), err)
		}
	}
	if pairs, err := v.gather(t.Context(), []string{there}); len(pairs) != 1 || err != nil {
		t.Errorf("%d pairs, %v", len(pairs), err)
	}
}

func TestWhatWasReadIsWiped(t *testing.T) {
	t.Parallel()
	leaf := certs.NewLeaf(t)
	secret, err := leaf.Secret("web", "shop")
	if err != nil {
		t.Fatal(err)
	}
	key, chain := secret.Data[corev1.TLSPrivateKeyKey], leaf.ChainPEM()
	part, other := partOf("a.key", key), partOf("b.crt", chain)
	before := part.data[corev1.TLSPrivateKeyKey]
	part.join(other)
	after := part.data[corev1.TLSPrivateKeyKey]
	c := candidateOf(secret, "")
	c.wipe()
	part.wipe()
	for name, held := range map[string][]byte{"the Secret's": key, "the part's": before, "the whole's": after} {
		if len(held) == 0 || slices.ContainsFunc(held, func(b byte) bool { return b != 0 }) {
			t.Errorf("%s key is still there", name)
		}
	}
}
