package controller

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/clbcert/clbcert/test/env"
)

// run runs the manager until it ends by itself.
func run(t *testing.T, args, variables []string) (code int, stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), env.Patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, env.Program(t, "manager"), args...)
	cmd.Env = append([]string{"HOME=" + t.TempDir()}, variables...)
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatalf("running the manager: %v", err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), complaint.String()
}

// checkComplaint checks that the manager ends with one clear line.
func checkComplaint(t *testing.T, args, variables []string, wants ...string) {
	t.Helper()
	code, stdout, stderr := run(t, args, variables)
	if code != 1 || stdout != "" || !strings.HasPrefix(stderr, "clbcert: ") || strings.Count(stderr, "\n") != 1 {
		t.Errorf("exit code %d, want 1 and one line:\n%s%s", code, stdout, stderr)
	}
	for _, want := range wants {
		if !strings.Contains(stderr, want) {
			t.Errorf("it doesn't tell %q:\n%s", want, stderr)
		}
	}
}

var accessKey = []string{"ALIBABA_CLOUD_ACCESS_KEY_ID=LTAI5t", "ALIBABA_CLOUD_ACCESS_KEY_SECRET=secret"}

func TestBadFlagsAndVariablesEndInOneLine(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	garbage := filepath.Join(folder, "garbage")
	if err := os.WriteFile(garbage, []byte("no PEM"), 0o600); err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		args      []string
		variables []string
		wants     []string
	}{
		"an unknown flag":               {[]string{"--colour"}, accessKey, []string{"colour", "--help"}},
		"a flag without its value":      {[]string{"--region"}, accessKey, []string{"region", "--help"}},
		"a number that is none":         {[]string{"--concurrency", "many"}, accessKey, []string{"concurrency", "many"}},
		"profiles for everybody":        {[]string{"--pprof-bind-address", ":6060"}, accessKey, []string{"--pprof-bind-address", "loopback"}},
		"no worker":                     {[]string{"--concurrency", "0"}, accessKey, []string{"--concurrency", "at least 1"}},
		"a negative rate":               {[]string{"--api-qps", "-1"}, accessKey, []string{"--api-qps"}},
		"looks without a pause":         {[]string{"--served-certificate-interval", "10ms"}, accessKey, []string{"--served-certificate-interval", "10ms", "at least 1s"}},
		"a duration without a unit":     {[]string{"--resync-interval", "10"}, accessKey, []string{"resync-interval"}},
		"no time for a call":            {[]string{"--api-timeout", "0s"}, accessKey, []string{"--api-timeout"}},
		"an argument":                   {[]string{"start"}, accessKey, []string{`"start"`}},
		"a region that can't be":        {[]string{"--region", "Hangzhou"}, accessKey, []string{"--region", `"Hangzhou"`, "cn-hangzhou"}},
		"one such among --regions":      {[]string{"--regions", "cn-hangzhou,x"}, accessKey, []string{"--regions", `"x"`}},
		"a cluster id that can't be":    {[]string{"--cluster-id", "a b"}, accessKey, []string{"--cluster-id"}},
		"a binding policy of its own":   {[]string{"--binding-policy", "None"}, accessKey, []string{"--binding-policy", "Tagged or Any"}},
		"a selector that is none":       {[]string{"--watch-label-selector", "a in"}, accessKey, []string{"--watch-label-selector"}},
		"an endpoint without TLS":       {[]string{"--clb-endpoint", "http://127.0.0.1:1"}, accessKey, []string{"https"}},
		"an STS endpoint without TLS":   {[]string{"--sts-endpoint", "http://127.0.0.1:1"}, accessKey, []string{"https"}},
		"an authority that isn't there": {[]string{"--clb-ca-file", filepath.Join(folder, "none")}, accessKey, []string{"--clb-ca-file", "no such file"}},
		"an authority that is garbage":  {[]string{"--clb-ca-file", garbage}, accessKey, []string{"--clb-ca-file", garbage, "PEM"}},
		"no credentials":                {nil, nil, []string{"ALIBABA_CLOUD_ACCESS_KEY_ID"}},
		"half an access key":            {nil, accessKey[:1], []string{"ALIBABA_CLOUD_ACCESS_KEY_SECRET"}},
		"half of RRSA":                  {nil, []string{"ALIBABA_CLOUD_ROLE_ARN=acs:ram::1:role/a"}, []string{"ALIBABA_CLOUD_OIDC"}},
		"the SDK told to print all":     {nil, append([]string{"DEBUG=sdk"}, accessKey...), []string{"DEBUG", "sdk", "take it out"}},
		"no kubeconfig":                 {[]string{"--kubeconfig", filepath.Join(folder, "none")}, accessKey, []string{"kubeconfig", "no such file"}},
		"a kubeconfig that is garbage":  {[]string{"--kubeconfig", garbage}, accessKey, nil},
		"no cluster at all":             {nil, accessKey, []string{"API server"}},
	}
	for because, c := range cases {
		t.Run(because, func(t *testing.T) {
			t.Parallel()
			checkComplaint(t, c.args, c.variables, c.wants...)
		})
	}
}

func TestAClusterThatCantBeUsedEndsInOneLine(t *testing.T) {
	t.Parallel()
	cluster := env.StartCluster(t)
	args := []string{"--kubeconfig", cluster.ManagerKubeconfig, "--region", env.Region}
	cluster.Kubectl(t, "delete", "crd", "servercertificates.clbcert.dev")
	checkComplaint(t, args, accessKey, cluster.Config.Host, "has no ServerCertificates", "config/crd")
	cluster.APIServer.Kill(t)
	checkComplaint(t, args, accessKey, cluster.Config.Host, "connection refused")
}

func TestHelpAndVersionArePrinted(t *testing.T) {
	t.Parallel()
	for flag, want := range map[string]string{"--help": "-consistency-window", "--version": "clbcert "} {
		code, stdout, stderr := run(t, []string{flag}, nil)
		if code != 0 || stderr != "" || !strings.Contains(stdout, want) {
			t.Errorf("%s: exit code %d\n%s%s", flag, code, stdout, stderr)
		}
	}
}
