package docs

import (
	"reflect"
	"strings"
	"testing"

	"github.com/clbcert/clbcert/api/v1alpha1"
)

func TestEveryFieldOfTheStatusHasARow(t *testing.T) {
	t.Parallel()
	rows := readPage(t, "docs/status.md").section(t, "## Fields").rows(t)
	for _, field := range fields(reflect.TypeFor[v1alpha1.ServerCertificateStatus](), "") {
		if _, ok := rows[field]; !ok {
			t.Errorf("%s: no row", field)
		}
		delete(rows, field)
	}
	for field := range rows {
		t.Errorf("%s: the page has a row, the code no such field", field)
	}
}

// fields are the JSON paths of a struct's fields, those of the API's own structs
// below it included; [] marks a list's items. Targets and conditions are told elsewhere.
func fields(of reflect.Type, prefix string) []string {
	var names []string
	for field := range of.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		name = prefix + name
		inner := field.Type
		if inner.Kind() == reflect.Pointer || inner.Kind() == reflect.Slice {
			inner = inner.Elem()
		}
		if field.Type.Kind() == reflect.Slice && inner.Kind() == reflect.Struct {
			name += "[]"
		}
		own := inner.Kind() == reflect.Struct && inner.PkgPath() == of.PkgPath()
		if own && !strings.HasSuffix(inner.Name(), "Target") {
			names = append(names, fields(inner, name+".")...)
			continue
		}
		names = append(names, name)
	}
	return names
}
