package plugin

import (
	"cmp"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// state is how a link of a certificate's way is.
type state string

// The states of a link.
const (
	ok      state = "OK"
	waiting state = "Waiting"
	wrong   state = "Wrong"
	unknown state = "Unknown"
)

// link is one link of a certificate's way: from the Certificate that has it issued to who
// serves it. Its JSON is what -o json prints.
type link struct {
	Kind  string `json:"kind"`
	Name  string `json:"name"`
	State state  `json:"state"`
	// Summary says how it is, in a line; Detail has more, for -o wide.
	Summary string `json:"summary,omitempty"`
	Detail  string `json:"detail,omitempty"`
	// Message says what is wrong, and what mends it.
	Message string `json:"message,omitempty"`
	// CreationTime is when it came to be, NotAfter when the certificate ends.
	CreationTime *metav1.Time `json:"creationTime,omitempty"`
	NotAfter     *metav1.Time `json:"notAfter,omitempty"`
	Links        []link       `json:"links,omitempty"`
}

// way is the whole way of one object. FirstWrong names its first link that is wrong.
type way struct {
	Namespace  string `json:"namespace"`
	Name       string `json:"name"`
	FirstWrong string `json:"firstWrong,omitempty"`
	link
}

// kindsInWords are the kinds that aren't Kubernetes'.
var kindsInWords = map[string]string{
	"CloudCertificate": "certificate", "SupersededCertificate": "superseded certificate", "Listener": "listener",
	"AliCloudCertificate": "certificate of Certificate Management Service",
}

// title names a link for people.
func (l *link) title() string { return cmp.Or(kindsInWords[l.Kind], l.Kind) + " " + l.Name }

// ailing gives the first link of the way that is wrong, nil where none is. What is above sums
// up what is below, and is at fault only where nothing below is.
func (l *link) ailing() *link {
	for i := range l.Links {
		if l.Links[i].State == wrong {
			return &l.Links[i]
		}
		if found := l.Links[i].ailing(); found != nil {
			return found
		}
	}
	if l.State == wrong {
		return l
	}
	return nil
}

// linked hangs each link below the one before it.
func linked(links ...*link) []link {
	var below []link
	for _, l := range slices.Backward(links) {
		if l != nil {
			l.Links = append(l.Links, below...)
			below = []link{*l}
		}
	}
	return below
}
