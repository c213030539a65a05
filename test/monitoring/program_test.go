package monitoring

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/clbcert/clbcert/test/env"
)

// root is the source tree, seen from this package.
const root = "../.."

// tool is the path of promtool, prometheus or alertmanager: in the folder $CLBCERT_TOOLS, else
// where "make monitoring-tools" puts them.
func tool(t *testing.T, name string) string {
	t.Helper()
	folder := os.Getenv("CLBCERT_TOOLS")
	if folder == "" {
		folder = filepath.Join(root, ".bin")
	}
	path, err := filepath.Abs(filepath.Join(folder, name))
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		t.Fatalf("%v: run \"make monitoring-tools\", or set CLBCERT_TOOLS to the folder that has it", err)
	}
	return path
}

// journal is what a program wrote so far.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write takes a piece of output.
func (j *journal) Write(text []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(text)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// listening is how Prometheus and Alertmanager tell the port that they were given.
var listening = regexp.MustCompile(`msg="Listening on" .*address=(127\.0\.0\.1:\d+)`)

// serve starts a program in a folder of its own, waits until it listens, and gives its URL. It
// ends with the test.
func serve(t *testing.T, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	cmd := exec.CommandContext(ctx, tool(t, name), append(args, "--web.listen-address=127.0.0.1:0")...)
	cmd.Dir = t.TempDir()
	cmd.Env = []string{} // no proxy between programs on loopback
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = env.Patience
	log := &journal{}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatalf("starting %s: %v", name, err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; t.Failed() {
			t.Logf("%s ended: %v; its log:\n%s", name, err, log)
		}
	})
	var address string
	eventually(t, name+" to listen", func() error {
		found := listening.FindStringSubmatch(log.String())
		if found == nil {
			return errors.New("it doesn't yet")
		}
		address = found[1]
		return nil
	})
	return "http://" + address
}

// eventually asks, for env.Patience at most, until there is no error. What other programs come
// to, they don't tell.
func eventually(t *testing.T, what string, ask func() error) {
	t.Helper()
	within(t, env.Patience, what, ask)
}

func within(t *testing.T, limit time.Duration, what string, ask func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		err := ask()
		if err == nil {
			return
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			t.Fatalf("waiting %s for %s: %v", limit, what, err)
		}
	}
}

// writeFile writes a file into a folder that goes with the test, and gives its path.
func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
