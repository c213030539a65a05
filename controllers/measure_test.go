package controllers

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
)

func TestARenewalHasArrivedWhenAllBindingsServeIt(t *testing.T) {
	t.Parallel()
	serving := func(id string, ready bool) v1alpha1.BindingStatus {
		return v1alpha1.BindingStatus{CertificateID: id, Ready: ready}
	}
	status := func(id, superseded string, bindings ...v1alpha1.BindingStatus) v1alpha1.ServerCertificateStatus {
		return v1alpha1.ServerCertificateStatus{CertificateID: id, Bindings: bindings,
			Superseded: []v1alpha1.SupersededCertificate{{CertificateID: superseded}}}
	}
	for sentence, c := range map[string]struct {
		former, now v1alpha1.ServerCertificateStatus
		want        bool
	}{
		"the last of the listeners serves the new one": {
			status("new", "old", serving("new", true), serving("old", false)), status("new", "old", serving("new", true), serving("new", true)), true},
		"in one pass from the old one": {
			status("old", "", serving("old", true)), status("new", "old", serving("new", true)), true},
		"one of the listeners is still behind": {
			status("new", "old", serving("old", false), serving("old", false)), status("new", "old", serving("new", true), serving("old", false)), false},
		"somebody else's certificate was replaced": {
			status("new", "old", serving("foreign", false)), status("new", "old", serving("new", true)), false},
		"a first certificate": {
			status("", "", serving("foreign", false)), status("new", "", serving("new", true)), false},
		"it has been served before": {
			status("new", "old", serving("new", true)), status("new", "old", serving("new", true)), false},
		"there are no bindings any more": {
			status("old", "", serving("old", true)), status("new", "old"), false},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			if got := arrived(c.former, c.now); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestAChangeIsTheLaterOfTheSecretsAndTheObjectsBeginning(t *testing.T) {
	t.Parallel()
	at := func(hour int) metav1.Time { return metav1.Date(2026, 11, 1, hour, 0, 0, 0, time.UTC) }
	for sentence, c := range map[string]struct{ created, written, object, want int }{
		"a Secret that was renewed":       {1, 5, 2, 5},
		"an object for an older Secret":   {1, 2, 6, 6},
		"a Secret that came after it":     {7, 7, 6, 7},
		"a Secret that nobody owns up to": {3, 0, 1, 3},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{CreationTimestamp: at(c.created)}}
			if c.written > 0 {
				written := at(c.written)
				secret.ManagedFields = []metav1.ManagedFieldsEntry{{Time: &written}, {}}
			}
			object := &v1alpha1.ServerCertificate{ObjectMeta: metav1.ObjectMeta{CreationTimestamp: at(c.object)}}
			if got := lastChange(secret, object); !got.Equal(at(c.want).Time) {
				t.Errorf("got %v, want hour %d", got, c.want)
			}
		})
	}
}
