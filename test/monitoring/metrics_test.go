package monitoring

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// row is a row of the table of metrics: name, type, labels.
var row = regexp.MustCompile("(?m)^\\| `(clbcert_\\w+)` \\| (\\w+) \\| ([^|]*) \\|")

// documented are the metrics that docs/monitoring.md tells: type and labels, by name.
func documented(t *testing.T) map[string]string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(root, "docs", "monitoring.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	for _, found := range row.FindAllStringSubmatch(string(page), -1) {
		labels := strings.Split(strings.ReplaceAll(found[3], "`", ""), ", ")
		slices.Sort(labels)
		rows[found[1]] = found[2] + " " + strings.Join(labels, ",")
	}
	return rows
}

// checkTable compares what is scraped with the table.
func (p prometheus) checkTable(t *testing.T) {
	t.Helper()
	told := documented(t)
	for name, is := range p.metrics(t) {
		if told[name] != is {
			t.Errorf("%s is %s; docs/monitoring.md says %q", name, is, told[name])
		}
		delete(told, name)
	}
	for name := range told {
		t.Errorf("docs/monitoring.md tells of %s, which nobody serves", name)
	}
}

// metrics are those of clbcert that were scraped: type and labels, by name.
func (p prometheus) metrics(t *testing.T) map[string]string {
	t.Helper()
	var metadata struct {
		Data map[string][]struct{ Type string }
	}
	response, err := http.Get(p.url + "/api/v1/metadata")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&metadata); err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for name, kinds := range metadata.Data {
		if strings.HasPrefix(name, "clbcert_") {
			all[name] = kinds[0].Type + " " + strings.Join(p.labels(t, name), ",")
		}
	}
	return all
}

// targetLabels come from the scrape, le from a histogram.
var targetLabels = []string{"__name__", "job", "instance", "service", "endpoint", "le"}

// labels are the metric's own labels. The target has a namespace, too: that of an object is
// known by a name beside it.
func (p prometheus) labels(t *testing.T, name string) []string {
	t.Helper()
	samples, err := p.query(t, `{__name__=~"`+name+`(_bucket)?"}`)
	if err != nil || len(samples) == 0 {
		t.Fatalf("%s: %d samples, %v", name, len(samples), err)
	}
	var labels []string
	for label := range samples[0].Labels {
		byTarget := slices.Contains(targetLabels, label) || label == "namespace" && samples[0].Labels["name"] == ""
		if !byTarget {
			labels = append(labels, label)
		}
	}
	slices.Sort(labels)
	return labels
}
