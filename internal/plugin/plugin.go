// Package plugin is "kubectl clbcert": it shows the way of a certificate from cert-manager to
// the listener, says what is wrong and what mends it, and asks the controller to act. Of the
// cluster it writes nothing but ServerCertificates (annotations, spec.suspend); of the cloud it deletes,
// after asking, what nobody uses. No private key leaves the memory that it was read into.
package plugin

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/clbcert/clbcert/internal/version"
)

// The exit codes, as those of "kubectl diff".
const (
	exitDone = iota
	// exitNo is the answer no: something isn't in order.
	exitNo
	// exitFailed says that it couldn't be done or told.
	exitFailed
)

// app is what all verbs share.
type app struct {
	genericiooptions.IOStreams
	// config are kubectl's own flags.
	config *genericclioptions.ConfigFlags
	// cloud are the flags that say how to reach the cloud.
	cloud cloudFlags
	clock func() time.Time
	// spread says that objects of several namespaces are meant.
	spread bool
}

// no is an answer: the command could tell, and it isn't in order.
type no struct{ text string }

// Error is the answer's one line, "" where all was said.
func (n no) Error() string { return n.text }

// nothing says that there is nothing to tell of: no fault, as with kubectl.
type nothing struct{ text string }

// Error is the one line.
func (n nothing) Error() string { return n.text }

// Run runs the plugin with its arguments, those after "kubectl clbcert", and gives the exit
// code: 0 when it is done and in order, 1 when something isn't in order, 2 when it couldn't be
// done or told.
func Run(ctx context.Context, args []string, streams genericiooptions.IOStreams) int {
	log.SetLogger(logr.Discard()) // what there is to say, a verb says
	klog.SetLogger(logr.Discard())
	a := &app{IOStreams: streams, config: genericclioptions.NewConfigFlags(true), clock: time.Now}
	command := a.command()
	command.SetArgs(args)
	command.SetIn(streams.In)
	command.SetOut(streams.Out)
	command.SetErr(streams.ErrOut)
	err := command.ExecuteContext(ctx)
	if _, answered := errors.AsType[no](err); err != nil && ctx.Err() != nil && !answered && !strings.Contains(err.Error(), "interrupted") {
		err = errors.New("interrupted") // whatever that stopped
	}
	return a.exit(err)
}

// exit tells each error in a line, and gives the exit code: an answer no where all are that.
func (a *app) exit(err error) int {
	code := exitDone
	for _, failure := range each(err) {
		if none, found := errors.AsType[nothing](failure); found {
			fmt.Fprintln(a.ErrOut, none.text)
			continue
		}
		if text := oneLine(explain(failure).Error()); text != "" {
			fmt.Fprintln(a.ErrOut, "error: "+text)
		}
		if _, answered := errors.AsType[no](failure); !answered {
			code = exitFailed
		} else if code == exitDone {
			code = exitNo
		}
	}
	return code
}

// each takes joined errors apart.
func each(err error) []error {
	joined, is := err.(interface{ Unwrap() []error })
	switch {
	case err == nil:
		return nil
	case !is:
		return []error{err}
	}
	var failures []error
	for _, failure := range joined.Unwrap() {
		failures = append(failures, each(failure)...)
	}
	return failures
}

// command is the root, with a command for each verb.
func (a *app) command() *cobra.Command {
	root := &cobra.Command{
		Use:   "kubectl-clbcert",
		Short: "See, check and mend certificates of Alibaba Cloud's Classic Load Balancer",
		Annotations: map[string]string{
			cobra.CommandDisplayNameAnnotation: "kubectl clbcert",
		},
		Version:      version.Get().String(),
		SilenceUsage: true, SilenceErrors: true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true}, // kubectl's is the one
		Args:              cobra.ArbitraryArgs,
		RunE: func(command *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("there is no verb %q: kubectl clbcert --help lists them", args[0])
			}
			return command.Help()
		},
	}
	root.SetVersionTemplate("{{.Version}}\n")
	a.config.AddFlags(root.PersistentFlags())
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		return fmt.Errorf("%w; --help lists the flags", err)
	})
	// It fails for a flag that isn't there alone.
	_ = root.RegisterFlagCompletionFunc("namespace", a.completeNamespaces)
	root.AddCommand(a.verbs()...)
	root.AddCommand(a.changeCommands()...)
	return root
}

// verbs are the commands, in the order in which one meets them.
func (a *app) verbs() []*cobra.Command {
	return []*cobra.Command{
		a.statusCommand(),
		a.checkCommand(),
		a.planCommand(),
		a.waitCommand(), a.adoptCommand(),
		a.orphansCommand(),
	}
}

// oneLine makes one line of a text, and takes out what a terminal would act on.
func oneLine(text string) string {
	return strings.Join(strings.Fields(printable(text)), " ")
}
