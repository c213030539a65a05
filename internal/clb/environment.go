package clb

import (
	"errors"
	"os"
	"strings"
)

// CheckEnvironment refuses an environment in which the SDK prints the URLs and
// answers of all calls, signatures and tokens with them. The SDK reads it before
// main begins (SDK v1.63.107, sdk/utils/debug.go), so that only leaving it out helps.
func CheckEnvironment() error {
	if strings.Contains(os.Getenv("DEBUG"), "sdk") {
		return errors.New("checking the environment: DEBUG contains sdk, which prints signatures and tokens: take it out")
	}
	return nil
}
