// Command kubectl-clbcert is the kubectl plugin: "kubectl clbcert" shows the whole way of a
// certificate, checks it, and mends it.
package main

import (
	"context"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/clbcert/clbcert/internal/plugin"
)

// completer is the name by which kubectl has a plugin complete for the shell (kubectl,
// pkg/cmd/plugin): a link to this program.
const completer = "kubectl_complete-clbcert"

func main() { os.Exit(run()) }

// run works until it is done or told to end; it gives the exit code.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	args := os.Args[1:]
	if filepath.Base(os.Args[0]) == completer {
		args = append([]string{cobra.ShellCompRequestCmd}, args...)
	}
	return plugin.Run(ctx, args, genericiooptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr})
}
