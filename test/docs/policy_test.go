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

// granting is an action in a RAM policy.
var granting = regexp.MustCompile(`"(slb:[A-Za-z]+)"`)

func TestThePolicyGrantsWhatIsAskedForAndNoMore(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(root, "internal/clb/*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var asked, granted []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range action.FindAllSubmatch(text, -1) {
			asked = append(asked, "slb:"+string(found[1]))
		}
	}
	policy := readPage(t, "docs/installation.md").section(t, "## Rights in the cloud").text
	for _, found := range granting.FindAllStringSubmatch(policy, -1) {
		granted = append(granted, found[1])
	}
	slices.Sort(asked)
	slices.Sort(granted)
	if asked = slices.Compact(asked); !slices.Equal(asked, granted) {
		t.Errorf("the client asks for\n%q, the policy grants\n%q", asked, granted)
	}
}
