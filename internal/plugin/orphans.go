package plugin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/clb"
)

// orphansVerb is "orphans".
type orphansVerb struct {
	*app
	output
	// regions are those to look at; named says that somebody named them.
	regions []string
	named   bool
	// remove, untagged and yes are the flags: what to delete, and whether without a question.
	remove, untagged, yes bool

	cluster *cluster
	used    clusterID
	account *clb.Account
	// purse says whose account that is, in words.
	purse string
}

func (a *app) orphansCommand() *cobra.Command {
	v := &orphansVerb{app: a}
	command := &cobra.Command{
		Use:   "orphans [--delete]",
		Short: "List certificates in the cloud that nobody cleans up, and delete them after a question",
		Long: `List certificates in the cloud that nobody cleans up:

- those with this cluster's tag whose ServerCertificate is gone. One with deletionPolicy Retain leaves its certificates so on
  purpose: nothing tells these from others, so read the list before you delete;
- those without the tag of any cluster that have expired, or that nothing uses.

Those of other clusters are counted, and left alone. So is what is younger than a minute.

It needs credentials of the cloud in the environment, whose account alone it looks at, and the right to list
ServerCertificates in all namespaces. To find what is used it describes each HTTPS listener, with --delete once more before
each deletion.

--delete deletes those of this cluster that no listener, domain extension, Service's annotation or ServerCertificate uses.
With --untagged it also deletes those of nobody that have expired, are used by nothing and carry no tag but the cloud's own.`,
		Example: `  kubectl clbcert orphans
  kubectl clbcert orphans --regions cn-hangzhou,cn-beijing -o wide
  kubectl clbcert orphans --delete
  kubectl clbcert orphans --delete --untagged --yes`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			v.used = clusterID{id: a.cloud.clusterID, typed: command.Flags().Changed("cluster-id")}
			return v.run(command.Context())
		},
	}
	v.declare(command)
	a.cloud.flags(command)
	f := command.Flags()
	f.StringSliceVar(&v.regions, "regions", nil, "regions to look at (default --region and those of all ServerCertificates)")
	f.BoolVar(&v.remove, "delete", false, "delete those of this cluster that nothing uses, after a question")
	f.BoolVar(&v.untagged, "untagged", false, "with --delete: also those of nobody that have expired, are used by nothing and carry no tag but the cloud's own")
	f.BoolVar(&v.yes, "yes", false, "with --delete: don't ask")
	return command
}

func (v *orphansVerb) run(ctx context.Context) error {
	if err := v.check(); err != nil {
		return err
	}
	if err := v.open(ctx); err != nil {
		return err
	}
	found, err := v.look(ctx, v.regions)
	if err != nil {
		return err
	}
	if v.remove {
		return v.clearUp(ctx, found)
	}
	v.warn(found)
	return v.show(found)
}

// check finds flags that don't go together.
func (v *orphansVerb) check() error {
	switch {
	case !v.remove && (v.untagged || v.yes):
		return errors.New("--untagged and --yes say what --delete does: give it, too, or leave them out")
	case v.remove && !v.forPeople():
		return errors.New("-o json and its like go without --delete: list first, then delete")
	default:
		return nil
	}
}

// open finds the account, the cluster and the regions.
func (v *orphansVerb) open(ctx context.Context) error {
	asked, err := v.openCloud()
	if err != nil {
		return err
	}
	if asked.lack != nil {
		return asked.lack
	}
	if v.cluster, err = v.connect(); err != nil {
		return err
	}
	if v.used.id == "" {
		if v.used.id, err = v.cluster.id(ctx, ""); err != nil {
			return err
		}
		v.used.unique = true
	}
	if err = v.findRegions(ctx, asked); err != nil {
		return err
	}
	if v.account, err = asked.client.Account(ctx, "own", cmp.Or(asked.region, v.regions[0]), asked.own); err != nil {
		return advised(err)
	}
	v.purse = "account " + v.account.ID()
	if v.account.ID() == "" {
		v.purse = "the account of the " + asked.source
	}
	return nil
}

// findRegions takes the regions named, else all in which this cluster has something.
func (v *orphansVerb) findRegions(ctx context.Context, asked *cloud) error {
	objects, err := v.objects(ctx)
	if err != nil {
		return err
	}
	if v.named = len(v.regions) > 0; !v.named {
		v.regions = regionsOf(objects, asked)
	}
	slices.Sort(v.regions)
	v.regions = slices.Compact(v.regions)
	if len(v.regions) == 0 {
		return errors.New("the region isn't known: give --region, as the manager's flag has it, or --regions")
	}
	return nil
}

// regionsOf are those of the flag and of all objects.
func regionsOf(objects []v1alpha1.ServerCertificate, asked *cloud) []string {
	regions := []string{asked.region}
	for i := range objects {
		regions = append(regions, asked.regionOf(&objects[i]))
	}
	return slices.DeleteFunc(regions, func(region string) bool { return region == "" })
}

// warn tells what makes the list less than it should be.
func (v *orphansVerb) warn(found sighting) {
	for _, text := range []string{found.doubt, found.blind} {
		if text != "" {
			fmt.Fprintln(v.ErrOut, "warning: "+oneLine(text))
		}
	}
}
