// Package release runs the release's program on a commit of the checkout's files, and looks at all that it writes.
package release

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// root is the source tree, seen from this package.
const root = "../.."

// version is what the tests release.
const version = "0.9.8-rc.1"

// committed is when the tests' commit was made.
var committed = time.Date(2026, time.November, 20, 8, 0, 0, 0, time.UTC)

// repository is a copy of the checkout's files, as one commit.
type repository struct {
	*testing.T

	folder string
	commit string
}

func newRepository(t *testing.T) *repository {
	t.Helper()
	r := &repository{T: t, folder: t.TempDir()}
	list := exec.CommandContext(t.Context(), "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = root
	names, err := list.Output()
	if err != nil {
		t.Fatalf("asking git for the files: %v", err)
	}
	for name := range strings.SplitSeq(strings.TrimRight(string(names), "\x00"), "\x00") {
		r.take(name)
	}
	r.git("init", "--quiet", "--initial-branch=main")
	r.git("add", "--all")
	r.git("commit", "--quiet", "--message=a release")
	r.commit = r.git("rev-parse", "HEAD")
	return r
}

// take copies a file with its mode; one that git knows and that is deleted isn't there.
func (r *repository) take(name string) {
	r.Helper()
	from, to := filepath.Join(root, name), filepath.Join(r.folder, name)
	info, err := os.Stat(from)
	if os.IsNotExist(err) {
		return
	}
	if err != nil {
		r.Fatal(err)
	}
	content, err := os.ReadFile(from)
	if err != nil {
		r.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		r.Fatal(err)
	}
	if err := os.WriteFile(to, content, info.Mode()); err != nil {
		r.Fatal(err)
	}
}

func (r *repository) git(args ...string) string {
	r.Helper()
	cmd := exec.CommandContext(r.Context(), "git", args...)
	cmd.Dir = r.folder
	date := committed.Format(time.RFC3339)
	cmd.Env = append(os.Environ(), "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_AUTHOR_DATE="+date,
		"GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com", "GIT_COMMITTER_DATE="+date)
	output, err := cmd.CombinedOutput()
	if err != nil {
		r.Fatalf("git %v: %v: %s", args, err, output)
	}
	return strings.TrimSpace(string(output))
}

// program builds the release's program.
func program(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "release")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", path, "./hack/release")
	cmd.Dir = root
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	return path
}

// release runs the program in the repository, and gives what it says on standard error.
func (r *repository) release(program string, args ...string) (string, error) {
	cmd := exec.CommandContext(r.Context(), program, args...)
	cmd.Dir = r.folder
	var said bytes.Buffer
	cmd.Stderr = &said
	err := cmd.Run()
	return said.String(), err
}

// dist are the files of a release, by name.
func (r *repository) dist() map[string][]byte {
	r.Helper()
	folder := filepath.Join(r.folder, "dist")
	entries, err := os.ReadDir(folder)
	if err != nil {
		r.Fatal(err)
	}
	files := map[string][]byte{}
	for _, entry := range entries {
		if files[entry.Name()], err = os.ReadFile(filepath.Join(folder, entry.Name())); err != nil {
			r.Fatal(err)
		}
	}
	return files
}

// sums are the lines that "sha256sum" prints for files.
func sums(files map[string][]byte) map[string]bool {
	lines := map[string]bool{}
	for name, content := range files {
		lines[fmt.Sprintf("%x  %s", sha256.Sum256(content), name)] = true
	}
	return lines
}
