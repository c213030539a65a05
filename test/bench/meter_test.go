package bench

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/clbcert/clbcert/test/env"
)

// meter counts what is done from its making on.
type meter struct {
	world    *world
	call     int           // the last one before
	requests int           // those before
	cpu      time.Duration // of the manager before
}

// meter begins to count calls and requests.
func (w *world) meter() *meter {
	w.Helper()
	m := &meter{world: w, requests: len(w.cluster.Audit(w, env.ServiceAccount))}
	if calls := w.cloud.Calls(w); len(calls) > 0 {
		m.call = calls[len(calls)-1].Number
	}
	return m
}

// timed leaves out the CPU time that a running manager has used so far.
func (m *meter) timed() *meter {
	m.world.Helper()
	m.cpu = m.world.cpu(m.world.manager.PID())
	return m
}

// calls are those to the cloud since.
func (m *meter) calls() []env.SimulatedCall {
	m.world.Helper()
	return slices.DeleteFunc(m.world.cloud.Calls(m.world), func(c env.SimulatedCall) bool {
		return c.Number <= m.call || !strings.HasPrefix(c.UserAgent, "clbcert/")
	})
}

// byAction counts calls.
func byAction(calls []env.SimulatedCall) map[string]int {
	counts := map[string]int{}
	for _, c := range calls {
		counts[c.Action]++
	}
	return counts
}

// audited are the manager's requests to the API server since, but for those about other
// namespaces than the world's.
func (m *meter) audited() []env.AuditedRequest {
	m.world.Helper()
	return slices.DeleteFunc(m.world.cluster.Audit(m.world, env.ServiceAccount)[m.requests:], func(r env.AuditedRequest) bool {
		return r.Object != nil && r.Object.Namespace != "" && r.Object.Namespace != m.world.namespace
	})
}

// byVerb counts requests, as "patch servercertificates/status".
func byVerb(requests []env.AuditedRequest) map[string]int {
	counts := map[string]int{}
	for _, r := range requests {
		what := r.Verb
		if r.Object != nil {
			what += " " + strings.TrimSuffix(r.Object.Resource+"/"+r.Object.Subresource, "/")
		}
		counts[what]++
	}
	return counts
}

// writes counts the writes of each object, by name; those that the API server refused too.
func writes(requests []env.AuditedRequest) map[string]int {
	counts := map[string]int{}
	for _, r := range requests {
		reads := r.Verb == "get" || r.Verb == "list" || r.Verb == "watch"
		if r.Object != nil && r.Object.Resource == "servercertificates" && !reads {
			counts[r.Object.Name]++
		}
	}
	return counts
}

func sum(counts map[string]int) int {
	total := 0
	for _, n := range counts {
		total += n
	}
	return total
}

// costs are the calls and requests of n certificates.
func (m *meter) costs(n int) []figure {
	m.world.Helper()
	calls, requests := m.calls(), m.audited()
	return []figure{
		{"calls to the cloud", byAction(calls)},
		{"calls per certificate", float64(len(calls)) / float64(n)},
		{"object writes per certificate", float64(sum(writes(requests))) / float64(n)},
		{"API requests per certificate", float64(len(requests)) / float64(n)},
		{"API requests", byVerb(requests)},
	}
}

// process are the manager's means so far: its memory, and its CPU time since.
func (m *meter) process() []figure {
	w := m.world
	w.Helper()
	pid := w.manager.PID()
	return []figure{
		{"CPU (s)", (w.cpu(pid) - m.cpu).Seconds()},
		{"VmRSS (MiB)", w.memory(pid, "VmRSS")},
		{"VmHWM (MiB)", w.memory(pid, "VmHWM")},
	}
}

// cpu is the CPU time of a process so far. The kernel counts hundredths of a second.
func (w *world) cpu(pid int) time.Duration {
	w.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		w.Fatalf("reading a process's CPU time (of Linux): %v", err)
	}
	// Behind the program's name, which may have blanks, come the state and the numbers:
	// user and system time are the 14th and 15th of all.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	ticks := 0
	for _, field := range fields[11:13] {
		n, err := strconv.Atoi(field)
		if err != nil {
			w.Fatalf("reading a process's CPU time: %v", err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

// memory reads a line of a process's status, in MiB.
func (w *world) memory(pid int, line string) float64 {
	w.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		w.Fatalf("reading a process's memory (of Linux): %v", err)
	}
	match := regexp.MustCompile(`(?m)^` + line + `:\s+(\d+) kB$`).FindSubmatch(status)
	if match == nil {
		w.Fatalf("a process's status has no %s", line)
	}
	kilobytes, err := strconv.Atoi(string(match[1]))
	if err != nil {
		w.Fatalf("reading a process's memory: %v", err)
	}
	return float64(kilobytes) / 1024
}

// calm waits until a process has little to do: under a twentieth of a CPU for a second.
func (w *world) calm(process *env.Process) {
	w.Helper()
	const period = time.Second
	ticker := time.NewTicker(period)
	defer ticker.Stop()
	for limit := time.Now().Add(patience); time.Now().Before(limit); {
		before := w.cpu(process.PID())
		<-ticker.C
		if w.cpu(process.PID())-before < period/20 {
			return
		}
	}
	w.Fatalf("waited %s for a process to have nothing to do", patience)
}

var (
	passesTotal = regexp.MustCompile(`(?m)^controller_runtime_reconcile_total\{[^}]*\} (\S+)$`)
	busy        = regexp.MustCompile(`(?m)^(?:controller_runtime_active_workers|workqueue_depth)\{[^}]*\} (\S+)$`)
)

// settled waits until the manager, newly started, has passed over n objects and has nothing
// more to do at once.
func (w *world) settled(n int) {
	w.Helper()
	w.poll(fmt.Sprintf("%d passes", n), func() bool {
		page := w.metrics()
		return w.total(page, passesTotal) >= n && w.total(page, busy) == 0
	})
}

// passes are how many passes the running manager has ended, by its own count.
func (w *world) passes() int {
	w.Helper()
	return w.total(w.metrics(), passesTotal)
}

// total adds up what the lines of a pattern say.
func (w *world) total(page string, lines *regexp.Regexp) int {
	w.Helper()
	total := 0.0
	for _, match := range lines.FindAllStringSubmatch(page, -1) {
		value, err := strconv.ParseFloat(match[1], 64)
		if err != nil {
			w.Fatalf("reading the metrics: %v", err)
		}
		total += value
	}
	return int(total)
}

func (w *world) metrics() string {
	w.Helper()
	request, err := http.NewRequestWithContext(w.Context(), http.MethodGet, w.manager.MetricsURL+"/metrics", http.NoBody)
	if err != nil {
		w.Fatalf("asking for the metrics: %v", err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		w.Fatalf("asking for the metrics: %v", err)
	}
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		w.Fatalf("reading the metrics: %s, %v", response.Status, err)
	}
	return string(page)
}

// poll waits until something holds that nothing tells of.
func (w *world) poll(what string, holds func() bool) {
	w.Helper()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	limit := time.Now().Add(patience)
	for !holds() {
		if time.Now().After(limit) {
			w.Fatalf("waited %s for %s", patience, what)
		}
		<-ticker.C
	}
}

// quantile is the smallest of the values that the share of all doesn't exceed.
func quantile(values []time.Duration, share float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	rank := int(math.Ceil(share*float64(len(sorted)))) - 1
	return sorted[max(rank, 0)].Seconds()
}

// spread are the median and the 99th percentile of waits.
func spread(what string, waits []time.Duration) []figure {
	return []figure{{what + " p50 (s)", quantile(waits, 0.5)}, {what + " p99 (s)", quantile(waits, 0.99)}}
}

// since are the waits from a begin to each of the times.
func since(begin time.Time, when map[string]time.Time) []time.Duration {
	var waits []time.Duration
	for _, at := range when {
		waits = append(waits, at.Sub(begin))
	}
	return waits
}
