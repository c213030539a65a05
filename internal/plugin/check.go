package plugin

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// checkVerb is "check" without --live.
type checkVerb struct {
	*app
	output
	// cluster is nil until a Secret of it is named: files need none.
	cluster *cluster
}

func (a *app) checkCommand() *cobra.Command {
	v := &checkVerb{app: a}
	var live liveFlags
	var askListeners bool
	command := &cobra.Command{
		Use:   "check SECRET|FILE…",
		Short: "Tell whether CLB would take a pair, and all that is wrong with it; or what listeners serve",
		Long: `Tell whether CLB would take certificates and their keys, before anything is uploaded, and all that is wrong at once.

What holds a path separator, ends in .pem, .crt, .cer, .key, .yaml, .yml or .json, is - (stdin) or is there as a file, is
a file; all else is the name of a kubernetes.io/tls Secret. PEM files given together are one pair: their certificates are
its tls.crt, all other blocks its tls.key, whichever file they are in. YAML and JSON files hold manifests of Secrets.

Files are read without a cluster, and the cloud is never asked. With --live the arguments are ServerCertificates, and
what is checked is the certificate that clients are shown where their bindings lead.

Exit code 0: CLB takes all of it, perhaps with warnings. 1: it doesn't. 2: something couldn't be read.`,
		Example: `  kubectl clbcert check web-tls
  kubectl clbcert check tls.crt tls.key
  kubectl clbcert check secrets.yaml -o json
  helm template . | kubectl clbcert check -
  kubectl clbcert check --live web`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("nothing is named: give the names of Secrets or files, - for stdin, or, with --live, of ServerCertificates")
			}
			return nil
		},
		RunE: func(command *cobra.Command, args []string) error {
			if askListeners {
				return a.checkLive(command.Context(), &live, &v.output, args)
			}
			if command.Flags().Changed("address") {
				return errors.New("--address says where bindings lead: give --live, too")
			}
			return v.run(command.Context(), args)
		},
	}
	command.ValidArgsFunction = func(command *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		if askListeners {
			return a.completeNames(command, args, begun)
		}
		return a.completeSecrets(command, args, begun)
	}
	v.declare(command)
	a.cloud.flags(command)
	command.Flags().BoolVar(&askListeners, "live", false, "check what is served where the bindings of these ServerCertificates lead")
	live.flags(command)
	return command
}

// run judges all that could be read, and then tells what couldn't.
func (v *checkVerb) run(ctx context.Context, args []string) error {
	pairs, unread := v.gather(ctx, args)
	now := v.clock()
	verdicts := make([]verdict, 0, len(pairs))
	var answer error
	for _, p := range pairs {
		judged := p.judge(now)
		p.wipe()
		if !judged.Accepted {
			answer = no{}
		}
		verdicts = append(verdicts, judged)
	}
	if len(verdicts) > 0 {
		if err := v.show(verdicts, now); err != nil {
			return err
		}
	}
	if unread != nil {
		return unread
	}
	return answer
}

// gather reads what the arguments name: Secrets and manifests as they come, PEM files as one pair
// in the place of the first. The error tells of all that couldn't be read.
func (v *checkVerb) gather(ctx context.Context, args []string) (pairs []*candidate, unread error) {
	var files *candidate
	for _, argument := range args {
		found, err := v.read(ctx, argument)
		unread = errors.Join(unread, err)
		if len(found) != 1 || found[0].Kind != filesKind {
			pairs = append(pairs, found...)
			continue
		}
		if files != nil {
			files.join(found[0])
			continue
		}
		files = found[0]
		pairs = append(pairs, files)
	}
	if unread != nil && files != nil { // it may be the other half: this one would be judged for what it isn't
		files.wipe()
		pairs = slices.DeleteFunc(pairs, func(p *candidate) bool { return p == files })
	}
	return pairs, unread
}

func (v *checkVerb) read(ctx context.Context, argument string) ([]*candidate, error) {
	if isFile(argument) {
		return v.readFile(ctx, argument)
	}
	if v.cluster == nil {
		var err error
		if v.cluster, err = v.connect(); err != nil {
			return nil, err
		}
	}
	secret := &corev1.Secret{}
	switch err := v.cluster.Get(ctx, client.ObjectKey{Namespace: v.cluster.namespace, Name: argument}, secret); {
	case apierrors.IsNotFound(err):
		return nil, fmt.Errorf("there is no Secret %q in namespace %s, and no file: kubectl get secrets -n %[2]s lists them; -n chooses the namespace",
			argument, v.cluster.namespace)
	case err != nil:
		return nil, fmt.Errorf("reading Secret %s/%s: %w", v.cluster.namespace, argument, err)
	}
	return []*candidate{candidateOf(secret, "")}, nil
}
