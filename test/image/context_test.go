package image

import (
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

// sent are the files of a checkout that a build of the image is sent: those of git, without what .dockerignore keeps out.
func sent(t *testing.T) []string {
	t.Helper()
	ignored := ignores(t)
	// With what isn't committed yet: a test before a commit is to see it.
	list := exec.CommandContext(t.Context(), "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = root
	output, err := list.Output()
	if err != nil {
		t.Fatalf("asking git for the files: %v", err)
	}
	var files []string
	for name := range strings.SplitSeq(strings.TrimRight(string(output), "\x00"), "\x00") {
		out, err := ignored.MatchesOrParentMatches(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(root, name)); !out && err == nil {
			files = append(files, name)
		}
	}
	return files
}

func ignores(t *testing.T) *patternmatcher.PatternMatcher {
	t.Helper()
	file, err := os.Open(filepath.Join(root, ".dockerignore"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	patterns, err := ignorefile.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	matcher, err := patternmatcher.New(patterns)
	if err != nil {
		t.Fatal(err)
	}
	return matcher
}

// place puts the files that COPY names below a folder, by BuildKit's rule: of a folder its content.
func place(t *testing.T, files []string, source, folder string) {
	t.Helper()
	source = path.Clean(source)
	found := false
	for _, name := range files {
		var to string
		switch {
		case source == ".":
			to = name
		case name == source:
			to = path.Base(name)
		case strings.HasPrefix(name, source+"/"):
			to = strings.TrimPrefix(name, source+"/")
		default:
			continue
		}
		found = true
		copyFile(t, filepath.Join(root, name), filepath.Join(folder, to))
	}
	if !found {
		t.Fatalf("COPY %s finds nothing: .dockerignore keeps it out, or it isn't there", source)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, content, fs.FileMode(0o644)); err != nil {
		t.Fatal(err)
	}
}

// What is sent and not compiled has the image built anew for nothing, and might be somebody's secret.
func TestNothingIsSentButWhatIsCompiled(t *testing.T) {
	t.Parallel()
	files := sent(t)
	for _, name := range files {
		module := name == "go.mod" || name == "go.sum"
		if (!module && path.Ext(name) != ".go") || strings.HasSuffix(name, "_test.go") || strings.HasPrefix(name, "internal/simulator/") {
			t.Errorf("%s is sent", name)
		}
	}
	for _, name := range []string{"go.sum", "cmd/manager/main.go", "internal/version/version.go"} {
		if !slices.Contains(files, name) {
			t.Errorf("%s is not sent", name)
		}
	}
}
