// Package version tells which build of clbcert is running. It only reads what
// the linker or the Go toolchain put into the binary.
package version

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
)

// What a release build sets with -ldflags "-X …"; empty in any other build.
var (
	version string // a semantic version without its "v", such as 0.1.0
	commit  string // full hash of the source's commit
	date    string // time of that commit, RFC 3339, UTC
)

// Build describes a binary. No field is ever empty.
type Build struct {
	Version string // semantic version without "v"; "devel" when unknown
	Commit  string // full hash, with "-dirty" when files were changed; "unknown" without version control
	Date    string // of the commit, RFC 3339; "unknown" without version control
	Go      string // the toolchain, such as go1.26.8
}

// Get describes this binary: by the linker's flags, else by what the Go
// toolchain recorded (https://pkg.go.dev/runtime/debug#BuildInfo).
func Get() Build { return get() }

var get = sync.OnceValue(func() Build {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	return describe(Build{Version: version, Commit: commit, Date: date}, info)
})

// UserAgent begins the User-Agent header of every call to the cloud, and to the API server:
// "clbcert/<version> (<commit>; <date>)", a product and a comment (RFC 9110, 10.1.5).
func UserAgent() string {
	build := Get()
	return fmt.Sprintf("clbcert/%s (%s; %s)", build.Version, build.Commit, build.Date)
}

// String is the one line that a program prints for its version.
func (b Build) String() string {
	return fmt.Sprintf("clbcert %s (commit %s, %s, %s, %s/%s)",
		b.Version, b.Commit, b.Date, b.Go, runtime.GOOS, runtime.GOARCH)
}
