// Package docs holds the documentation to the code: its tables, its manifests, its
// links and the tests that it names. It judges no wording.
package docs

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
