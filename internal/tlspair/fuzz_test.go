package tlspair_test

import (
	"reflect"
	"testing"

	"github.com/clbcert/clbcert/internal/tlspair"
)

// FuzzParse holds Parse to its promises for any bytes: it never panics, gives exactly one result, and what it gives
// is read again as the same; and Check finds all that Parse does. testdata/fuzz/FuzzParse has pairs to begin from.
func FuzzParse(f *testing.F) {
	f.Fuzz(func(t *testing.T, certificate, key []byte) {
		pair, problem := tlspair.Parse(certificate, key)
		agree(t, certificate, key, problem)
		switch {
		case (pair == nil) == (problem == nil):
			t.Fatal("not exactly one result")
		case problem != nil:
			checkProblem(t, problem)
			return
		}
		again, problem := tlspair.Parse([]byte(pair.ChainPEM()), []byte(pair.PrivateKeyPEM()))
		if problem != nil {
			t.Fatalf("its own form is refused: %s", problem.Message)
		}
		if !reflect.DeepEqual(again.Facts, pair.Facts) || !same(again, pair) {
			t.Fatalf("its own form gives other facts: %+v, before %+v", again.Facts, pair.Facts)
		}
	})
}

func checkProblem(t *testing.T, problem *tlspair.Problem) {
	t.Helper()
	switch problem.Kind {
	case tlspair.CertificateInvalid, tlspair.KeyInvalid, tlspair.KeyMismatch, tlspair.KeyUnsupported:
	default:
		t.Errorf("no such kind: %q", problem.Kind)
	}
	if len(problem.Message) < 20 || len(problem.Message) > 4000 {
		t.Errorf("a message of %d bytes", len(problem.Message))
	}
	for _, letter := range problem.Message {
		if letter < ' ' {
			t.Errorf("an unprintable message: %q", problem.Message)
			return
		}
	}
}
