package image

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"golang.org/x/mod/modfile"
	"golang.org/x/mod/semver"
)

// release is what a build of the image is given.
var release = variables{
	"VERSION": "0.9.8",
	"COMMIT":  "0123456789abcdef0123456789abcdef01234567",
	"DATE":    "2026-11-20T08:00:00Z",
}

func TestTheImageRunsOneProgramAsNobody(t *testing.T) {
	t.Parallel()
	_, final := stages(t, unwarned)
	if !strings.HasPrefix(final.BaseName, "gcr.io/distroless/static-") || !strings.HasSuffix(final.BaseName, ":nonroot") {
		t.Errorf("the image stands on %s, want distroless's static one, which has no shell, for a user that isn't root", final.BaseName)
	}
	var user string
	var entry []string
	copied := map[string]bool{}
	for _, command := range final.Commands {
		switch command := command.(type) {
		case *instructions.UserCommand:
			user = command.User
		case *instructions.EntrypointCommand:
			if command.PrependShell {
				t.Errorf("%s needs a shell, which would also keep signals from the program", command)
			}
			entry = command.CmdLine
		case *instructions.CopyCommand:
			copied[command.DestPath] = command.From == "build"
		case *instructions.ArgCommand, *instructions.LabelCommand:
		default:
			t.Errorf("%s: want nothing but the program, its user and labels", command)
		}
	}
	// By a name kubelet couldn't tell that runAsNonRoot holds.
	id, _, _ := strings.Cut(user, ":")
	if number, err := strconv.Atoi(id); err != nil || number == 0 {
		t.Errorf("the user is %q, want the number of one that isn't root", user)
	}
	if len(entry) != 1 || !filepath.IsAbs(entry[0]) || !copied[entry[0]] || len(copied) != 1 {
		t.Errorf("the image starts %v and has %v of the build, want that one program alone", entry, copied)
	}
}

func TestTheLabelsSayWhatTheImageIs(t *testing.T) {
	t.Parallel()
	_, final := stages(t, unwarned)
	known, labels := variables{}, map[string]string{}
	for _, command := range final.Commands {
		switch command := command.(type) {
		case *instructions.ArgCommand:
			known.declare(command, release)
		case *instructions.LabelCommand:
			for _, label := range command.Labels {
				labels[strings.TrimPrefix(label.Key, "org.opencontainers.image.")] = known.expand(t, label.Value)
			}
		}
	}
	for label, want := range map[string]string{
		"title": "clbcert", "source": "https://github.com/clbcert/clbcert", "licenses": "Apache-2.0",
		"version": release["VERSION"], "revision": release["COMMIT"], "created": release["DATE"],
	} {
		if labels[label] != want {
			t.Errorf("label %s is %q, want %q", label, labels[label], want)
		}
	}
	if _, err := time.Parse(time.RFC3339, labels["created"]); err != nil || len(labels["description"]) < len("clbcert") {
		t.Errorf("the labels are %v, %v", labels, err)
	}
}

// A tag that moves on would have the same commit give another image next month.
func TestTheBasesArePinned(t *testing.T) {
	t.Parallel()
	build, final := stages(t, unwarned)
	if build.Platform != "$BUILDPLATFORM" || final.Platform != "" {
		t.Errorf("the stages are for %q and %q: want the compiler on the builder's platform, the image on the target's", build.Platform, final.Platform)
	}
	if !regexp.MustCompile(`-debian\d+:`).MatchString(final.BaseName) {
		t.Errorf("%s names no release of Debian", final.BaseName)
	}
	pinned := regexp.MustCompile(`^golang:(\d+\.\d+\.\d+)$`).FindStringSubmatch(build.BaseName)
	if pinned == nil {
		t.Fatalf("%s is no full version of Go", build.BaseName)
	}
	text, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	module, err := modfile.ParseLax("go.mod", text, nil)
	if err != nil {
		t.Fatal(err)
	}
	if semver.Compare("v"+pinned[1], "v"+module.Go.Version) < 0 {
		t.Errorf("the image is built by Go %s, go.mod needs %s", pinned[1], module.Go.Version)
	}
}
