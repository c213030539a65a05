// Package docs holds the documentation to the code: its tables, its manifests, its
// links and the tests that it names. It judges no wording.
package docs

import (
	"os"
	"testing"

	"github.com/clbcert/clbcert/test/env"
)

func TestMain(m *testing.M) { os.Exit(env.Run(m)) }
