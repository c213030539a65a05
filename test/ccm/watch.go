package ccm

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/client-go/tools/cache"
)

// handler enqueues the Services that an event makes worth a look (event_handler.go).
func (c *CCM) handler() cache.ResourceEventHandler {
	return cache.ResourceEventHandlerFuncs{
		AddFunc: func(object any) {
			if service, ok := object.(*corev1.Service); ok && c.isNew(service) {
				c.queue.Add(service.Name)
			}
		},
		UpdateFunc: func(was, is any) {
			before, ok := was.(*corev1.Service)
			after, okToo := is.(*corev1.Service)
			if ok && okToo && c.isChanged(before, after) {
				c.queue.Add(after.Name)
			}
		},
	}
}

func (c *CCM) isNew(service *corev1.Service) bool {
	if c.needsCLB(service) {
		return true
	}
	return !isTunnel(service) && slices.Contains(service.Finalizers, finalizer)
}

// isChanged knows no labels: whoever takes the hash off doesn't wake the CCM.
func (c *CCM) isChanged(before, after *corev1.Service) bool {
	switch {
	case !c.needsCLB(before) && !c.needsCLB(after), isTunnel(after):
		return false
	case c.needsCLB(before) != c.needsCLB(after):
		return after.Annotations[annotationClass] == ""
	}
	return before.UID != after.UID ||
		!equality.Semantic.DeepEqual(before.Annotations, after.Annotations) ||
		!equality.Semantic.DeepEqual(before.Spec, after.Spec) ||
		before.DeletionTimestamp.IsZero() != after.DeletionTimestamp.IsZero()
}
