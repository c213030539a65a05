package chart

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var heading = regexp.MustCompile(`(?m)^#+ .*$`)

// blocks are those of a language under a heading of docs/installation.md, in their order.
func blocks(t *testing.T, under, language string) []string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(root, "docs", "installation.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(page), "\n"+under+"\n")
	if !ok {
		t.Fatalf("docs/installation.md has no heading %q", under)
	}
	if next := heading.FindStringIndex(section); next != nil {
		section = section[:next[0]]
	}
	var found []string
	for i, part := range strings.Split(section, "```"+language+"\n") {
		if block, _, closed := strings.Cut(part, "```"); closed && i > 0 {
			found = append(found, block)
		}
	}
	return found
}

func TestTheDocumentedValuesMakeNoClusterRole(t *testing.T) {
	t.Parallel()
	values := blocks(t, "## Install by Helm", "yaml")
	if len(values) != 1 {
		t.Fatalf("docs/installation.md has %d blocks of values, want one", len(values))
	}
	roles := 0
	for _, o := range rendered(t, values[0]) {
		switch o["kind"] {
		case "Role":
			roles++
		case "ClusterRole", "ClusterRoleBinding":
			t.Errorf("there is %s", o)
		}
	}
	if roles != 3 { // two namespaces and the Lease
		t.Errorf("there are %d Roles, want 3", roles)
	}
}

// TestASecondReleaseSharesNothing has one beside the standard one, in a namespace of its own.
func TestASecondReleaseSharesNothing(t *testing.T) {
	t.Parallel()
	const more = `
credentialsMap: [{namespaceSelector: {}, roleARN: "acs:ram::1:role/a"}]
networkPolicy: {enabled: true}
metrics: {serviceMonitor: {enabled: true}, dashboard: {enabled: true}}
`
	taken := map[string]bool{}
	for _, o := range rendered(t, more) {
		taken[o.String()] = true
	}
	second, err := release{name: "second", namespace: "other"}.render(more + "rbac: {people: false}\ncrds: {install: false}")
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range second {
		if taken[o.String()] {
			t.Errorf("both have %s", o)
		}
		if text := manifest(t, []object{o}); strings.Contains(text, standard.namespace) {
			t.Errorf("the other namespace is named by\n%s", text)
		}
	}
	if len(taken) == 0 || len(second) == 0 {
		t.Errorf("they have %d and %d objects", len(taken), len(second))
	}
}
