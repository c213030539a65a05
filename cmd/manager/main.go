// Command manager is the controller: it keeps certificates in Alibaba Cloud's
// Classic Load Balancer equal to the ServerCertificates of a cluster.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime/debug"

	"go.uber.org/zap/zapcore"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/clbcert/clbcert/internal/clb"
	"github.com/clbcert/clbcert/internal/metrics"
	"github.com/clbcert/clbcert/internal/version"
)

func main() {
	options, err := parse(os.Args[1:], os.Getenv, os.Stdout)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return
	case err == nil && options.showVersion:
		fmt.Println(version.Get())
		return
	case err == nil:
		err = run(ctrl.SetupSignalHandler(), options)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "clbcert:", err)
		os.Exit(1)
	}
}

// bodies is the level from which client-go logs what the API server answers, Secrets too: no
// flag makes the log that loud.
const bodies = zapcore.Level(-8)

// gcPercent trades some CPU time for memory, where GOGC doesn't say otherwise: what the
// manager holds is small against what passes through it.
const gcPercent = 50

// run works until the context ends.
func run(ctx context.Context, o *options) error {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if err := clb.CheckEnvironment(); err != nil {
		return err
	}
	recorder, err := metrics.New(ctrlmetrics.Registry, o.certificateQuota)
	if err != nil {
		return err
	}
	cloud, err := newCloud(o, recorder)
	if err != nil {
		return err
	}
	config, err := clusterConfig() // before there is a logger: it would tell its error twice
	if err != nil {
		return err
	}
	if level := o.log.Level; level != nil && level.Enabled(bodies) {
		o.log.Level = bodies + 1
	}
	logger := zap.New(zap.UseFlagOptions(&o.log))
	ctrl.SetLogger(logger)
	klog.SetLogger(logger)
	manager, err := newManager(ctx, o, cloud, config)
	if err != nil {
		return err
	}
	logger.Info("starting", "version", version.Get().String(), "credentials", cloud.source,
		"region", o.region, "clusterID", o.clusterID, "dryRun", o.dryRun)
	return manager.Start(ctx)
}
