package leak

import (
	"strings"
	"testing"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/hack/mutants/overlay"
	"github.com/clbcert/clbcert/test/certs"
)

// A scan that finds nothing proves nothing, unless it finds what is there: builds of the
// manager that leak, one at a time.
func TestTheScanFindsTheLeaksOfLeakyBuilds(t *testing.T) {
	t.Parallel()
	root, err := overlay.Root()
	if err != nil {
		t.Fatal(err)
	}
	const observe, call, scrub = "controllers/observe.go", "internal/clb/call.go", "internal/clberr/scrub.go"
	for sentence, c := range map[string]struct {
		edits        []overlay.Edit
		where, found string
	}{
		"the key in the SDK's own field, and so in the URL": {[]overlay.Edit{{
			File: "internal/clb/upload.go", Old: `set("PrivateKey", string(u.PrivateKeyPEM))`, New: "r.PrivateKey = string(u.PrivateKeyPEM)",
		}}, "requests: ", "key as "},
		"the SDK's own error in ours": {[]overlay.Edit{{
			File: call, Old: "return nil, exchange.Failure()", New: "return nil, &clberr.Error{Action: r.action, Message: err.Error(), Outcome: clberr.Unknown}",
		}}, "the log: ", token},
		"what the service says of a signature": {[]overlay.Edit{{
			File: scrub, Old: "case codeSignatureMismatch, codeIncompleteSignature:", New: "case codeSignatureMismatch, codeIncompleteSignature:\n\t\treturn message",
		}}, "the log: ", "key as "},
		"the Secret's data in a line of the log": {[]overlay.Edit{
			{File: observe, Old: "\t\"sigs.k8s.io/controller-runtime/pkg/client\"\n", New: "\t\"sigs.k8s.io/controller-runtime/pkg/client\"\n\tleaky \"sigs.k8s.io/controller-runtime/pkg/log\"\n"},
			{File: observe, Old: "\tdefer clearData(secret)\n", New: "\tdefer clearData(secret)\n\tleaky.FromContext(ctx).Info(\"read\", \"data\", secret.Data)\n"},
		}, "the log: ", "key as "},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			program, err := overlay.Build(t.Context(), root, t.TempDir(), "manager", c.edits...)
			if err != nil {
				t.Fatal(err)
			}
			s := setStage(t, program)
			s.cloud.SetFaults(t, upload+"=SignatureDoesNotMatch:x1")
			s.manage()
			s.await(s.add("web", certs.RSA2048), "a first upload's end", func(o *v1alpha1.ServerCertificate) bool {
				return isReady(o) || says(v1alpha1.ReasonCredentialsInvalid)(o) || says(v1alpha1.ReasonCloudUnavailable)(o)
			})
			s.collect()
			for _, leak := range s.findings() {
				if strings.HasPrefix(leak, c.where) && strings.Contains(leak, c.found) {
					return
				}
			}
			t.Errorf("nothing is found of it, only %q", s.findings())
		})
	}
}
