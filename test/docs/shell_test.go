package docs

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/clbcert/clbcert/test/env"
)

// command is a line that a page has people type.
type command struct {
	text   string
	shows  bool   // whether the page shows an output, be it none
	output string // as the page shows it
}

// commands are the commands of the page's sh and console blocks, in order.
func (p page) commands() []command {
	var all []command
	for block := range strings.SplitSeq(p.text, "```\n") {
		_, shell, isShell := strings.Cut(block, "```sh\n")
		_, session, isSession := strings.Cut(block, "```console\n")
		switch {
		case isShell:
			all = append(all, shellCommands(shell)...)
		case isSession:
			all = append(all, sessionCommands(session)...)
		}
	}
	return all
}

// shellCommands are those of a sh block: a line each, or more with a backslash at the end.
func shellCommands(block string) []command {
	var all []command
	for line := range strings.SplitSeq(strings.ReplaceAll(block, "\\\n", " "), "\n") {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			all = append(all, command{text: line})
		}
	}
	return all
}

// sessionCommands are those of a console block: after a $ each, with what it writes below.
// A line with # is told by the page, not by the command.
func sessionCommands(block string) []command {
	var all []command
	for line := range strings.SplitSeq(strings.ReplaceAll(block, "\\\n", " "), "\n") {
		text, typed := strings.CutPrefix(line, "$ ")
		switch {
		case typed:
			all = append(all, command{text: text, shows: true})
		case len(all) > 0 && !strings.HasPrefix(line, "# "):
			all[len(all)-1].output += line + "\n"
		}
	}
	return all
}

// terminal is where a page's commands are typed: a folder with the tree's manifests, and
// the cluster's kubectl.
type terminal struct {
	*testing.T
	cluster *env.Cluster
	folder  string
	// stands tells what stands in the page for what is made anew for each test.
	stands map[string]string
	// instead are commands, by their beginning, that can't run here: what is done in their place.
	instead map[string]func()
	// after are commands, by their beginning, after which something else happens in the world.
	after map[string]func()
}

// play runs the page's commands and compares what they write.
func (t *terminal) play(p page) {
	t.Helper()
	commands, done := p.commands(), map[string]bool{}
	if len(commands) == 0 {
		t.Fatalf("%s has no command", p.name)
	}
	for _, c := range commands {
		if beginning := begins(c.text, t.instead); beginning != "" {
			done[beginning] = true
			t.instead[beginning]()
			continue
		}
		t.check(c, t.run(c.text))
		if beginning := begins(c.text, t.after); beginning != "" {
			done[beginning] = true
			t.after[beginning]()
		}
	}
	for _, expected := range []map[string]func(){t.instead, t.after} {
		for beginning := range expected {
			if !done[beginning] {
				t.Errorf("%s has no command %s … any more", p.name, beginning)
			}
		}
	}
}

// begins is the key that the command begins with.
func begins(text string, by map[string]func()) string {
	for beginning := range by {
		if strings.HasPrefix(text, beginning) {
			return beginning
		}
	}
	return ""
}

// run types a command and gives what it writes. Its failure ends the test.
func (t *terminal) run(text string) string {
	t.Helper()
	for in, made := range t.stands {
		text = strings.ReplaceAll(text, in, made)
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-c", text)
	cmd.Dir = t.folder
	cmd.Env = append(t.cluster.KubectlEnv(), "PATH="+filepath.Dir(t.cluster.KubectlPath())+":"+filepath.Dir(env.Program(t, "kubectl-clbcert"))+":/usr/bin:/bin", "HOME="+t.folder)
	output, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("$ %s\n%s%v", text, output, err)
	}
	t.Logf("$ %s\n%s", text, output)
	return string(output)
}

// check compares an output with the page's.
func (t *terminal) check(c command, output string) {
	t.Helper()
	got, want := normal(output), normal(c.output)
	// A line with … stands for any lines.
	like := strings.ReplaceAll(regexp.QuoteMeta(want), "…", "(?s:.*)")
	if c.shows && !regexp.MustCompile("^"+like+"$").MatchString(got) {
		t.Errorf("$ %s\nwrites\n%s\nthe page says\n%s", c.text, got, want)
	}
}

// changing is what differs from one run to the next: the name that stands for it.
var changing = []struct {
	pattern *regexp.Regexp
	name    string
}{
	{regexp.MustCompile(`\b\d+_[0-9a-f]+_-?\d+_-?\d+`), "<certificate>"},
	{regexp.MustCompile(`\blb-[0-9a-z]+`), "<load balancer>"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`), "<time>"},
	{regexp.MustCompile(`\b([0-9a-f]{2}:){19}[0-9a-f]{2}\b`), "<fingerprint>"},
	{regexp.MustCompile(`\b\d{4}-\d\d-\d\d\b`), "<day>"},
	{regexp.MustCompile(`\b(\d+(y|d|h|m|s|ms))+\b`), "<age>"},
	{regexp.MustCompile(`[ \t]+`), " "}, // columns are as wide as their values
	{regexp.MustCompile(`(?m) $`), ""},
}

// normal is an output without what changes.
func normal(output string) string {
	for _, c := range changing {
		output = c.pattern.ReplaceAllString(output, c.name)
	}
	return strings.TrimSpace(output)
}
