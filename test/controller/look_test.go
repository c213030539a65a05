package controller

import (
	"slices"
	"strings"
	"testing"
	"time"

	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/env"
)

// in is the stage for a subtest.
func (s *stage) in(t *testing.T) *stage {
	inner := *s
	inner.T = t
	return &inner
}

// message is that of a condition, "" where there is none.
func message(o *v1alpha1.ServerCertificate, kind string) string {
	if c := meta.FindStatusCondition(o.Status.Conditions, kind); c != nil {
		return c.Message
	}
	return ""
}

// checkSays checks what the message of Ready tells.
func (s *stage) checkSays(o *v1alpha1.ServerCertificate, wants ...string) {
	s.Helper()
	text := message(o, v1alpha1.ConditionReady)
	for _, want := range wants {
		if !strings.Contains(text, want) {
			s.Errorf("the message doesn't tell %q: %s", want, text)
		}
	}
}

// checkParts checks what kstatus reads: a Ready that isn't True goes with exactly one
// of Stalled and Reconciling.
func (s *stage) checkParts(o *v1alpha1.ServerCertificate, stalled bool) {
	s.Helper()
	conditions := o.Status.Conditions
	if got := meta.IsStatusConditionTrue(conditions, v1alpha1.ConditionStalled); got != stalled {
		s.Errorf("Stalled is %v, want %v: %+v", got, stalled, conditions)
	}
	if got := meta.IsStatusConditionTrue(conditions, v1alpha1.ConditionReconciling); got == stalled {
		s.Errorf("Reconciling is %v, want %v: %+v", got, !stalled, conditions)
	}
}

// live are the certificates in the cloud that carry the object's tag.
func (s *stage) live(object *v1alpha1.ServerCertificate) []env.SimulatedCertificate {
	s.Helper()
	tag := v1alpha1.ObjectTag(object.Namespace, object.Name)
	return slices.DeleteFunc(s.cloud.Certificates(s), func(c env.SimulatedCertificate) bool {
		return c.Tags[v1alpha1.TagObject] != tag
	})
}

// uploadsOf are the upload calls for the object.
func (s *stage) uploadsOf(object *v1alpha1.ServerCertificate) []env.SimulatedCall {
	s.Helper()
	tag := v1alpha1.ObjectTag(object.Namespace, object.Name)
	return slices.DeleteFunc(s.uploads(), func(c env.SimulatedCall) bool {
		for _, value := range c.Parameters {
			if value == tag {
				return false
			}
		}
		return true
	})
}

// get reads the object as it is now.
func (s *stage) get(object *v1alpha1.ServerCertificate) *v1alpha1.ServerCertificate {
	s.Helper()
	now := &v1alpha1.ServerCertificate{}
	if err := s.cluster.Client.Get(s.Context(), client.ObjectKeyFromObject(object), now); err != nil {
		s.Fatalf("reading %s: %v", object.Name, err)
	}
	return now
}

// delete deletes an object and doesn't wait.
func (s *stage) delete(object client.Object) {
	s.Helper()
	if err := s.cluster.Client.Delete(s.Context(), object); err != nil {
		s.Fatalf("deleting %s: %v", object.GetName(), err)
	}
}

// event waits for the object's Event of a reason, and fails where there are others of it.
func (s *stage) event(object *v1alpha1.ServerCertificate, reason v1alpha1.Reason) eventsv1.Event {
	s.Helper()
	stream, err := s.cluster.Client.Watch(s.Context(), &eventsv1.EventList{}, client.InNamespace(object.Namespace))
	if err != nil {
		s.Fatalf("watching Events: %v", err)
	}
	defer stream.Stop()
	timer := time.NewTimer(env.Patience)
	defer timer.Stop()
	for len(s.events(object, reason)) == 0 {
		select {
		case e, more := <-stream.ResultChan():
			if !more || e.Type == watch.Error {
				s.Fatalf("the watch of Events ended: %+v", e)
			}
		case <-timer.C:
			s.Fatalf("no Event %s on %s", reason, object.Name)
		}
	}
	found := s.events(object, reason)
	if len(found) != 1 || found[0].Series != nil {
		s.Errorf("%d Events %s on %s, want exactly one: %+v", len(found), reason, object.Name, found)
	}
	return found[0]
}

// events are the object's Events of a reason so far.
func (s *stage) events(object *v1alpha1.ServerCertificate, reason v1alpha1.Reason) []eventsv1.Event {
	s.Helper()
	list := &eventsv1.EventList{}
	if err := s.cluster.Client.List(s.Context(), list, client.InNamespace(object.Namespace)); err != nil {
		s.Fatalf("listing Events: %v", err)
	}
	return slices.DeleteFunc(list.Items, func(e eventsv1.Event) bool {
		return e.Regarding.Name != object.Name || e.Reason != string(reason)
	})
}

// poll waits until something outside the cluster holds, where nothing can be watched.
func (s *stage) poll(what string, holds func() bool) {
	s.Helper()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	limit := time.Now().Add(env.Patience)
	for !holds() {
		if time.Now().After(limit) {
			s.Fatalf("waited %s for %s", env.Patience, what)
		}
		<-ticker.C
	}
}

// wait waits until the object holds.
func (s *stage) wait(object *v1alpha1.ServerCertificate, what string, holds func(*v1alpha1.ServerCertificate) bool) *v1alpha1.ServerCertificate {
	s.Helper()
	return env.WaitFor(s, s.cluster, object, what, holds)
}

// isReady tells whether the object is Ready for its present spec.
func isReady(o *v1alpha1.ServerCertificate) bool {
	if len(o.Spec.Bindings) > 0 {
		return condition(o, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonBound)
	}
	return condition(o, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSynced)
}
