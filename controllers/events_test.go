package controllers

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/plan"
)

// heard are Events as they were put on objects, and when.
type heard struct {
	notes []string
	last  time.Time
}

func (h *heard) Eventf(regarding, _ runtime.Object, kind, reason, action, note string, args ...any) {
	about, ok := regarding.(*corev1.ObjectReference)
	if !ok {
		h.notes = append(h.notes, fmt.Sprintf("%T", regarding))
		return
	}
	h.notes = append(h.notes, strings.Join([]string{about.Namespace + "/" + about.Name, kind, reason, action, fmt.Sprintf(note, args...)}, " "))
	h.last = time.Now()
}

// tellAll tells so many Events of one object.
func tellAll(ctx context.Context, t *teller, count int) {
	object := &v1alpha1.ServerCertificate{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web"}}
	for i := range count {
		t.tell(ctx, object, []plan.Event{{Warning: i%2 == 1, Reason: "R", Action: "A", Message: fmt.Sprint(i)}})
	}
}

func TestEventsGoOutInOrderAndNoFasterThanTheyMay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		to := &heard{}
		teller := newTeller(to)
		ctx, stop := context.WithCancel(t.Context())
		begin := time.Now()
		go func() { _ = teller.Start(ctx) }()
		tellAll(ctx, teller, eventBurst+3*eventsPerSecond)
		<-time.After(time.Hour) // by the bubble's own clock
		synctest.Wait()
		if got := to.last.Sub(begin).Round(time.Millisecond); got != 3*time.Second {
			t.Errorf("the last came after %s, want 3 s", got)
		}
		for i, note := range to.notes {
			kind := []string{"Normal", "Warning"}[i%2]
			if want := fmt.Sprintf("shop/web %s R A %d", kind, i); note != want {
				t.Fatalf("Event %d is %q, want %q", i, note, want)
			}
		}
		stop()
		synctest.Wait()
	})
}

func TestEventsThatWaitGoOutAtTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		to := &heard{}
		teller := newTeller(to)
		ctx, stop := context.WithCancel(t.Context())
		go func() { _ = teller.Start(ctx) }()
		tellAll(ctx, teller, eventBurst+50)
		synctest.Wait()
		begin := time.Now()
		stop()
		synctest.Wait()
		if len(to.notes) != eventBurst+50 || !to.last.Equal(begin) {
			t.Errorf("%d Events are out, want %d at once", len(to.notes), eventBurst+50)
		}
	})
}

func TestEventsBeyondTheBoundAreDropped(t *testing.T) {
	t.Parallel()
	to := &heard{}
	teller := newTeller(to)
	tellAll(t.Context(), teller, eventsWaiting+10)
	ended, stop := context.WithCancel(t.Context())
	stop()
	_ = teller.Start(ended)
	if len(to.notes) != eventsWaiting {
		t.Errorf("%d Events, want %d", len(to.notes), eventsWaiting)
	}
}
