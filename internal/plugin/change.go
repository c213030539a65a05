package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/api/v1alpha1"
)

// change is a verb that changes something of each selected object.
type change struct {
	verb, done, short, example string
	// waits says that one may wait for what comes of it.
	waits bool
	// patch is what changes of an object, nil where nothing has to.
	patch func(o *v1alpha1.ServerCertificate) map[string]any
}

// fieldManager is who the API server says changed the object.
const fieldManager = client.FieldOwner("kubectl-clbcert")

// changes are the verbs.
func (a *app) changes() []change {
	suspend := func(wanted bool) func(*v1alpha1.ServerCertificate) map[string]any {
		return func(o *v1alpha1.ServerCertificate) map[string]any {
			if o.Spec.Suspend == wanted {
				return nil
			}
			return map[string]any{"spec": map[string]any{"suspend": wanted}}
		}
	}
	return []change{
		{"sync", "sync requested", "Have the manager look now, also at what is stalled", "  kubectl clbcert sync web --wait", true, func(*v1alpha1.ServerCertificate) map[string]any {
			return annotation(v1alpha1.AnnotationSyncRequestedAt, a.clock().UTC().Format(time.RFC3339Nano))
		}},
		{"suspend", "suspended", "Have the manager leave the cloud as it is", "  kubectl clbcert suspend --all -n shop", false, suspend(true)},
		{"resume", "resumed", "Have the manager go on; \"plan\" tells before what it would do", "  kubectl clbcert resume web --wait", true, suspend(false)},
	}
}

// annotation is the patch that sets one.
func annotation(name, value string) map[string]any {
	return map[string]any{"metadata": map[string]any{"annotations": map[string]any{name: value}}}
}

// changeCommands are the commands of the changes.
func (a *app) changeCommands() []*cobra.Command {
	var commands []*cobra.Command
	for _, c := range a.changes() {
		commands = append(commands, a.changeCommand(c))
	}
	return commands
}

func (a *app) changeCommand(c change) *cobra.Command {
	selected := selection{needed: true}
	var await bool
	w := waitVerb{app: a}
	command := &cobra.Command{
		Use: c.verb + " (NAME… | -l SELECTOR | --all)", Short: c.short, Example: c.example,
		ValidArgsFunction: a.completeNames,
		RunE: func(command *cobra.Command, names []string) error {
			cluster, objects, err := selected.reach(command.Context(), a, names)
			if err != nil {
				return err
			}
			if err := a.change(command.Context(), cluster, c, objects); err != nil || !await {
				return err
			}
			return w.await(command.Context(), cluster, objects)
		},
	}
	selected.flags(command)
	if c.waits {
		command.Flags().BoolVar(&await, "wait", false, "wait until every binding serves the certificate")
		w.flags(command)
	}
	return command
}

// change changes each object, and tells so; one that can't be is no reason to leave the others.
func (a *app) change(ctx context.Context, c *cluster, how change, objects []v1alpha1.ServerCertificate) error {
	var failures []error
	for i := range objects {
		o := &objects[i]
		patch := how.patch(o)
		if patch == nil {
			fmt.Fprintf(a.Out, "%s %s already\n", a.called(o), how.done)
			continue
		}
		if err := c.patch(ctx, o, patch); err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", a.called(o), err))
			continue
		}
		fmt.Fprintf(a.Out, "%s %s\n", a.called(o), how.done)
	}
	return errors.Join(failures...)
}

// patch changes an object, and reads it back into o.
func (c *cluster) patch(ctx context.Context, o *v1alpha1.ServerCertificate, patch map[string]any) error {
	text, err := json.Marshal(patch)
	if err != nil {
		return err
	}
	return c.Patch(ctx, o, client.RawPatch(types.MergePatchType, text), fieldManager)
}

// called names an object as kubectl does.
func called(o *v1alpha1.ServerCertificate) string {
	return "servercertificate." + v1alpha1.GroupVersion.Group + "/" + o.Name
}

// called names an object with its namespace where they are of several.
func (a *app) called(o *v1alpha1.ServerCertificate) string {
	if a.spread {
		return called(o) + " -n " + o.Namespace
	}
	return called(o)
}
