package controllers

import (
	"context"
	"errors"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/plan"
)

// Address is that of a load balancer that an object's binding names, by the object's identity; ""
// where there is none. Looks that the objects' passes had anyway are used again: it calls the
// cloud for what none of them has read within the resync interval.
func (r *Reconciler) Address(ctx context.Context, object *v1alpha1.ServerCertificate, loadBalancerID string) (string, error) {
	region, obstacle := plan.RegionOf(object, r.Region, r.Regions)
	if obstacle != nil {
		return "", errors.New(obstacle.Message)
	}
	by, obstacle, err := r.identify(ctx, object, region)
	if err != nil {
		return "", err
	}
	if obstacle != nil {
		return "", errors.New(obstacle.Message)
	}
	account, err := r.Cloud.Account(ctx, by.version, region, by.provider)
	if err != nil {
		return "", err
	}
	fronts, err := account.Fronts(ctx, region, []string{loadBalancerID}, r.Clock().Add(-r.Settings.Resync))
	return fronts[loadBalancerID].Address, err
}
