package plugin

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/creack/pty"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/clbcert/clbcert/test/env"
)

// makePlain is "plain [FILE]": it writes FILE, by default the last command's stdout, to the file
// out, with what differs from run to run replaced: IDs by what they are and a number in the order in
// which the script met them, times and ages by DATE and AGE. Several blanks become two.
func makePlain(ts *testscript.TestScript, _ bool, args []string) {
	file := "stdout"
	if len(args) > 0 {
		file = args[0]
	}
	text := ts.ReadFile(file)
	ts.Check(os.WriteFile(ts.MkAbs("out"), []byte(of(ts).plain(text)), 0o600))
}

// changing are the things that differ from run to run.
var changing = []struct {
	form    *regexp.Regexp
	name    string
	counted bool
}{
	{regexp.MustCompile(`\b\d{10}_[0-9a-f]+_-?\d+_-?\d+`), "CERT", true},
	{regexp.MustCompile(`\blb-[0-9a-z]{20}\b`), "LB", true},
	{regexp.MustCompile(`\b[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}\b`), "REQUEST", false},
	{regexp.MustCompile(`\b[0-9a-f]{64}\b`), "DIGEST", true},
	{regexp.MustCompile(`\b[0-9a-f]{8}\b`), "SHORT", true}, // of a digest, also in the names of certificates
	{regexp.MustCompile(`\b[0-9a-f]{2}(:[0-9a-f]{2}){19}\b`), "FINGERPRINT", true},
	{regexp.MustCompile(`\b\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?Z)?`), "DATE", false},
	{regexp.MustCompile(`\b198\.1[89]\.\d+\.\d+\b`), "ADDRESS", true},
	{regexp.MustCompile(`127\.0\.0\.1:\d+`), "127.0.0.1:PORT", false},
	{regexp.MustCompile(`(^|[^\w\[;-])(\d+(y|d|h|m|s|ms))+\b`), "${1}AGE", false},
	{regexp.MustCompile(`([!-~]) {2,}([!-~])`), "$1  $2", false},
	{regexp.MustCompile(`-[0-9a-f]{8}\b`), "-HASH", false},
}

// plain replaces them. What an ID is called stays the same throughout the script.
func (s *stage) plain(text string) string {
	if s.names == nil {
		s.names = map[string]string{}
	}
	text = strings.ReplaceAll(text, s.namespace, "NAMESPACE") // first: it may look like anything
	for _, c := range changing {
		if !c.counted {
			text = c.form.ReplaceAllString(text, c.name)
			continue
		}
		text = c.form.ReplaceAllStringFunc(text, func(found string) string {
			if s.names[found] == "" {
				s.counts[c.name]++
				s.names[found] = fmt.Sprintf("%s-%d", c.name, s.counts[c.name])
			}
			return s.names[found]
		})
	}
	return text
}

// runOnTerminal is "[!] terminal WIDTH PROGRAM [ARG]…": it runs a program on a pseudo-terminal of
// that width and 40 lines, and puts what the terminal got into the file tty, with ESC as ^[.
func runOnTerminal(ts *testscript.TestScript, negated bool, args []string) {
	width, err := strconv.ParseUint(args[0], 10, 16)
	ts.Check(err)
	path, err := exec.LookPath(args[1])
	if err != nil { // by the script's PATH
		path = ts.MkAbs(".bin/" + args[1])
	}
	cmd := exec.CommandContext(of(ts).Context(), path, args[2:]...)
	cmd.Dir, cmd.Env = ts.MkAbs("."), environment(ts)
	shown, failure := onTerminal(cmd, uint16(width))
	text := strings.NewReplacer("\r\n", "\n", "\x1b", "^[").Replace(shown)
	ts.Check(os.WriteFile(ts.MkAbs("tty"), []byte(text), 0o600))
	if (failure != nil) != negated {
		ts.Fatalf("%s: %v\n%s", strings.Join(args[1:], " "), failure, text)
	}
}

// onTerminal gives what a program writes on a terminal.
func onTerminal(cmd *exec.Cmd, width uint16) (string, error) {
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 40, Cols: width})
	if err != nil {
		return "", err
	}
	defer terminal.Close()
	var shown bytes.Buffer
	if _, err := io.Copy(&shown, terminal); err != nil && !errors.Is(err, syscall.EIO) { // EIO: the program's end has closed
		return shown.String(), err
	}
	return shown.String(), cmd.Wait()
}

// environment is the script's.
func environment(ts *testscript.TestScript) []string {
	var variables []string
	for _, name := range append([]string{"PATH", "HOME", "KUBECONFIG", "KUBECACHEDIR", "TERM", "NO_COLOR"}, passed...) {
		variables = append(variables, name+"="+ts.Getenv(name))
	}
	return variables
}

// awaitText is "waitfor FILE TEXT": until a program in the background has written the text.
func awaitText(ts *testscript.TestScript, _ bool, args []string) {
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for limit := time.Now().Add(env.Patience); ; <-ticker.C {
		text, err := os.ReadFile(ts.MkAbs(args[0]))
		switch {
		case err == nil && strings.Contains(string(text), args[1]):
			return
		case time.Now().After(limit):
			ts.Fatalf("%s has no %q: %v\n%s", args[0], args[1], err, text)
		}
	}
}
