// Command clb-simulator serves a strict stand-in for Alibaba Cloud's CLB and STS APIs over TLS, for tests and
// playgrounds. Its first line on stdout is the address; see internal/simulator for what it checks.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/clbcert/clbcert/internal/simulator"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(os.Stderr, "clb-simulator: %v\n", err)
		os.Exit(1)
	}
}

// run serves until ctx is done.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	options, listen, err := parseFlags(args, stdout)
	if err != nil {
		return err
	}
	options.Log = slog.New(slog.NewTextHandler(stderr, nil))
	server, err := simulator.New(options)
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", listen)
	if err != nil {
		return fmt.Errorf("listening on %s: %w", listen, err)
	}
	fmt.Fprintf(stdout, "listening on https://%s\n", listener.Addr())
	options.Log.Info("started", "seed", options.Seed, "dir", options.Dir)
	return server.Serve(ctx, listener)
}

func parseFlags(args []string, help io.Writer) (o simulator.Options, listen string, err error) {
	flags := flag.NewFlagSet("clb-simulator", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&listen, "listen", "127.0.0.1:0", "address to serve on")
	flags.StringVar(&o.Dir, "dir", "", "folder for the CA (ca.crt, made when missing) and the state; required")
	flags.StringVar(&o.AccessKeyID, "access-key-id", "", "access key that may call; required")
	flags.StringVar(&o.AccessKeySecret, "access-key-secret", "", "its secret; required")
	flags.DurationVar(&o.Latency, "latency", 0, "time added to each call")
	flags.IntVar(&o.Quota, "quota", 100, "server certificates per account and region, at least 1")
	flags.DurationVar(&o.ListLag, "list-lag", 0, "how long an upload stays out of lists and a deleted certificate in them")
	flags.DurationVar(&o.SettleTime, "settle-time", 0, "how long after a write to a listener or its extensions further ones are refused as busy, and an unbound certificate can't be deleted")
	flags.IntVar(&o.ExtensionLimit, "extension-limit", 3, "domain extensions per HTTPS listener, at least 1")
	flags.DurationVar(&o.SessionLimit, "session-limit", 0, "how long a role's session lasts at most, whatever is asked for")
	flags.Func("fault", "ACTION[@ACCESSKEYID]=CODE[:PROBABILITY] (repeatable): an error code, timeout, reset, applied-then-reset or http502; ACTION may be *",
		func(spec string) error { o.Faults = append(o.Faults, spec); return nil })
	flags.Uint64Var(&o.Seed, "seed", uint64(time.Now().UnixNano()), "of faults and list orders")
	if err = flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			flags.SetOutput(help)
			flags.Usage()
		}
		return o, listen, err
	}
	switch {
	case flags.NArg() > 0:
		err = fmt.Errorf("unknown argument %q", flags.Arg(0))
	case o.Quota < 1 || o.ExtensionLimit < 1:
		err = errors.New("--quota and --extension-limit must be at least 1")
	}
	return o, listen, err
}
