// Command certmanager runs cert-manager's own controllers, from its Go module, for tests and
// the demo: those that issue and renew Certificates from CA and ACME issuers. It has no
// webhook, and so takes durations that the webhook refuses: seconds instead of an hour.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/klog/v2"

	"github.com/cert-manager/cert-manager/pkg/controller"

	// What is imported is run.
	_ "github.com/cert-manager/cert-manager/pkg/controller/acmechallenges"
	_ "github.com/cert-manager/cert-manager/pkg/controller/acmeorders"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/acme"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/approver"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/ca"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/issuing"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/keymanager"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/readiness"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/requestmanager"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/revisionmanager"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/trigger"
	_ "github.com/cert-manager/cert-manager/pkg/controller/issuers"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/acme"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/ca"
)

// workers is how many objects each controller works on at a time.
const workers = 5

// grace is how long what is under way may take after the end was asked for: the check of a
// DNS-01 record waits out a minute, whatever is asked.
const grace = 2 * time.Second

func main() {
	kubeconfig := flag.String("kubeconfig", "", "the file with the way to the API server")
	namespace := flag.String("namespace", "", "the only namespace to look at; default all")
	nameserver := flag.String("dns01-nameserver", "", "HOST:PORT of the only nameserver that is asked whether a DNS-01 record is there")
	untilEOF := flag.Bool("until-eof", false, "end with the standard input too, so with whoever holds its other end")
	klog.InitFlags(nil)
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if *untilEOF {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin) // its end is the message
			stop()
		}()
	}
	if err := run(ctx, options(*kubeconfig, *namespace, *nameserver)); err != nil {
		fmt.Fprintln(os.Stderr, "certmanager:", err)
		os.Exit(1)
	}
}

// run runs all controllers until the context ends.
func run(ctx context.Context, options controller.ContextOptions) error {
	factory, err := controller.NewContextFactory(ctx, options)
	if err != nil {
		return err
	}
	shared, err := factory.Build()
	if err != nil {
		return err
	}
	group, running := errgroup.WithContext(ctx)
	for name, construct := range controller.Known() {
		loop, err := construct(factory)
		if err != nil {
			return fmt.Errorf("making %s: %w", name, err)
		}
		group.Go(func() error { return loop.Run(workers, running) })
	}
	shared.SharedInformerFactory.Start(running.Done())
	shared.KubeSharedInformerFactory.Start(running.Done())
	shared.HTTP01ResourceMetadataInformersFactory.Start(running.Done())
	fmt.Println("cert-manager's controllers are running")
	var failure error
	ended := make(chan struct{})
	go func() {
		failure = group.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-ctx.Done():
	}
	if ctx.Err() == nil {
		return failure
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-ended: // what is asked to end while it starts complains, which is no error
	case <-timer.C:
	}
	return nil
}

// options are cert-manager's defaults but where a comment says why not.
func options(kubeconfig, namespace, nameserver string) controller.ContextOptions {
	options := controller.ContextOptions{
		Kubeconfig:         kubeconfig,
		Namespace:          namespace,
		KubernetesAPIQPS:   20,
		KubernetesAPIBurst: 50,
		IssuerOptions:      controller.IssuerOptions{ClusterResourceNamespace: "kube-system"},
		ACMEOptions: controller.ACMEOptions{
			DNS01CheckAuthoritative: true,
			DNS01CheckRetryPeriod:   time.Second, // instead of 10 s: a loopback DNS server answers at once
		},
		CertificateOptions: controller.CertificateOptions{
			CertificateRequestMinimumBackoffDuration: time.Hour,
			CertificateRequestMaximumBackoffDuration: 32 * time.Hour,
		},
		SchedulerOptions: controller.SchedulerOptions{MaxConcurrentChallenges: 60},
	}
	if nameserver != "" {
		options.DNS01Nameservers = []string{nameserver}
		options.DNS01CheckAuthoritative = false // that would ask port 53
	}
	return options
}
