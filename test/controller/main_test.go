// Package controller tests the main path as users meet it: the built manager,
// started by its flags, against a real API server and the simulator over TLS.
package controller

import (
	"os"
	"testing"

	"github.com/clbcert/clbcert/test/env"
)

func TestMain(m *testing.M) { os.Exit(env.Run(m)) }
