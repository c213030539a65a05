// Package leak looks for private keys, access key secrets and tokens in all that the
// built manager lets out beside its calls to the cloud: logs, Events, statuses, metrics,
// crash output and the URLs of its requests, in a whole story with every fault. And it
// checks the look itself, with builds that leak.
package leak

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
