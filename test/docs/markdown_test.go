package docs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// root is the source tree, seen from this package.
const root = "../.."

// page is one Markdown file.
type page struct {
	name string // from the root
	text string
}

// readPage reads a page by its name from the root.
func readPage(t *testing.T, name string) page {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return page{name: filepath.ToSlash(name), text: string(text)}
}

// allPages are the pages that people read.
func allPages(t *testing.T) []page {
	t.Helper()
	pages := []page{readPage(t, "README.md"), readPage(t, "CHANGELOG.md"), readPage(t, "CONTRIBUTING.md")}
	for _, pattern := range []string{"docs/*.md", "docs/decisions/*.md"} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("no file is %s: %v", pattern, err)
		}
		for _, file := range files {
			name, err := filepath.Rel(root, file)
			if err != nil {
				t.Fatal(err)
			}
			pages = append(pages, readPage(t, name))
		}
	}
	return pages
}

// section is the page from a heading to the next one of the same depth, or a lesser.
func (p page) section(t *testing.T, heading string) page {
	t.Helper()
	depth := len(heading) - len(strings.TrimLeft(heading, "#"))
	var found []string
	inside, fenced := false, false
	for line := range strings.Lines(p.text) {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			fenced = !fenced
		}
		level := len(line) - len(strings.TrimLeft(line, "#"))
		if !fenced && level > 0 && level <= depth {
			inside = strings.TrimSpace(line) == heading
		}
		if inside {
			found = append(found, line)
		}
	}
	if found == nil {
		t.Fatalf("%s has no heading %q", p.name, heading)
	}
	return page{name: p.name + " " + heading, text: strings.Join(found, "")}
}

// rows are the rows of the page's tables whose first cell is code, keyed by it.
func (p page) rows(t *testing.T) map[string][]string {
	t.Helper()
	rows := map[string][]string{}
	for line := range strings.Lines(p.text) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		key := plain(cells[0])
		if rows[key] != nil {
			t.Errorf("%s has two rows of %s", p.name, key)
		}
		rows[key] = cells[1:]
	}
	if len(rows) == 0 {
		t.Fatalf("%s has no table", p.name)
	}
	return rows
}

// plain is a cell without the marks of code and of stress.
func plain(cell string) string { return strings.NewReplacer("`", "", "**", "").Replace(cell) }

// blocks are the page's fenced blocks of a language.
func (p page) blocks(language string) []string {
	var blocks []string
	var open *strings.Builder
	for line := range strings.Lines(p.text) {
		switch mark := strings.TrimSpace(line); {
		case open == nil && mark == "```"+language:
			open = &strings.Builder{}
		case open != nil && mark == "```":
			blocks = append(blocks, open.String())
			open = nil
		case open != nil:
			open.WriteString(line)
		}
	}
	return blocks
}
