// Package operation tests all that UploadServerCertificate can do and answer, and the ways
// to sign it: the built manager, started by its flags, against a real API server and the
// simulator over TLS. It asserts on the simulator's log of calls and on the object as
// kubectl shows it; docs/operation.md has a row for each of its tests.
package operation

import (
	"os"
	"testing"

	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/clbcert/clbcert/test/env"
)

func TestMain(m *testing.M) {
	log.SetLogger(klog.Background()) // else the tests' own client complains
	os.Exit(env.Run(m))
}
