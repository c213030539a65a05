package version

import (
	"regexp"
	"runtime"
	"runtime/debug"
	"testing"
)

func TestDescribe(t *testing.T) {
	t.Parallel()
	stamped := []debug.BuildSetting{
		{Key: "vcs.revision", Value: "4f1a"},
		{Key: "vcs.time", Value: "2026-11-24T08:00:00Z"},
		{Key: "vcs.modified", Value: "true"},
	}
	for sentence, test := range map[string]struct {
		linked Build
		info   debug.BuildInfo
		want   Build
	}{
		"a release build says what the linker was told": {
			linked: Build{Version: "0.1.0", Commit: "9b1c", Date: "2026-11-20T08:00:00Z"},
			info:   debug.BuildInfo{GoVersion: "go1.26.8", Settings: stamped},
			want:   Build{Version: "0.1.0", Commit: "9b1c", Date: "2026-11-20T08:00:00Z", Go: "go1.26.8"},
		},
		"a build in a changed source tree says so": {
			info: debug.BuildInfo{GoVersion: "go1.26.8", Settings: stamped, Main: debug.Module{Version: "(devel)"}},
			want: Build{Version: "devel", Commit: "4f1a-dirty", Date: "2026-11-24T08:00:00Z", Go: "go1.26.8"},
		},
		"go install has a version and no commit": {
			info: debug.BuildInfo{GoVersion: "go1.26.8", Main: debug.Module{Version: "v0.1.0"}},
			want: Build{Version: "0.1.0", Commit: "unknown", Date: "unknown", Go: "go1.26.8"},
		},
		"a binary without any build information still has no empty field": {
			want: Build{Version: "devel", Commit: "unknown", Date: "unknown", Go: runtime.Version()},
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			if got := describe(test.linked, &test.info); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestUserAgentIsAProductAndAComment(t *testing.T) {
	t.Parallel()
	if !regexp.MustCompile(`^clbcert/[0-9A-Za-z.+-]+ \([0-9a-z-]+; [0-9A-Z:a-z-]+\)$`).MatchString(UserAgent()) {
		t.Errorf("got %q", UserAgent())
	}
}
