package plugin

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/creack/pty"
	"github.com/rogpeppe/go-internal/testscript"
)

// long is how old "aged" makes what is in the cloud.
const long = 30 * 24 * time.Hour

// age is "aged [EXPIRED]…": time has passed for all certificates in the cloud, and those named have
// expired. The service takes none that has, and so its state is what changes, while it is stopped.
func age(ts *testscript.TestScript, _ bool, expired []string) {
	s := of(ts)
	s.cloud.Stop(s)
	journal := filepath.Join(filepath.Dir(s.cloud.CAFile), "state.jsonl")
	text, err := os.ReadFile(journal)
	ts.Check(err)
	older, err := olderRows(text, expired)
	ts.Check(err)
	ts.Check(os.WriteFile(journal, append(text, older...), 0o600))
	s.cloud.Start(s)
}

// row is a line's part of the simulator's journal.
type row struct {
	Table string         `json:"table"`
	ID    string         `json:"id"`
	Value map[string]any `json:"value,omitempty"`
}

// olderRows is a line with the certificates of a journal, made old in the order of their names.
func olderRows(journal []byte, expired []string) ([]byte, error) {
	certificates := map[string]row{}
	for line := range bytes.Lines(journal) {
		var rows []row
		if err := json.Unmarshal(line, &rows); err != nil {
			return nil, fmt.Errorf("reading the simulator's state: %w", err)
		}
		for _, r := range rows {
			if r.Table == "certificates" {
				certificates[r.ID] = r
			}
		}
	}
	older := slices.DeleteFunc(slices.Collect(maps.Values(certificates)), func(r row) bool { return r.Value == nil }) // deleted
	slices.SortFunc(older, func(a, b row) int { return cmp.Compare(fmt.Sprint(a.Value["name"]), fmt.Sprint(b.Value["name"])) })
	for i, r := range older {
		created := time.Now().Add(-long + time.Duration(i)*time.Hour)
		r.Value["created"] = created
		if slices.Contains(expired, r.ID) {
			r.Value["expires"] = created.Add(long / 2)
		}
	}
	line, err := json.Marshal(older)
	return append(line, '\n'), err
}

// dialogue is a program that has asked something on a terminal.
type dialogue struct {
	cmd      *exec.Cmd
	terminal *os.File
	shown    bytes.Buffer
}

// dialogues are those of the scripts, by their stages.
var dialogues sync.Map

// awaitQuestion is "asked PROGRAM [ARG]…": it runs a program on a terminal until it asks.
func awaitQuestion(ts *testscript.TestScript, _ bool, args []string) {
	cmd := exec.CommandContext(of(ts).Context(), ts.MkAbs(".bin/"+args[0]), args[1:]...)
	cmd.Dir, cmd.Env = ts.MkAbs("."), environment(ts)
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 40, Cols: 200})
	ts.Check(err)
	d := &dialogue{cmd: cmd, terminal: terminal}
	part := make([]byte, 4096)
	for !strings.HasSuffix(d.shown.String(), ": ") {
		n, err := terminal.Read(part)
		d.shown.Write(part[:n])
		if err != nil {
			ts.Fatalf("it ended without a question: %s", d.shown.String())
		}
	}
	dialogues.Store(of(ts), d)
}

// giveAnswer is "[!] answer TEXT": it types a line, or ^C, and puts all that the terminal got into the file tty.
func giveAnswer(ts *testscript.TestScript, negated bool, args []string) {
	found, _ := dialogues.LoadAndDelete(of(ts))
	d, ok := found.(*dialogue)
	if !ok {
		ts.Fatalf("nothing was asked")
	}
	defer d.terminal.Close()
	_, err := d.terminal.WriteString(strings.Replace(args[0]+"\n", "^C\n", "\x03", 1))
	ts.Check(err)
	if _, err := io.Copy(&d.shown, d.terminal); err != nil && !errors.Is(err, syscall.EIO) { // EIO: the program's end has closed
		ts.Fatalf("reading the terminal: %v", err)
	}
	failure := d.cmd.Wait()
	text := strings.ReplaceAll(d.shown.String(), "\r\n", "\n")
	ts.Check(os.WriteFile(ts.MkAbs("tty"), []byte(text), 0o600))
	if (failure != nil) != negated {
		ts.Fatalf("%v\n%s", failure, text)
	}
}
