package ccm

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
)

// Reasons of Events (pkg/controller/helper/event.go).
const (
	EventSynced  = "EnsuredLoadBalancer"
	EventFailed  = "SyncLoadBalancerFailed"
	EventUnclean = "CleanLoadBalancerFailed"
)

// reconcile is one pass (service_controller.go). It reads the API server itself, where
// the real one reads a cache.
func (c *CCM) reconcile(ctx context.Context, name string) error {
	service := &corev1.Service{}
	if err := c.kube.Get(ctx, client.ObjectKey{Namespace: c.namespace, Name: name}, service); err != nil {
		return client.IgnoreNotFound(err)
	}
	if needsDeletion(service) || !c.needsCLB(service) {
		return c.cleanUp(ctx, service)
	}
	return c.ensure(ctx, service)
}

func (c *CCM) ensure(ctx context.Context, service *corev1.Service) error {
	if err := c.changeFinalizers(ctx, service, controllerutil.AddFinalizer); err != nil {
		return fmt.Errorf("adding the finalizer: %w", err)
	}
	balancer, err := c.apply(ctx, service)
	if err != nil {
		c.record(ctx, service, corev1.EventTypeWarning, EventFailed,
			fmt.Sprintf("Error syncing load balancer [%s]: %v", balancer.ID, err))
		return err
	}
	marked := service.DeepCopy()
	if marked.Labels == nil {
		marked.Labels = map[string]string{}
	}
	marked.Labels[LabelHash], marked.Labels[LabelLoadBalancer] = hash(service), balancer.ID
	if err := c.kube.Status().Patch(ctx, marked, client.MergeFrom(service)); err != nil {
		return fmt.Errorf("writing the labels: %w", err)
	}
	ingress := corev1.LoadBalancerIngress{IP: balancer.Address}
	if hostname := get(service, Hostname); hostname != "" {
		ingress = corev1.LoadBalancerIngress{Hostname: hostname}
	}
	if err := c.writeStatus(ctx, service, ingress); err != nil {
		return fmt.Errorf("writing the status: %w", err)
	}
	c.record(ctx, service, corev1.EventTypeNormal, EventSynced, fmt.Sprintf("Ensured load balancer [%s]", balancer.ID))
	return nil
}

func (c *CCM) cleanUp(ctx context.Context, service *corev1.Service) error {
	if !controllerutil.ContainsFinalizer(service, finalizer) {
		return nil
	}
	balancer, err := c.apply(ctx, service)
	if err != nil && !strings.Contains(err.Error(), "LoadBalancerId does not exist") {
		c.record(ctx, service, corev1.EventTypeWarning, EventUnclean,
			fmt.Sprintf("Error deleting load balancer [%s]: %v", balancer.ID, err))
		return err
	}
	bare := service.DeepCopy()
	delete(bare.Labels, LabelHash)
	delete(bare.Labels, LabelLoadBalancer)
	if err := c.kube.Status().Patch(ctx, bare, client.MergeFrom(service)); err != nil {
		return fmt.Errorf("removing the labels: %w", err)
	}
	if err := c.writeStatus(ctx, service); err != nil {
		return fmt.Errorf("removing the status: %w", err)
	}
	if err := c.changeFinalizers(ctx, service, controllerutil.RemoveFinalizer); err != nil {
		return fmt.Errorf("removing the finalizer: %w", err)
	}
	return nil
}

// changeFinalizers adds or removes the CCM's, and leaves the Service as it is then.
func (c *CCM) changeFinalizers(ctx context.Context, service *corev1.Service, change func(client.Object, string) bool) error {
	return retry.RetryOnConflict(retry.DefaultRetry, func() error {
		if err := c.kube.Get(ctx, client.ObjectKeyFromObject(service), service); err != nil {
			return err
		}
		before := service.DeepCopy()
		if !change(service, finalizer) {
			return nil
		}
		return c.kube.Patch(ctx, service, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}))
	})
}

// writeStatus writes the addresses where they have changed; a Service that has gone has
// no use for them.
func (c *CCM) writeStatus(ctx context.Context, service *corev1.Service, ingress ...corev1.LoadBalancerIngress) error {
	latest := &corev1.Service{}
	if err := c.kube.Get(ctx, client.ObjectKeyFromObject(service), latest); err != nil {
		return client.IgnoreNotFound(err)
	}
	updated := latest.DeepCopy()
	updated.Status.LoadBalancer = corev1.LoadBalancerStatus{Ingress: ingress}
	if sameAddresses(latest.Status.LoadBalancer, updated.Status.LoadBalancer) {
		return nil
	}
	return client.IgnoreNotFound(c.kube.Status().Patch(ctx, updated, client.MergeFrom(latest)))
}

// sameAddresses compares addresses and names; the API server fills in the rest.
func sameAddresses(a, b corev1.LoadBalancerStatus) bool {
	names := func(status corev1.LoadBalancerStatus) (all []string) {
		for _, ingress := range status.Ingress {
			all = append(all, ingress.IP+" "+ingress.Hostname)
		}
		return all
	}
	return equality.Semantic.DeepEqual(names(a), names(b))
}

// record makes an Event. One that is lost is nobody's loss.
func (c *CCM) record(ctx context.Context, service *corev1.Service, kind, reason, message string) {
	now := metav1.NewTime(time.Now())
	_ = c.kube.Create(ctx, &corev1.Event{
		ObjectMeta: metav1.ObjectMeta{GenerateName: service.Name + ".", Namespace: service.Namespace},
		InvolvedObject: corev1.ObjectReference{
			APIVersion: "v1", Kind: "Service", Namespace: service.Namespace, Name: service.Name, UID: service.UID,
		},
		Type: kind, Reason: reason, Message: message[:min(len(message), 1024)], Count: 1, FirstTimestamp: now, LastTimestamp: now,
		Source: corev1.EventSource{Component: "service-controller"},
	})
}
