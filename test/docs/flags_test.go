package docs

import (
	"bytes"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/clbcert/clbcert/test/env"
)

func TestEveryFlagHasARow(t *testing.T) {
	t.Parallel()
	for program, table := range map[string]struct {
		page, heading string
		changes       string // the flag whose default is another at each start
	}{
		"manager":       {page: "docs/installation.md", heading: "## Flags"},
		"clb-simulator": {page: "docs/simulator.md", heading: "## Flags", changes: "--seed"},
	} {
		t.Run(program, func(t *testing.T) {
			t.Parallel()
			rows := readPage(t, table.page).section(t, table.heading).rows(t)
			for flag, value := range flagsOf(t, program) {
				row, ok := rows[flag]
				delete(rows, flag)
				switch {
				case !ok:
					t.Errorf("%s: no row", flag)
				case flag != table.changes && plain(row[0]) != value:
					t.Errorf("%s: the page says default %q, --help %q", flag, row[0], value)
				case row[1] == "":
					t.Errorf("%s: no meaning", flag)
				}
			}
			for flag := range rows {
				t.Errorf("%s: the page has a row, --help no such flag", flag)
			}
		})
	}
}

var (
	// flagHelp is what Go's flag package prints of one flag: its name and its usage.
	flagHelp = regexp.MustCompile(`(?m)^  -(\S+).*\n\s+(.*)$`)
	// flagDefault ends a usage, written by us or by the flag package.
	flagDefault = regexp.MustCompile(`\(default (.+)\)$`)
)

// flagsOf are a program's flags with their defaults; – stands for none.
func flagsOf(t *testing.T, program string) map[string]string {
	t.Helper()
	help, err := exec.CommandContext(t.Context(), env.Program(t, program), "--help").Output()
	if err != nil {
		t.Fatal(err)
	}
	flags := map[string]string{}
	for _, found := range flagHelp.FindAllSubmatch(help, -1) {
		value := "–"
		if written := flagDefault.FindSubmatch(found[2]); written != nil {
			value = strings.Trim(string(written[1]), `"`)
		}
		flags["--"+string(found[1])] = value
	}
	if len(flags) != bytes.Count(help, []byte("\n  -")) {
		t.Fatalf("not every flag was read:\n%s", help)
	}
	return flags
}
