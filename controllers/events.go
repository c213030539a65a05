package controllers

import (
	"context"
	"unicode/utf8"

	"golang.org/x/time/rate"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/plan"
)

// An Event tells what the status tells too, and so is the last thing that a busy API server
// needs: beyond a burst they go out at a bounded rate, as the kubelet's do. Of those that wait
// there is a bound, too; beyond it new ones are dropped.
const (
	eventsPerSecond = 20
	eventBurst      = 100
	eventsWaiting   = 10_000
)

// teller puts Events on objects, in their order.
type teller struct {
	to    events.EventRecorder
	limit *rate.Limiter
	queue chan telling
}

type telling struct {
	about corev1.ObjectReference
	plan.Event
}

func newTeller(to events.EventRecorder) *teller {
	return &teller{to: to, limit: rate.NewLimiter(eventsPerSecond, eventBurst), queue: make(chan telling, eventsWaiting)}
}

// tell has Events put on the object; it doesn't wait.
func (t *teller) tell(ctx context.Context, object *v1alpha1.ServerCertificate, happened []plan.Event) {
	about := corev1.ObjectReference{
		APIVersion: v1alpha1.GroupVersion.String(), Kind: "ServerCertificate",
		Namespace: object.Namespace, Name: object.Name, UID: object.UID, ResourceVersion: object.ResourceVersion,
	}
	for _, event := range happened {
		select {
		case t.queue <- telling{about, event}:
		default:
			log.FromContext(ctx).Info("an Event is dropped: too many wait", "reason", event.Reason)
		}
	}
}

// Start puts Events on objects until ctx ends, and then at once those that still wait.
func (t *teller) Start(ctx context.Context) error {
	for {
		select {
		case next := <-t.queue:
			_ = t.limit.Wait(ctx) // it fails when ctx ends, and then there is nothing to wait for
			t.put(next)
		case <-ctx.Done():
			for range len(t.queue) {
				t.put(<-t.queue)
			}
			return nil
		}
	}
}

func (t *teller) put(next telling) {
	kind := corev1.EventTypeNormal
	if next.Warning {
		kind = corev1.EventTypeWarning
	}
	t.to.Eventf(&next.about, nil, kind, next.Reason, next.Action, "%s", note(next.Message))
}

// maxNote is the longest note of an Event in bytes (events.k8s.io/v1): the API server
// refuses longer ones.
const maxNote = 1024

// note cuts a message to what an Event takes, at the border of a character.
func note(message string) string {
	if len(message) <= maxNote {
		return message
	}
	end := maxNote
	for !utf8.RuneStart(message[end]) {
		end--
	}
	return message[:end]
}
