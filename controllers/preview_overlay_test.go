package controllers

import (
	"reflect"
	"testing"
	"time"

	"github.com/clbcert/clbcert/internal/ccm"
	"github.com/clbcert/clbcert/internal/plan"
)

// listenerSeen is a load balancer with a listener, as a survey finds it.
func listenerSeen() plan.Sight {
	return plan.Sight{
		Service: &ccm.Service{Namespace: "shop", Name: "web", CertificateID: "old"},
		LoadBalancer: plan.LoadBalancer{ID: "lb", Listeners: []plan.Listener{{
			Port: 443, Protocol: "https", CertificateID: "old", Extensions: []plan.Extension{{ID: "e", Domain: "a.com", CertificateID: "old"}},
			Clusters: map[string]string{"old": "other"}, Unlisted: true,
		}}},
	}
}

func TestALookShowsWhatCountsAsDone(t *testing.T) {
	t.Parallel()
	here := plan.Spot{LoadBalancerID: "lb", Port: 443, Domain: "A.com"}
	type seen struct{ Default, Domain, Extension, Annotation string }
	before := seen{"old", "old", "e", "old"}
	for sentence, c := range map[string]struct {
		step plan.Step
		want seen
	}{
		"another step":                  {plan.Record{}, before},
		"the listener was set":          {plan.SetCertificate{Spot: here, CertificateID: newID}, seen{newID, "old", "e", "old"}},
		"another load balancer was set": {plan.SetCertificate{Spot: plan.Spot{LoadBalancerID: "x", Port: 443}, CertificateID: newID}, before},
		"another port was set":          {plan.SetCertificate{Spot: plan.Spot{LoadBalancerID: "lb", Port: 80}, CertificateID: newID}, before},
		"the domain was set":            {plan.SetExtension{Spot: here, ExtensionID: "e", CertificateID: newID}, seen{"old", newID, "e", "old"}},
		"the domain was made anew":      {plan.CreateExtension{Spot: here, CertificateID: newID}, seen{"old", newID, newID, "old"}},
		"the domain was taken away":     {plan.DeleteExtension{Spot: here}, seen{"old", "", "", "old"}},
		"the Service was annotated, and the CCM hasn't acted": {plan.Annotate{
			Service: ccm.Service{Namespace: "shop", Name: "web"}, Annotation: ccm.AnnotationCertificate, Value: newID}, seen{"old", "old", "e", newID}},
		"another Service was annotated": {plan.Annotate{
			Service: ccm.Service{Namespace: "x", Name: "web"}, Annotation: ccm.AnnotationCertificate, Value: newID}, before},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			done := imagined{steps: []plan.Step{c.step}}
			sight := done.over(shop(nil), plan.Outcome{Sights: map[string]plan.Sight{"a": listenerSeen()}}).Sights["a"]
			l := sight.LoadBalancer.Listeners[0]
			got := seen{Default: l.CertificateID, Annotation: sight.Service.CertificateID}
			for _, e := range l.Extensions {
				got.Domain, got.Extension = e.CertificateID, e.ID
			}
			if got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
			if changed := l.CertificateID != "old"; changed && (l.Clusters != nil || l.Unlisted) {
				t.Error("whose certificate it was counts on")
			}
		})
	}
}

func TestAListShowsWhatCountsAsDone(t *testing.T) {
	t.Parallel()
	made := plan.Certificate{ID: newID, Name: "n"}
	for sentence, c := range map[string]struct {
		step plan.Step
		want []plan.Certificate
	}{
		"another step":   {plan.Record{}, []plan.Certificate{{ID: "old", Name: "o", Tags: map[string]string{"a": "1"}}}},
		"an upload":      {plan.Upload{}, []plan.Certificate{{ID: "old", Name: "o", Tags: map[string]string{"a": "1"}}, made}},
		"a deletion":     {plan.Delete{ID: "old"}, []plan.Certificate{}},
		"another name":   {plan.Rename{ID: "old", Name: "p"}, []plan.Certificate{{ID: "old", Name: "p", Tags: map[string]string{"a": "1"}}}},
		"another group":  {plan.MoveGroup{ID: "old", ResourceGroupID: "g"}, []plan.Certificate{{ID: "old", Name: "o", ResourceGroupID: "g", Tags: map[string]string{"a": "1"}}}},
		"another tag":    {plan.PutTags{ID: "old", Tags: []plan.Tag{{Key: "b", Value: "2"}}}, []plan.Certificate{{ID: "old", Name: "o", Tags: map[string]string{"a": "1", "b": "2"}}}},
		"one tag less":   {plan.RemoveTags{ID: "old", Keys: []string{"a"}}, []plan.Certificate{{ID: "old", Name: "o", Tags: map[string]string{}}}},
		"one not listed": {plan.Rename{ID: "x", Name: "p"}, []plan.Certificate{{ID: "old", Name: "o", Tags: map[string]string{"a": "1"}}}},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			read := []plan.Certificate{{ID: "old", Name: "o", Tags: map[string]string{"a": "1"}}}
			done := imagined{}
			done.add(c.step, plan.Outcome{Certificate: made})
			found := done.over(plan.State{}, plan.Outcome{Lists: []plan.List{{Certificates: read}}})
			if got := found.Lists[0].Certificates; !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
			if read[0].Name != "o" || len(read[0].Tags) != 1 {
				t.Errorf("what was read was changed: %+v", read)
			}
		})
	}
}

func TestListsReadBeforeCountOn(t *testing.T) {
	t.Parallel()
	old := shop(func(s *plan.State) { s.Lists[0].Began = moment.Add(-time.Minute) })
	nothing := imagined{}
	found := nothing.over(old, plan.Outcome{Lists: []plan.List{{Began: moment}, {Began: moment.Add(-time.Second)}}})
	if len(found.Lists) != 2 || !found.Lists[0].Began.Equal(moment) || !found.Lists[1].Began.Equal(moment.Add(-time.Minute)) {
		t.Errorf("the lists are %+v", found.Lists)
	}
}

func TestWhoServesACertificateIsJudgedAfterTheSteps(t *testing.T) {
	t.Parallel()
	spot := func(domain string) plan.Spot { return plan.Spot{LoadBalancerID: "lb-1", Port: 443, Domain: domain} }
	i := imagined{steps: []plan.Step{
		plan.SetCertificate{Spot: spot("")}, plan.SetExtension{Spot: spot("a.com")}, plan.CreateExtension{Spot: spot("b.com")},
		plan.DeleteExtension{Spot: spot("c.com")}, plan.Record{},
	}}
	var found []string
	for _, domain := range []string{"", "a.com", "b.com", "c.com", "d.com"} {
		found = append(found, spot(domain).String())
	}
	if got := i.serving(found); len(got) != 1 || got[0] != spot("d.com").String() {
		t.Errorf("got %q", got)
	}
}
