package docs

import (
	"slices"
	"testing"

	"github.com/clbcert/clbcert/internal/clberr"
)

func TestEveryCodeHasARow(t *testing.T) {
	t.Parallel()
	rows := readPage(t, "docs/errors.md").section(t, "## Codes").rows(t)
	for _, code := range clberr.Codes() {
		want := []string{string(code.Match), string(code.Class), string(code.Reason), code.Advice}
		row, ok := rows[code.Code]
		delete(rows, code.Code)
		if !ok {
			t.Errorf("%s: no row", code.Code)
			continue
		}
		for i := range row {
			row[i] = plain(row[i])
		}
		if !slices.Equal(row, want) {
			t.Errorf("%s: the page says\n%q, the code\n%q", code.Code, row, want)
		}
	}
	for code := range rows {
		t.Errorf("%s: the page has a row, the table no such code", code)
	}
}
