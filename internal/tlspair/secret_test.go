package tlspair_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/rsa"
	"encoding/base64"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	"sigs.k8s.io/yaml"

	"github.com/clbcert/clbcert/internal/tlspair"
	"github.com/clbcert/clbcert/test/certs"
)

// window is how much of a key in a row counts as shown.
const window = 32

// spellings are the ways in which a printer could write the key.
func spellings(t *testing.T, identity *certs.Identity, pair *tlspair.Pair) []string {
	t.Helper()
	text := pair.PrivateKeyPEM()
	decoded, _ := pem.Decode([]byte(text))
	if decoded == nil {
		t.Fatal("no key to look for")
	}
	all := []string{text, strings.ReplaceAll(text, "\n", ""), strings.ReplaceAll(text, "\n", `\n`)}
	for _, held := range [][]byte{decoded.Bytes, []byte(text)} {
		all = append(all, fmt.Sprintf("%d", held), fmt.Sprintf("%#v", held), fmt.Sprintf("% x", held),
			base64.StdEncoding.EncodeToString(held), hex.EncodeToString(held), strings.ToUpper(hex.EncodeToString(held)))
	}
	numbers := []*big.Int{}
	switch key := identity.Key.(type) {
	case *rsa.PrivateKey:
		numbers = append(numbers, key.D, key.Primes[0], key.Primes[1])
	case *ecdsa.PrivateKey:
		raw, err := key.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		numbers = append(numbers, new(big.Int).SetBytes(raw))
	}
	for _, number := range numbers {
		all = append(all, number.String(), number.Text(16), fmt.Sprintf("%d", number.Bytes()))
	}
	return all
}

// shown finds the first piece of a key in what was printed.
func shown(printed string, keys []string) string {
	windows := map[string]bool{}
	for i := range max(0, len(printed)-window+1) {
		windows[printed[i:i+window]] = true
	}
	for _, key := range keys {
		for i := range max(0, len(key)-window+1) {
			if piece := key[i : i+window]; windows[piece] && !strings.HasPrefix(piece, "-----BEGIN") {
				return piece
			}
		}
	}
	return ""
}

// printers are all ways by which a value gets into a log, a message or a dump.
func printers() map[string]func(value any) string {
	all := map[string]func(any) string{
		"JSON": func(v any) string { return asText(json.Marshal(v)) },
		"YAML": func(v any) string { return asText(yaml.Marshal(v)) },
		"gob": func(v any) string {
			var buffer bytes.Buffer
			_ = gob.NewEncoder(&buffer).Encode(v)
			return buffer.String()
		},
		"slog text": func(v any) string {
			var buffer bytes.Buffer
			slog.New(slog.NewTextHandler(&buffer, nil)).Info("m", "v", v, slog.Group("g", "v", v))
			return buffer.String()
		},
		"slog JSON": func(v any) string {
			var buffer bytes.Buffer
			slog.New(slog.NewJSONHandler(&buffer, nil)).InfoContext(context.Background(), "m", "v", v)
			return buffer.String()
		},
		"logr": func(v any) string {
			var buffer bytes.Buffer
			write := func(prefix, args string) { buffer.WriteString(prefix + args) }
			logr.New(funcr.New(write, funcr.Options{}).GetSink()).Info("m", "v", v)
			return buffer.String()
		},
		"an error":        func(v any) string { return fmt.Errorf("doing: %v", v).Error() },
		"println":         func(v any) string { return fmt.Sprintln(v) },
		"a pointer to it": func(v any) string { return fmt.Sprint(&v, v) },
	}
	for verb := range strings.FieldsSeq("%v %+v %#v %s %x %X %q %d %o %b %c %U %t %e %p %T %100v %-5.2s %+q %#x") {
		all[verb] = func(v any) string { return fmt.Sprintf(verb, v) }
	}
	return all
}

func asText(text []byte, err error) string { return string(text) + fmt.Sprint(err) }

func TestNoPrinterShowsAKey(t *testing.T) {
	t.Parallel()
	for _, kind := range []certs.KeyKind{certs.P256, certs.RSA2048} {
		leaf := certs.NewLeaf(t, certs.Kind(kind))
		pair := mustParse(t, leaf.ChainPEM(), keyPEM(t, leaf, certs.PKCS8))
		keys := spellings(t, leaf, pair)
		if shown("x"+pair.PrivateKeyPEM(), keys) == "" {
			t.Fatal("the test wouldn't see a key")
		}
		for form, value := range map[string]any{
			"a pointer": pair, "a value": *pair, "a list": []*tlspair.Pair{pair}, "a list of values": []tlspair.Pair{*pair},
			"a map": map[string]any{"k": *pair}, "an exported field": struct{ P tlspair.Pair }{*pair},
			"an unexported field":         struct{ p tlspair.Pair }{*pair},
			"an unexported pointer":       &struct{ p *tlspair.Pair }{pair},
			"an embedded field":           struct{ *tlspair.Pair }{pair},
			"a method value that returns": pair.PrivateKeyPEM,
		} {
			for name, write := range printers() {
				if piece := shown(write(value), keys); piece != "" {
					t.Errorf("%s: %s of a Pair shows %q", name, form, piece)
				}
			}
		}
	}
}

func TestAPairSaysThatItIsRedacted(t *testing.T) {
	t.Parallel()
	leaf := certs.NewLeaf(t)
	pair := mustParse(t, leaf.ChainPEM(), keyPEM(t, leaf, certs.PKCS8))
	for name, write := range printers() {
		if name == "%T" || name == "%p" || name == "gob" {
			continue // these have no say of the type's
		}
		if text := write(*pair); !strings.Contains(text, "redacted") {
			t.Errorf("%s prints %s", name, text)
		}
	}
	var none *tlspair.Pair
	if text := fmt.Sprintf("%v", none); text != "<nil>" {
		t.Errorf("a nil pair prints %s", text)
	}
}
