package clb

import (
	"testing"

	"go.uber.org/goleak"
)

// A goroutine that is left behind when all tests have ended fails them.
func TestMain(m *testing.M) { // A panic within the SDK leaves the timer of its call, which ends by itself.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("net/http.setRequestCancel.func4"))
}
