package sdks

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

const (
	region  = "cn-hangzhou"
	account = "1000000000000001" // of the access key that a simulator starts with
)

var lasting = credentials{id: "LTAI5tSdks", secret: "secret-of-sdks"}

// credentials are an access key, with a token when it is a session's.
type credentials struct{ id, secret, token string }

// simulator is a running bin/clb-simulator.
type simulator struct {
	host, ca string
	folder   string
	process  *exec.Cmd
}

// The simulators are started by the first test that wants them, and serve until all tests have ended.
var (
	plain  = sync.OnceValues(func() (*simulator, error) { return start() })
	faulty = sync.OnceValues(func() (*simulator, error) { return start(faults...) })

	started struct {
		mu         sync.Mutex
		simulators []*simulator
	}
)

func start(flags ...string) (*simulator, error) {
	folder, err := os.MkdirTemp("", "clbcert-sdks-")
	if err != nil {
		return nil, err
	}
	s := &simulator{folder: folder}
	started.mu.Lock()
	started.simulators = append(started.simulators, s)
	started.mu.Unlock()
	program, err := program(folder)
	if err != nil {
		return nil, err
	}
	return s, s.serve(program, append([]string{
		"--dir", folder, "--quota", "1000", "--access-key-id", lasting.id, "--access-key-secret", lasting.secret,
	}, flags...))
}

// program is that of the folder $CLBCERT_BIN, else it is built.
func program(folder string) (string, error) {
	if bin := os.Getenv("CLBCERT_BIN"); bin != "" {
		return filepath.Join(bin, "clb-simulator"), nil
	}
	path := filepath.Join(folder, "clb-simulator")
	if output, err := exec.Command("go", "build", "-C", "../..", "-o", path, "./cmd/clb-simulator").CombinedOutput(); err != nil {
		return "", fmt.Errorf("building cmd/clb-simulator: %w\n%s", err, output)
	}
	return path, nil
}

// serve starts the program and waits for its first line.
func (s *simulator) serve(program string, args []string) error {
	var log bytes.Buffer
	cmd := exec.Command(program, args...)
	cmd.Stderr = &log
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting the simulator: %w", err)
	}
	s.process = cmd
	line, err := bufio.NewReader(stdout).ReadString('\n')
	host, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on https://")
	if !ok {
		return fmt.Errorf("starting the simulator: its first line is %q (%w)", line, errors.Join(err, cmd.Wait(), errors.New(log.String())))
	}
	ca, err := os.ReadFile(filepath.Join(s.folder, "ca.crt"))
	s.host, s.ca = host, string(ca)
	return err
}

func stopAll() error {
	var errs []error
	for _, s := range started.simulators {
		if s.process != nil && s.process.ProcessState == nil {
			errs = append(errs, s.process.Process.Signal(syscall.SIGTERM), s.process.Wait())
		}
		errs = append(errs, os.RemoveAll(s.folder))
	}
	return errors.Join(errs...)
}

// transport trusts the simulator's CA alone.
func (s *simulator) transport() *http.Transport {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM([]byte(s.ca))
	return &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
}

// call is an entry of GET /calls.
type call struct {
	Action, Outcome, RequestID, Method string
	QueryParameters, FormParameters    []string
}

// call gives the entry of a request.
func (s *simulator) call(t *testing.T, requestID string) call {
	t.Helper()
	client := &http.Client{Transport: s.transport()}
	defer client.CloseIdleConnections()
	response, err := client.Get("https://" + s.host + "/calls")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var calls []call
	if err := json.NewDecoder(response.Body).Decode(&calls); err != nil {
		t.Fatal(err)
	}
	for _, c := range calls {
		if c.RequestID == requestID {
			return c
		}
	}
	t.Fatalf("the simulator knows no request %q", requestID)
	return call{}
}

// must ends a test that can't make what it needs: must(make())(t).
func must[T any](value T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}
