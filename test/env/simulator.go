package env

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// The access key that a simulator starts with.
const (
	AccessKeyID     = "LTAI5tSimulator"
	AccessKeySecret = "simulator-secret"
)

// Simulator is a running bin/clb-simulator.
type Simulator struct {
	*Process

	// URL is its address, for --clb-endpoint and --sts-endpoint; a restart keeps it.
	URL string
	// CAFile is its authority, for --clb-ca-file.
	CAFile string

	client *http.Client
}

// SimulatedCertificate is a certificate in GET /state.
type SimulatedCertificate struct {
	ID            string            `json:"id"`
	Name          string            `json:"name"`
	Account       string            `json:"account"`
	Region        string            `json:"region"`
	ResourceGroup string            `json:"resourceGroup"`
	Tags          map[string]string `json:"tags"`
	Fingerprint   string            `json:"fingerprint"` // SHA-1 of the leaf's DER, lower-case hex with colons
	Digest        string            `json:"digest"`      // SHA-256 of the chain's DER, leaf first
	CommonName    string            `json:"commonName"`
	DNSNames      []string          `json:"dnsNames"`
	Created       time.Time         `json:"created"`
	Expires       time.Time         `json:"expires"`
}

// SimulatedLoadBalancer is a load balancer in GET /state.
type SimulatedLoadBalancer struct {
	ID      string            `json:"id"`
	Name    string            `json:"name"`
	Account string            `json:"account"`
	Region  string            `json:"region"`
	Tags    map[string]string `json:"tags"`
	Address string            `json:"address"`
	Spec    string            `json:"spec"` // empty for a shared-performance instance, which has no extensions
}

// SimulatedListener is a listener in GET /state.
type SimulatedListener struct {
	LoadBalancerID      string            `json:"loadBalancerID"`
	Port                int               `json:"port"`
	Protocol            string            `json:"protocol"` // tcp, http or https
	Status              string            `json:"status"`   // stopped or running
	ServerCertificateID string            `json:"serverCertificateID"`
	Tags                map[string]string `json:"tags"`
	Settings            map[string]string `json:"settings"` // all else that was set, by the API's names
}

// SimulatedExtension is a domain extension in GET /state.
type SimulatedExtension struct {
	ID                  string `json:"id"`
	LoadBalancerID      string `json:"loadBalancerID"`
	ListenerPort        int    `json:"listenerPort"`
	Domain              string `json:"domain"` // as it was given
	ServerCertificateID string `json:"serverCertificateID"`
}

// simulatedState is GET /state.
type simulatedState struct {
	Certificates  []SimulatedCertificate  `json:"certificates"`
	LoadBalancers []SimulatedLoadBalancer `json:"loadBalancers"`
	Listeners     []SimulatedListener     `json:"listeners"`
	Extensions    []SimulatedExtension    `json:"domainExtensions"`
}

// SimulatedCall is a call in GET /calls.
type SimulatedCall struct {
	Number          int               `json:"number"` // 1 for the first since the start
	Time            time.Time         `json:"time"`   // of the arrival
	Action          string            `json:"action"`
	Outcome         string            `json:"outcome"` // ok, the error code, or the fault
	RequestID       string            `json:"requestID"`
	Region          string            `json:"region"`
	Account         string            `json:"account"`
	AccessKeyID     string            `json:"accessKeyID"`
	UserAgent       string            `json:"userAgent"`
	Method          string            `json:"method"`
	QueryParameters []string          `json:"queryParameters"`
	FormParameters  []string          `json:"formParameters"`
	Parameters      map[string]string `json:"parameters"` // without secrets
}

// SimulatedAccessKey is what PUT /access-keys takes.
type SimulatedAccessKey struct {
	ID       string   `json:"id"`
	Secret   string   `json:"secret,omitempty"` // empty keeps the one it has
	Account  string   `json:"account"`          // digits
	Denied   []string `json:"denied,omitempty"` // actions that RAM refuses
	Inactive bool     `json:"inactive,omitempty"`
}

var listening = regexp.MustCompile(`(?m)^listening on (https://127\.0\.0\.1:\d+)$`)

// StartSimulator starts a simulator with a state of its own; flags come after
// this package's and so win over them.
func StartSimulator(tb TB, flags ...string) *Simulator {
	tb.Helper()
	folder := tb.TempDir()
	simulator := &Simulator{
		Process: &Process{
			name: "clb-simulator",
			path: Program(tb, "clb-simulator"),
			args: append([]string{
				"--dir", folder, "--access-key-id", AccessKeyID, "--access-key-secret", AccessKeySecret,
			}, flags...),
		},
		CAFile: filepath.Join(folder, "ca.crt"),
	}
	simulator.ready = simulator.awaitListening
	simulator.runFor(tb)
	return simulator
}

// awaitListening reads the first start's address and has later starts keep it.
func (s *Simulator) awaitListening(ctx context.Context) error {
	url, err := s.log.await(ctx, listening)
	if err != nil || s.URL == url {
		return err
	}
	authority, err := os.ReadFile(s.CAFile)
	if err != nil {
		return fmt.Errorf("reading the simulator's authority: %w", err)
	}
	s.URL, s.client = url, trusting(authority)
	s.args = append(s.args, "--listen", strings.TrimPrefix(url, "https://"))
	return nil
}

// Certificates are all the certificates there truly are, whatever the lists say.
func (s *Simulator) Certificates(tb TB) []SimulatedCertificate {
	tb.Helper()
	return s.state(tb).Certificates
}

// LoadBalancers are all the load balancers there are, of all accounts and regions.
func (s *Simulator) LoadBalancers(tb TB) []SimulatedLoadBalancer {
	tb.Helper()
	return s.state(tb).LoadBalancers
}

// Listeners are all the listeners there are, of all load balancers.
func (s *Simulator) Listeners(tb TB) []SimulatedListener {
	tb.Helper()
	return s.state(tb).Listeners
}

// Extensions are all the domain extensions there are, of all listeners.
func (s *Simulator) Extensions(tb TB) []SimulatedExtension {
	tb.Helper()
	return s.state(tb).Extensions
}

func (s *Simulator) state(tb TB) simulatedState {
	tb.Helper()
	var state simulatedState
	s.ask(tb, http.MethodGet, "/state", nil, &state)
	return state
}

// Calls are the calls so far, oldest first; with names, only those of these
// actions. Its log begins anew when the simulator is started again.
func (s *Simulator) Calls(tb TB, actions ...string) []SimulatedCall {
	tb.Helper()
	var all, chosen []SimulatedCall
	s.ask(tb, http.MethodGet, "/calls", nil, &all)
	for _, call := range all {
		for _, action := range actions {
			if call.Action == action {
				chosen = append(chosen, call)
			}
		}
	}
	if len(actions) == 0 {
		return all
	}
	return chosen
}

// SetFaults replaces the faults, each ACTION=CODE[:PROBABILITY], or with :x3 for
// the first three calls, :#2 for the second one alone; none clears them.
func (s *Simulator) SetFaults(tb TB, faults ...string) {
	tb.Helper()
	s.ask(tb, http.MethodPut, "/faults", append([]string{}, faults...), nil)
}

// PutAccessKey adds an access key or changes it.
func (s *Simulator) PutAccessKey(tb TB, key SimulatedAccessKey) {
	tb.Helper()
	s.ask(tb, http.MethodPut, "/access-keys", key, nil)
}

// ask sends one of the simulator's own requests: those beside the API.
func (s *Simulator) ask(tb TB, method, path string, body, answer any) {
	tb.Helper()
	if err := s.exchange(tb.Context(), method, path, body, answer); err != nil {
		tb.Fatalf("asking the simulator for %s %s: %v", method, path, err)
	}
}

func (s *Simulator) exchange(ctx context.Context, method, path string, body, answer any) error {
	content, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, method, s.URL+path, bytes.NewReader(content))
	if err != nil {
		return err
	}
	response, err := s.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("%s: %s", response.Status, bytes.TrimSpace(text))
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(text, answer)
}
