package wire

import (
	"testing"

	"go.uber.org/goleak"
)

// A goroutine that is left behind when all tests have ended fails them.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
