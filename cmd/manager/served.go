package main

import (
	"errors"

	ctrl "sigs.k8s.io/controller-runtime"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/clbcert/clbcert/controllers"
	"github.com/clbcert/clbcert/internal/metrics"
	"github.com/clbcert/clbcert/internal/served"
)

// addPatrol has the leader look at what listeners serve, where a flag asks for it.
func addPatrol(o *options, manager ctrl.Manager, reconciler *controllers.Reconciler) error {
	if o.servedInterval == 0 {
		return nil
	}
	told := &metrics.Served{Cache: manager.GetCache()}
	return errors.Join(
		ctrlmetrics.Registry.Register(told),
		manager.Add(&served.Patrol{Cache: manager.GetCache(), Balancer: reconciler.Address, Interval: o.servedInterval, Told: told}))
}
