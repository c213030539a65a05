package docs

import (
	"strings"
	"testing"
)

// adversaries are those that the threat model speaks of, by the page's headings.
var adversaries = []string{
	"### A user of a namespace", "### A node", "### A stolen kubeconfig", "### Somebody with rights in the cloud account",
	"### Another cluster", "### The network",
}

func TestEveryThreatHasATest(t *testing.T) {
	t.Parallel()
	files := testFiles(t)
	security := readPage(t, "docs/security.md")
	for _, heading := range adversaries {
		threats := 0
		for line := range strings.Lines(security.section(t, "## Who could do what").section(t, heading).text) {
			cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
			if !strings.HasPrefix(line, "| ") || strings.TrimSpace(cells[len(cells)-1]) == "tests" {
				continue
			}
			threats++
			if !testWithPart.MatchString(cells[len(cells)-1]) {
				t.Errorf("%s: no test is named by %s", heading, line)
			}
		}
		if threats == 0 {
			t.Errorf("%s has no threat", heading)
		}
	}
	for _, found := range testWithPart.FindAllStringSubmatch(security.text, -1) {
		if !hasTest(files, found[1], found[2]) {
			t.Errorf("docs/security.md names %s: there is none", found[0])
		}
	}
}
