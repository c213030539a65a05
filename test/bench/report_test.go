package bench

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// figure is one measured thing. Its value is a number, a text, or counts by name.
type figure struct {
	Name  string `json:"name"`
	Value any    `json:"value"`
}

// row is what was measured of one scenario.
type row struct {
	Table    string   `json:"table"`
	Scenario string   `json:"scenario"`
	Figures  []figure `json:"figures"`
}

// report is all that was measured. It is written anew after each row: a run that is ended
// leaves what it has.
type report struct {
	mu   sync.Mutex
	rows []row
}

var figures report

// record adds a row, and tells it.
func record(tb testing.TB, table, scenario string, values ...figure) {
	tb.Helper()
	figures.mu.Lock()
	figures.rows = append(figures.rows, row{table, scenario, values})
	figures.mu.Unlock()
	var told strings.Builder
	for _, f := range values {
		fmt.Fprintf(&told, "\n  %s: %s", f.Name, text(f.Value))
	}
	fmt.Printf("%s: %s%s\n", table, scenario, told.String()) // of a benchmark's log Go shows ten lines
	if err := figures.write(*results); err != nil {
		tb.Fatalf("writing the figures: %v", err)
	}
}

// write writes the table and the JSON; without a folder, or a row, nothing.
func (r *report) write(folder string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if folder == "" || len(r.rows) == 0 {
		return nil
	}
	whole, err := json.MarshalIndent(map[string]any{"machine": machine(), "rows": r.rows}, "", "  ")
	if err != nil {
		return err
	}
	return errors.Join(
		os.MkdirAll(folder, 0o755),
		os.WriteFile(filepath.Join(folder, "bench.json"), append(whole, '\n'), 0o644),
		os.WriteFile(filepath.Join(folder, "bench.md"), []byte(r.markdown()), 0o644),
	)
}

// markdown is a heading that says where it was measured, and a table for each kind of scenario.
func (r *report) markdown() string {
	var out strings.Builder
	fmt.Fprintln(&out, "# Figures")
	fmt.Fprintln(&out)
	about := machine()
	for _, name := range slices.Sorted(maps.Keys(about)) {
		fmt.Fprintf(&out, "- %s: %s\n", name, about[name])
	}
	var tables []string
	for _, one := range r.rows {
		if !slices.Contains(tables, one.Table) {
			tables = append(tables, one.Table)
		}
	}
	for _, table := range tables {
		r.table(&out, table)
	}
	return out.String()
}

func (r *report) table(out *strings.Builder, table string) {
	var columns []string
	for _, one := range r.rows {
		for _, f := range one.Figures {
			if one.Table == table && !slices.Contains(columns, f.Name) {
				columns = append(columns, f.Name)
			}
		}
	}
	fmt.Fprintf(out, "\n## %s\n\n| scenario | %s |\n|---%s|\n", table, strings.Join(columns, " | "), strings.Repeat("|---:", len(columns)))
	for _, one := range r.rows {
		if one.Table != table {
			continue
		}
		cells := make([]string, len(columns))
		for _, f := range one.Figures {
			cells[slices.Index(columns, f.Name)] = text(f.Value)
		}
		fmt.Fprintf(out, "| %s | %s |\n", one.Scenario, strings.Join(cells, " | "))
	}
}

// text is a value as a person reads it.
func text(value any) string {
	switch value := value.(type) {
	case float64:
		return number(value)
	case map[string]int:
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(value)) {
			parts = append(parts, fmt.Sprintf("%s %d", name, value[name]))
		}
		return strings.Join(parts, ", ")
	default:
		return fmt.Sprint(value)
	}
}

// number has three digits that count.
func number(value float64) string {
	switch {
	case value >= 100:
		return fmt.Sprintf("%.0f", value)
	case value >= 10:
		return fmt.Sprintf("%.1f", value)
	case value >= 1:
		return fmt.Sprintf("%.2f", value)
	default:
		return fmt.Sprintf("%.3f", value)
	}
}

// machine says where it was measured.
func machine() map[string]string {
	about := map[string]string{
		"CPUs": fmt.Sprint(runtime.NumCPU()), "Go": runtime.Version(), "system": runtime.GOOS + "/" + runtime.GOARCH,
		"latency of the cloud": latency.String(), "measured": time.Now().UTC().Format(time.DateOnly),
	}
	if model := processor(); model != "" {
		about["processor"] = model
	}
	if *commit != "" {
		about["commit"] = *commit
	}
	return about
}

// processor is the CPU's name, where the system tells it.
func processor() string {
	content, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(content)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
