package plugin

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"sync"

	"github.com/spf13/cobra"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/served"
)

// liveFlags are those of "check --live".
type liveFlags struct {
	addresses []string
}

// flags declares them on a command.
func (l *liveFlags) flags(command *cobra.Command) {
	command.Flags().StringArrayVar(&l.addresses, "address", nil,
		"with --live, where to look for a binding's certificate: BINDING=HOST[:PORT], instead of what the Service or the cloud says; repeatable")
}

// checkLive looks at what clients are shown where the objects' bindings lead: 0 where that is
// the certificate everywhere, 1 where it is another somewhere, else 2 where it can't be told.
func (a *app) checkLive(ctx context.Context, live *liveFlags, out *output, names []string) error {
	given, err := live.read()
	if err != nil {
		return err
	}
	cluster, err := a.connect()
	if err != nil {
		return err
	}
	objects, err := (&selection{}).find(ctx, cluster, names)
	if err != nil {
		return err
	}
	if err := given.fit(objects); err != nil {
		return err
	}
	finder := &liveFinder{app: a, cluster: cluster, given: given}
	reports := make([]liveReport, 0, len(objects))
	for i := range objects {
		places, err := finder.places(ctx, &objects[i])
		if err != nil {
			return err
		}
		reports = append(reports, liveReport{object: &objects[i], places: places})
	}
	lookLive(ctx, reports)
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("looking at what is served: %w", err)
	}
	for _, r := range reports {
		r.judge(a.clock(), finder.uploaded(ctx, r))
	}
	if err := a.showLive(reports, out); err != nil {
		return err
	}
	return liveVerdict(reports)
}

// liveReport is one object with the places where its certificate is to be shown.
type liveReport struct {
	object *v1alpha1.ServerCertificate
	places []livePlace
}

// liveAtOnce is how many looks there are at a time.
const liveAtOnce = 16

// lookLive looks at all places whose address is known.
func lookLive(ctx context.Context, reports []liveReport) {
	turns := make(chan struct{}, liveAtOnce)
	var looks sync.WaitGroup
	defer looks.Wait()
	for _, r := range reports {
		for i := range r.places {
			place := &r.places[i]
			if place.Address == "" || r.object.Status.Fingerprint == "" {
				continue
			}
			turns <- struct{}{}
			looks.Go(func() {
				defer func() { <-turns }()
				place.shown, place.failure = served.Probe(ctx, place.Address, place.ServerName)
			})
		}
	}
}

// uploaded is the chain that the object's Secret holds, where a place shows another one and the
// Secret may be read: it tells what is missing.
func (f *liveFinder) uploaded(ctx context.Context, r liveReport) []*x509.Certificate {
	for _, p := range r.places {
		if r.object.Spec.SecretRef != nil && len(p.shown) > 0 && served.Compare(p.shown, &r.object.Status, nil).Verdict == served.ChainDiffers {
			return f.chainOf(ctx, r.object)
		}
	}
	return nil
}

// liveVerdict is the answer to the question whether all is in order.
func liveVerdict(reports []liveReport) error {
	all, untold := 0, 0
	for _, r := range reports {
		for _, p := range r.places {
			all++
			switch p.Result {
			case served.Match:
			case served.Unknown:
				untold++
			default:
				return no{}
			}
		}
	}
	if untold > 0 {
		return fmt.Errorf("%d of %d places couldn't be looked at", untold, all)
	}
	if all == 0 {
		return errors.New("there is no binding to look at: add spec.bindings, or name an object that has some")
	}
	return nil
}
