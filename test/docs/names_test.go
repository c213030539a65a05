package docs

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	link       = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	testName   = regexp.MustCompile("`((?:Test|Fuzz|Benchmark)[A-Za-z0-9]+)`")
	testFunc   = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)[A-Za-z0-9]+)\(`)
	makeTarget = regexp.MustCompile("(?m)(?:^|`)make ([a-z0-9-]+)")
	fileName   = regexp.MustCompile("`((?:api|cmd|config|controllers|docs|hack|internal|test)/[A-Za-z0-9_./-]+)`")
)

func TestEveryLinkLeadsSomewhere(t *testing.T) {
	t.Parallel()
	for _, page := range allPages(t) {
		for _, found := range link.FindAllStringSubmatch(page.text, -1) {
			target, anchor, _ := strings.Cut(found[1], "#")
			if strings.HasPrefix(target, "https://") {
				continue
			}
			file := page.name
			if target != "" {
				file = filepath.Join(filepath.Dir(page.name), target)
			}
			if _, err := os.Stat(filepath.Join(root, file)); err != nil {
				t.Errorf("%s links to %s: %v", page.name, found[1], err)
			} else if anchor != "" && !slices.Contains(readPage(t, file).anchors(), anchor) {
				t.Errorf("%s links to %s: there is no such heading", page.name, found[1])
			}
		}
	}
}

func TestTheIndexHasEveryPage(t *testing.T) {
	t.Parallel()
	index := readPage(t, "docs/README.md")
	for _, page := range allPages(t) {
		name, ofDocs := strings.CutPrefix(page.name, "docs/")
		if ofDocs && name != "README.md" && !strings.Contains(name, "/") && !strings.Contains(index.text, "]("+name) {
			t.Errorf("docs/README.md doesn't link to %s", name)
		}
	}
}

// notInAnchors is what GitHub leaves out of a heading's anchor.
var notInAnchors = regexp.MustCompile(`[^\p{L}\p{N} _-]`)

// anchors are what the page's headings are linked by.
func (p page) anchors() []string {
	var anchors []string
	fenced := false
	for line := range strings.Lines(p.text) {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			fenced = !fenced
		}
		if heading := strings.TrimLeft(line, "#"); !fenced && heading != line && strings.HasPrefix(heading, " ") {
			plain := notInAnchors.ReplaceAllString(strings.ToLower(strings.TrimSpace(heading)), "")
			anchors = append(anchors, strings.ReplaceAll(plain, " ", "-"))
		}
	}
	return anchors
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
