package plan_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/clbcert/clbcert/internal/plan"
)

// nameRule is the API's (UploadServerCertificate, ServerCertificateName).
var nameRule = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9._-]{0,79}$`)

func TestTheDefaultNameIsOneThatTheAPITakes(t *testing.T) {
	t.Parallel()
	for sentence, c := range map[string]struct{ namespace, name, want string }{
		"namespace, name, digest":          {"shop", "web", "shop-web-aaaaaaaa"},
		"dots stay":                        {"shop", "www.a.com", "shop-www.a.com-aaaaaaaa"},
		"it begins with a letter":          {"4711", "web", "c-4711-web-aaaaaaaa"},
		"it is cut in front of the digest": {"shop", strings.Repeat("w", 253), "shop-" + strings.Repeat("w", 66) + "-aaaaaaaa"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			w := walk(t, given(func(s *plan.State) { s.Object.Namespace, s.Object.Name = c.namespace, c.name }), nil, nil)
			upload, ok := w.taken[len(w.taken)-1].(plan.Upload)
			if !ok || upload.Name != c.want || !nameRule.MatchString(upload.Name) {
				t.Errorf("got %q, want %q", upload.Name, c.want)
			}
		})
	}
}
