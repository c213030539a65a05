package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// action is an action that internal/clb asks the CLB API for.
var action = regexp.MustCompile(
	`"((?:Upload|Describe|Delete|Set|Tag|Untag|Move|Create|List)[A-Za-z]*(?:Certificate|Resource|Listener|Extension|Balancer)[A-Za-z]*)"`)

// stsAction is one that internal/clb asks STS for.
var stsAction = regexp.MustCompile(`"((?:Assume|Get)[A-Za-z]*(?:Role|RoleWith[A-Za-z]+|Identity))"`)

var (
	// granting is an action in a RAM policy.
	granting = regexp.MustCompile(`"((?:slb|sts):[A-Za-z]+)"`)
	// needless is an action of which the page says that it needs no grant.
	needless = regexp.MustCompile("`(sts:[A-Za-z]+)` needs no\\s+grant")
)

// features are the headings that have a policy each.
var features = []string{"### Uploads", "### Changes in place", "### Bindings", "### Roles"}

func TestThePolicyGrantsWhatIsAskedForAndNoMore(t *testing.T) {
	t.Parallel()
	asked := slices.Concat(
		asks(t, "internal/clb/*.go", action, "slb:"),
		asks(t, "internal/clb/*.go", stsAction, "sts:"), asks(t, "internal/clb/credentials/*.go", stsAction, "sts:"))
	page := readPage(t, "docs/ram-policies.md")
	section := page.section(t, "## By feature")
	granted, ofFeatures := found(granting, section.text), 0
	for _, heading := range features {
		actions := found(granting, section.section(t, heading).text)
		if ofFeatures += len(actions); len(actions) == 0 {
			t.Errorf("%s grants nothing", heading)
		}
	}
	if ofFeatures != len(granted) {
		t.Errorf("%d actions are granted, %d of them under a feature", len(granted), ofFeatures)
	}
	granted = append(granted, found(needless, page.text)...)
	slices.Sort(asked)
	slices.Sort(granted)
	if asked = slices.Compact(asked); !slices.Equal(asked, granted) {
		t.Errorf("the client asks for\n%q, the policies grant\n%q", asked, granted)
	}
}

// asks are the actions that the files of a room ask for.
func asks(t *testing.T, pattern string, action *regexp.Regexp, prefix string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, pattern))
	if err != nil {
		t.Fatal(err)
	}
	var asked []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range found(action, string(text)) {
			asked = append(asked, prefix+name)
		}
	}
	return asked
}

// found are the first groups of all matches.
func found(pattern *regexp.Regexp, text string) []string {
	var groups []string
	for _, match := range pattern.FindAllStringSubmatch(text, -1) {
		groups = append(groups, match[1])
	}
	return groups
}
