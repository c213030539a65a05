package docs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/clbcert/clbcert/api/v1alpha1"
)

func TestEveryReasonHasARow(t *testing.T) {
	t.Parallel()
	rows := readPage(t, "docs/troubleshooting.md").section(t, "## Reasons").rows(t)
	for _, value := range constants(t, "Reason") {
		reason := v1alpha1.Reason(value)
		row, ok := rows[value]
		delete(rows, value)
		if !ok || len(row) != 4 {
			t.Errorf("%s: want a row of four more cells, got %q", reason, row)
			continue
		}
		if stalls := map[bool]string{true: "yes", false: "no"}[reason.Stalls()]; row[0] != stalls {
			t.Errorf("%s: the row says stalled %q, the code %q", reason, row[0], stalls)
		}
		if slices.Contains(row, "") {
			t.Errorf("%s: a cell is empty", reason)
		}
	}
	for reason := range rows {
		t.Errorf("%s: the page has a row, the code no such reason", reason)
	}
}

func TestEveryConditionHasARow(t *testing.T) {
	t.Parallel()
	rows := readPage(t, "docs/status.md").section(t, "## Conditions").rows(t)
	for _, value := range constants(t, "Condition") {
		if _, ok := rows[value]; !ok {
			t.Errorf("%s: no row", value)
		}
		delete(rows, value)
	}
	for condition := range rows {
		t.Errorf("%s: the page has a row, the code no such condition", condition)
	}
}

// constants are the values of reasons.go's constants of that prefix.
func constants(t *testing.T, prefix string) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, "api/v1alpha1/reasons.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var values []string
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok || len(spec.Names) != 1 || len(spec.Values) != 1 || !strings.HasPrefix(spec.Names[0].Name, prefix) {
			return true
		}
		if literal, ok := spec.Values[0].(*ast.BasicLit); ok {
			value, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Fatal(err)
			}
			values = append(values, value)
		}
		return true
	})
	if len(values) == 0 {
		t.Fatalf("reasons.go has no constant %s…", prefix)
	}
	return values
}
