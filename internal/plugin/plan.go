package plugin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/controllers"
	"github.com/clbcert/clbcert/internal/clberr"
	"github.com/clbcert/clbcert/internal/plan"
)

// planVerb is "plan".
type planVerb struct {
	*app
	selection
	output
	// policy, window and resync are the manager's flags that it decides by.
	policy         string
	regions        []string
	window, resync time.Duration

	cluster *cluster
	clouds  *cloud
	lists   map[listing]listed
}

func (a *app) planCommand() *cobra.Command {
	v := &planVerb{app: a, lists: map[listing]listed{}}
	command := &cobra.Command{
		Use:   "plan [NAME…]",
		Short: "Say what the controller would do now, step by step, and why; nothing is done",
		Long: `Say what the controller would do now, step by step, and why; nothing is done.

It decides as the controller does, by what the cluster and the cloud say at present. A suspended object is planned for as
if it were resumed. The cloud is asked with the object's own credentials, else with those of the environment, which must be
of the same account. Where the manager has the flags --region, --regions, --cluster-id, --binding-policy,
--consistency-window or --resync-interval, give the same. It doesn't know the others: that an object isn't watched
(--watch-namespaces, --watch-label-selector), or that another role acts (--credentials-map).`,
		Example: `  kubectl clbcert plan web
  kubectl clbcert plan -A --binding-policy Any
  kubectl clbcert plan web -o json`,
		RunE: func(command *cobra.Command, names []string) error {
			return v.run(command.Context(), names)
		},
	}
	v.selection.flags(command)
	v.declare(command)
	a.cloud.flags(command)
	f := command.Flags()
	f.StringSliceVar(&v.regions, "regions", nil, "allowed regions, as the manager's flag (default all)")
	f.StringVar(&v.policy, "binding-policy", policyTagged, "who may bind a listener with the manager's own credentials: Tagged or Any, as the manager's flag")
	f.DurationVar(&v.window, "consistency-window", 10*time.Second, "how long the cloud's lists may lag, as the manager's flag")
	f.DurationVar(&v.resync, "resync-interval", 10*time.Minute, "how often what seems in order is looked at again, as the manager's flag")
	command.ValidArgsFunction = a.completeNames
	return command
}

// The values of --binding-policy, and the manager's default of --api-timeout.
const (
	policyTagged  = "Tagged"
	policyAny     = "Any"
	uploadTimeout = 10 * time.Second
)

func (v *planVerb) run(ctx context.Context, names []string) (err error) {
	if v.policy != policyTagged && v.policy != policyAny {
		return fmt.Errorf("--binding-policy: %q is neither Tagged nor Any", v.policy)
	}
	if v.window < 0 || v.resync <= 0 {
		return errors.New("--consistency-window and --resync-interval: give durations as the manager has them, such as 10s and 10m")
	}
	if v.cluster, err = v.connect(); err != nil {
		return err
	}
	if v.clouds, err = v.openCloud(); err != nil {
		return err
	}
	objects, err := v.find(ctx, v.cluster, names)
	if err != nil {
		return err
	}
	plans := make([]planned, 0, len(objects))
	for i := range objects {
		plans = append(plans, v.plan(ctx, &objects[i]))
	}
	if err := v.show(plans); err != nil {
		return err
	}
	return untold(plans)
}

// plan plans for one object.
func (v *planVerb) plan(ctx context.Context, object *v1alpha1.ServerCertificate) planned {
	// The manager has written its cluster id into the status.
	id, err := v.cluster.id(ctx, cmp.Or(v.cloud.clusterID, object.Status.ClusterID))
	if err != nil {
		return plannedAs(object, controllers.Preview{Untold: err}, nil)
	}
	reader := &planReader{Reader: v.cluster, home: object.Namespace, lists: v.lists}
	previewer := &controllers.Previewer{
		Reader: reader, Cloud: v.clouds.client, Own: v.clouds.own, Region: v.clouds.region, Regions: v.regions, Clock: v.clock,
		Settings: plan.Settings{
			ClusterID: id, Window: v.window, UploadTimeout: uploadTimeout, Resync: v.resync, BindAny: v.policy == policyAny,
		},
	}
	preview, err := previewer.Preview(ctx, client.ObjectKeyFromObject(object))
	if err != nil {
		preview.Untold = err
	}
	preview.Untold = v.mended(object, preview)
	return plannedAs(object, preview, reader.notes)
}

// mended is why it can't be told, with what mends it here: the manager may have what this lacks.
func (v *planVerb) mended(object *v1alpha1.ServerCertificate, preview controllers.Preview) error {
	ready := preview.Ready
	switch {
	case errors.Is(preview.Untold, controllers.ErrNoCredentials):
		return fmt.Errorf("it would have to look at the cloud: %w", v.clouds.lack)
	case preview.Untold != nil:
		return advised(explain(preview.Untold))
	case ready != nil && ready.Reason == string(v1alpha1.ReasonRegionInvalid) && v.clouds.regionOf(object) == "":
		return errors.New("the region isn't known: give --region, as the manager's flag has it")
	default:
		return nil
	}
}

// advised adds to an error of the cloud what mends it.
func advised(err error) error {
	failure, ok := errors.AsType[*clberr.Error](err)
	switch {
	case ok && strings.Contains(failure.Message, "x509: "):
		return fmt.Errorf("%w: --clb-ca-file names the authorities to trust, where they aren't the system's", err)
	case !ok || failure.Advice() == "":
		return err
	case strings.HasSuffix(err.Error(), "."): // the cloud speaks in sentences
		return fmt.Errorf("%w %s", err, failure.Advice())
	default:
		return fmt.Errorf("%w: %s", err, failure.Advice())
	}
}

// untold are the errors of a run in which something couldn't be told.
func untold(plans []planned) error {
	var failures []error
	for _, p := range plans {
		if p.Untold != "" {
			failures = append(failures, fmt.Errorf("planning for %s/%s: %s", p.Namespace, p.Name, p.Untold))
		}
	}
	return errors.Join(failures...)
}
