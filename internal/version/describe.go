package version

import (
	"cmp"
	"runtime"
	"runtime/debug"
	"strings"
)

// describe fills what the linker left empty from what the toolchain recorded.
func describe(linked Build, info *debug.BuildInfo) Build {
	recorded := make(map[string]string, len(info.Settings))
	for _, setting := range info.Settings {
		recorded[setting.Key] = setting.Value
	}
	commit := recorded["vcs.revision"]
	if commit != "" && recorded["vcs.modified"] == "true" {
		commit += "-dirty"
	}
	return Build{
		Version: cmp.Or(linked.Version, moduleVersion(info), "devel"),
		Commit:  cmp.Or(linked.Commit, commit, "unknown"),
		Date:    cmp.Or(linked.Date, recorded["vcs.time"], "unknown"),
		Go:      cmp.Or(info.GoVersion, runtime.Version()),
	}
}

// moduleVersion is the main module's, as "go install module@version" records it;
// a build in a source tree has none.
func moduleVersion(info *debug.BuildInfo) string {
	if info.Main.Version == "(devel)" {
		return ""
	}
	return strings.TrimPrefix(info.Main.Version, "v")
}
