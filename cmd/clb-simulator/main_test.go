package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestBadFlagsAreOneLine(t *testing.T) {
	t.Parallel()
	key := []string{"--access-key-id", "a", "--access-key-secret", "b"}
	for sentence, c := range map[string]struct {
		args []string
		want string
	}{
		"an unknown flag":         {[]string{"--foo"}, "flag provided but not defined: -foo"},
		"an argument":             {[]string{"serve"}, `unknown argument "serve"`},
		"no folder":               {key, "--dir"},
		"no access key":           {[]string{"--dir", t.TempDir()}, "--access-key-id"},
		"a quota of 0":            {append(key, "--quota", "0"), "--quota"},
		"a latency that is none":  {append(key, "--latency", "soon"), `invalid value "soon" for flag -latency`},
		"a negative lag":          {append(key, "--dir", t.TempDir(), "--list-lag", "-1s"), "--list-lag"},
		"a negative settle time":  {append(key, "--dir", t.TempDir(), "--settle-time", "-1s"), "--settle-time"},
		"a fault of no action":    {append(key, "--dir", t.TempDir(), "--fault", "Upload=reset"), `fault "Upload=reset"`},
		"an address that is none": {append(key, "--dir", t.TempDir(), "--listen", "127.0.0.1:x"), "listening on 127.0.0.1:x"},
	} {
		err := run(t.Context(), c.args, io.Discard, io.Discard)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", sentence, err)
		}
	}
}

func TestFirstLineIsTheAddress(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	ended := make(chan error, 1)
	var log bytes.Buffer
	go func() {
		ended <- run(ctx, []string{"--dir", filepath.Join(t.TempDir(), "made"), "--access-key-id", "a", "--access-key-secret", "b",
			"--latency", "1ms", "--list-lag", "1s", "--settle-time", "1s", "--quota", "5", "--seed", "3", "--fault", "*=Throttling:0.5", "--fault", "DescribeRegions=reset"}, in, &log)
	}()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !regexp.MustCompile(`^listening on https://127\.0\.0\.1:\d+\n$`).MatchString(line) {
		t.Errorf("the first line is %q (%v)", line, err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("it ends with %v", err)
	}
	if !strings.Contains(log.String(), "seed=3") {
		t.Errorf("the log doesn't tell the seed: %s", log.String())
	}
}
