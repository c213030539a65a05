// Package hostile gives the built manager what nobody should: endpoints that answer
// anything but what the API does, and Secrets that are no certificates. It must stay
// within bounds of memory and time, and say what is wrong.
package hostile

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
