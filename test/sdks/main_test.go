// Package sdks shows that unchanged Alibaba Cloud SDKs, the V1 one and the newer core, work against the built
// bin/clb-simulator, over TLS that they verify. It is a module of its own, so that the newer SDK stays out of the
// product's go.mod, and it knows nothing of the simulator but its flags and paths.
package sdks

import (
	"fmt"
	"os"
	"testing"

	"github.com/aliyun/alibaba-cloud-sdk-go/services/slb"
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

// run prepares what all tests of the process share, and ends the simulators.
func run(m *testing.M) int {
	// Both SDKs send even 127.0.0.1 through a proxy that the environment names.
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"} {
		if err := os.Unsetenv(name); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	slb.GetEndpointMap() // filled at its first use, without a lock
	code := m.Run()
	if err := stopAll(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}
