// Command demo shows the main job on a real API server: a kubernetes.io/tls
// Secret becomes a CLB server certificate, its ID and expiry stand in the status
// of a ServerCertificate, and the renewed Secret becomes a new certificate.
//
// It starts kube-apiserver, etcd, the simulator and the manager on the loopback
// interface, runs the shell commands that it shows, and ends all again. With
// --playground it leaves them running until Ctrl-C. With --cert-manager it is cert-manager
// that issues and renews. It reaches no cloud.
package main

import (
	"context"
	"flag"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	playground := flag.Bool("playground", false, "leave everything running until Ctrl-C")
	certManager := flag.String("cert-manager", "", "have cert-manager's controllers issue and renew: the path of hack/certmanager's program")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	stage := newStage(ctx)
	code := stage.play(func() {
		demo := newDemo(stage)
		if *certManager != "" {
			demo.certManagerJob(*certManager)
			return
		}
		demo.mainJob()
		if *playground {
			demo.leaveRunning()
		}
	})
	stop()
	os.Exit(code)
}
