package simulator

import (
	"testing"

	"github.com/aliyun/alibaba-cloud-sdk-go/services/slb"
	"go.uber.org/goleak"
)

// A goroutine that is left behind when all tests have ended fails them.
// The SDK fills its map of endpoints at the first use, unguarded: warm it before there are goroutines.
func TestMain(m *testing.M) {
	slb.GetEndpointMap()
	goleak.VerifyTestMain(m)
}
