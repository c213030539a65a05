package docs

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	link       = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	testName   = regexp.MustCompile("`((?:Test|Fuzz|Benchmark)[A-Za-z0-9]+)`")
	testFunc   = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)[A-Za-z0-9]+)\(`)
	makeTarget = regexp.MustCompile("(?m)(?:^|`)make ([a-z-]+)")
	fileName   = regexp.MustCompile("`((?:api|cmd|config|controllers|docs|hack|internal|test)/[A-Za-z0-9_./-]+)`")
)

func TestEveryLinkLeadsSomewhere(t *testing.T) {
	t.Parallel()
	for _, page := range allPages(t) {
		for _, found := range link.FindAllStringSubmatch(page.text, -1) {
			target, _, _ := strings.Cut(found[1], "#")
			if target == "" || strings.HasPrefix(target, "https://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(root, filepath.Dir(page.name), target)); err != nil {
				t.Errorf("%s links to %s: %v", page.name, found[1], err)
			}
		}
	}
}

func TestEveryNameIsThere(t *testing.T) {
	t.Parallel()
	tests := testsOfTheTree(t)
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range allPages(t) {
		for _, found := range testName.FindAllStringSubmatch(page.text, -1) {
			if !tests[found[1]] {
				t.Errorf("%s names the test %s: there is none", page.name, found[1])
			}
		}
		for _, found := range makeTarget.FindAllStringSubmatch(page.text, -1) {
			if !bytes.Contains(makefile, []byte("\n"+found[1]+":")) {
				t.Errorf("%s names make %s: there is no such target", page.name, found[1])
			}
		}
		for _, found := range fileName.FindAllStringSubmatch(page.text, -1) {
			if _, err := os.Stat(filepath.Join(root, found[1])); err != nil {
				t.Errorf("%s names %s: %v", page.name, found[1], err)
			}
		}
	}
}

// testsOfTheTree are the names of all tests.
func testsOfTheTree(t *testing.T) map[string]bool {
	t.Helper()
	tests := map[string]bool{}
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(filepath.Join(root, path))
		for _, found := range testFunc.FindAllSubmatch(text, -1) {
			tests[string(found[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tests
}
