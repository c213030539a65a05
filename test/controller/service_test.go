package controller

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/ccm"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/env"
)

var (
	certID     = ccm.Annotation("loadbalancer-cert-id")
	extensions = ccm.Annotation("loadbalancer-domain-extensions")
)

// service is a Service with a load balancer that has HTTPS at 443 and 8443.
func (s *stage) service(name string, annotations map[string]string) *corev1.Service {
	all := map[string]string{ccm.Annotation("loadbalancer-protocol-port"): "https:443,https:8443"}
	maps.Copy(all, annotations)
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: name, Annotations: all},
		Spec: corev1.ServiceSpec{
			Type: corev1.ServiceTypeLoadBalancer, Selector: map[string]string{"app": name},
			Ports: []corev1.ServicePort{{Name: "https", Port: 443}, {Name: "more", Port: 8443}},
		},
	}
}

// loadBalancerOf waits until the CCM is done with a Service, and gives its load balancer.
func (s *stage) loadBalancerOf(service *corev1.Service) string {
	s.Helper()
	now := env.WaitFor(s, s.cluster, service, "a load balancer", ccm.Synced)
	return now.Labels["service.k8s.alibaba/loadbalancer-id"]
}

// applied is a Service that the CCM has applied, with its load balancer.
func (s *stage) applied(name string, annotations map[string]string) (service *corev1.Service, id string) {
	s.Helper()
	service = s.service(name, annotations)
	s.create(service)
	return service, s.loadBalancerOf(service)
}

// annotation is a Service's now.
func (s *stage) annotation(service *corev1.Service, key string) string {
	s.Helper()
	now := &corev1.Service{}
	if err := s.cluster.Client.Get(s.Context(), client.ObjectKeyFromObject(service), now); err != nil {
		s.Fatal(err)
	}
	return now.Annotations[key]
}

func TestAServiceGetsItsFirstCertificateAndEachRenewal(t *testing.T) {
	s := setStage(t).manage()
	ccm.Start(t, s.cluster, s.console(), s.namespace)
	service := s.service("web", nil)
	object := s.certificate("web", keeping(0), bound(toService("web", ""), toService("web", "*.a.com")))
	s.create(object, service) // in no order; the Secret comes last, as from cert-manager
	s.unready(object, v1alpha1.ReasonSecretNotFound)
	names := certs.Names("a.com", "*.a.com")
	s.create(s.secret("web-tls", certs.NewLeaf(t, names)))
	first := s.ready(object).Status.CertificateID
	id := s.loadBalancerOf(service)
	for _, port := range []int{443, 8443} {
		s.checkServed(id, port, first, map[string]string{"*.a.com": first})
	}
	for range 2 {
		before := s.lastCall()
		watch := s.writesOf(service)
		renewed := s.renew(object, certs.NewLeaf(t, names))
		for _, port := range []int{443, 8443} {
			s.checkServed(id, port, renewed, map[string]string{"*.a.com": renewed})
		}
		s.wait(object, "the old one deleted", func(o *v1alpha1.ServerCertificate) bool { return len(o.Status.Superseded) == 0 && isReady(o) })
		if got, want := writes(s.calls(before)), []string{
			"UploadServerCertificate", "SetDomainExtensionAttribute", "SetDomainExtensionAttribute", "DeleteServerCertificate",
		}; !slices.Equal(got, want) {
			t.Errorf("a renewal wrote %q, want %q", got, want)
		}
		if got := watch(renewed); got != 2 {
			t.Errorf("the annotations were written %d times, want once each", got)
		}
	}
}

// writesOf counts the writes of a Service's annotations that bring a certificate in, until
// it is asked for.
func (s *stage) writesOf(service *corev1.Service) func(id string) int {
	s.Helper()
	ctx, stop := context.WithCancel(s.Context())
	stream, err := s.cluster.Client.Watch(ctx, &corev1.ServiceList{}, client.InNamespace(service.Namespace))
	if err != nil {
		s.Fatal(err)
	}
	counted := make(chan []map[string]string, 1)
	go func() {
		var seen []map[string]string
		for e := range stream.ResultChan() {
			if now, ok := e.Object.(*corev1.Service); ok && e.Type != watch.Deleted && now.Name == service.Name {
				seen = append(seen, map[string]string{certID: now.Annotations[certID], extensions: now.Annotations[extensions]})
			}
		}
		counted <- seen
	}()
	return func(id string) int {
		s.annotate(service, map[string]string{"barrier": id})
		stop()
		writes, before := 0, map[string]string{}
		for _, now := range <-counted {
			for key, value := range now {
				if value != before[key] && strings.Contains(value, id) {
					writes++
				}
			}
			before = now
		}
		return writes
	}
}

// annotate sets annotations as somebody else, by the name of the test's client.
func (s *stage) annotate(service *corev1.Service, annotations map[string]string) {
	s.Helper()
	s.applyAs("somebody", service, annotations)
}

// applyAs applies annotations with force, as a tool does that owns them.
func (s *stage) applyAs(manager string, service *corev1.Service, annotations map[string]string) {
	s.Helper()
	configuration := &unstructured.Unstructured{}
	configuration.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Service"))
	configuration.SetNamespace(service.Namespace)
	configuration.SetName(service.Name)
	configuration.SetAnnotations(annotations)
	err := s.cluster.Client.Apply(s.Context(), client.ApplyConfigurationFromUnstructured(configuration), client.FieldOwner(manager), client.ForceOwnership)
	if err != nil {
		s.Fatalf("applying to Service %s: %v", service.Name, err)
	}
}

func TestWhoPutsTheAnnotationBackHasTheLastWord(t *testing.T) {
	s := setStage(t)
	old := s.stranger()
	service := s.service("web", nil)
	s.create(service)
	s.applyAs("argocd-controller", service, map[string]string{certID: old})
	ccm.Start(t, s.cluster, s.console(), s.namespace)
	s.loadBalancerOf(service)
	s.manage()
	object := s.bind("web", toService("web", ""))
	s.ready(object)
	writes := s.writesOf(service)
	for range 5 { // a tool that re-applies
		s.applyAs("argocd-controller", service, map[string]string{certID: old})
		s.barrier(object)
	}
	now := s.unready(object, v1alpha1.ReasonBindingConflict)
	s.checkSays(now, "argocd-controller", certID, old)
	if got := writes(now.Status.CertificateID); got > 1 {
		t.Errorf("%d writes of ours, want none", got)
	}
	s.applyAs("argocd-controller", service, nil) // it lets go
	s.barrier(object)
	if got := s.annotation(service, certID); got == now.Status.CertificateID {
		t.Errorf("the annotation was written once more for the same certificate")
	}
	s.put("web-tls", certs.NewLeaf(t)) // a new certificate is written once
	renewed := s.wait(object, "renewed", func(o *v1alpha1.ServerCertificate) bool {
		return isReady(o) && o.Status.CertificateID != now.Status.CertificateID
	})
	if s.annotation(service, certID) != renewed.Status.CertificateID {
		t.Errorf("the annotation is %s", s.annotation(service, certID))
	}
}

func TestAServiceWithoutClassicLoadBalancerIsNone(t *testing.T) {
	s := setStage(t).manage()
	for name, change := range map[string]func(*corev1.Service){
		"a cluster IP":  func(o *corev1.Service) { o.Spec.Type = corev1.ServiceTypeClusterIP },
		"a class":       func(o *corev1.Service) { class := "alibabacloud.com/nlb"; o.Spec.LoadBalancerClass = &class },
		"a type":        func(o *corev1.Service) { o.Annotations[ccm.Annotation("loadbalancer-type")] = "nlb" },
		"no HTTPS port": func(o *corev1.Service) { delete(o.Annotations, ccm.Annotation("loadbalancer-protocol-port")) },
	} {
		t.Run(name, func(t *testing.T) {
			s := s.in(t)
			object := strings.ReplaceAll(strings.ToLower(name), " ", "-")
			service := s.service(object, nil)
			change(service)
			s.create(service)
			now := s.unready(s.bind(object, toService(object, "")), v1alpha1.ReasonServiceUnsupported)
			s.checkParts(now, true)
			s.checkSays(now, `"`+object+`"`)
		})
	}
}

func TestAServiceWaitsForTheCCM(t *testing.T) {
	s := setStage(t).manage()
	controller := ccm.Start(t, s.cluster, s.console(), s.namespace)
	controller.Pause()
	service := s.service("web", nil)
	s.create(service)
	object := s.bind("web", toService("web", ""))
	now := s.unready(object, v1alpha1.ReasonServicePending)
	s.checkParts(now, false)
	watch := env.Observe(t, s.cluster, object)
	controller.Resume()
	watch.WaitWithin(t, mendedWithin, "Ready", isReady)
}

func TestDomainsAreAddedToAServiceBesideThoseThatAreThere(t *testing.T) {
	s := setStage(t)
	ccm.Start(t, s.cluster, s.console(), s.namespace)
	old := s.stranger()
	service, id := s.applied("web", map[string]string{certID: old})
	for _, port := range []int{443, 8443} { // made by hand, in no annotation
		s.console().CreateExtension(t, id, port, "hand.com", old)
	}
	s.manage()
	object := s.bind("web", toService("web", "x.a.com"))
	ours := s.ready(object).Status.CertificateID
	if got, want := s.annotation(service, extensions), "hand.com:"+old+",x.a.com:"+ours; got != want {
		t.Errorf("the annotation is %s, want %s", got, want)
	}
	s.checkServed(id, 443, old, map[string]string{"hand.com": old, "x.a.com": ours})
	s.update(object, func() { object.Spec.Bindings = nil })
	s.wait(object, "nothing bound", func(o *v1alpha1.ServerCertificate) bool { return isReady(o) && len(o.Status.Bindings) == 0 })
	if got, want := s.annotation(service, extensions), "hand.com:"+old; got != want {
		t.Errorf("the annotation is %s, want %s", got, want)
	}
	s.poll("the CCM has deleted the extension", func() bool {
		_, domains := s.served(id, 8443)
		return maps.Equal(domains, map[string]string{"hand.com": old})
	})
}

func TestTheLastDomainOfAServiceLeavesNothing(t *testing.T) {
	s := setStage(t).manage()
	ccm.Start(t, s.cluster, s.console(), s.namespace)
	service := s.service("web", map[string]string{certID: s.stranger()})
	s.create(service)
	object := s.bind("web", toService("web", "x.a.com"))
	s.ready(object)
	id := s.loadBalancerOf(service)
	s.update(object, func() { object.Spec.Bindings = nil })
	s.wait(object, "nothing bound", func(o *v1alpha1.ServerCertificate) bool { return isReady(o) && len(o.Status.Bindings) == 0 })
	for _, port := range []int{443, 8443} {
		if _, domains := s.served(id, port); len(domains) != 0 {
			t.Errorf("port %d still serves %v", port, domains)
		}
	}
	if got := s.annotation(service, extensions); got != "" {
		t.Errorf("the annotation is %q", got)
	}
}

func TestDifferentDomainsOnAServicesPortsAreNotMadeAlike(t *testing.T) {
	s := setStage(t)
	ccm.Start(t, s.cluster, s.console(), s.namespace)
	old := s.stranger()
	service, id := s.applied("web", map[string]string{certID: old})
	s.console().CreateExtension(t, id, 443, "hand.com", old)
	s.manage()
	object := s.bind("web", toService("web", "x.a.com"))
	s.unready(object, v1alpha1.ReasonBindingConflict)
	if got := s.annotation(service, extensions); got != "" {
		t.Errorf("the annotation is %q", got)
	}
}

func TestAListenerOfTheCCMIsLeftToIt(t *testing.T) {
	s := setStage(t)
	ccm.Start(t, s.cluster, s.console(), s.namespace)
	old := s.stranger()
	_, id := s.applied("web", map[string]string{certID: old})
	s.console().TagLoadBalancer(t, id, s.ours())
	s.manage()
	now := s.unready(s.bind("web", toListener(id, 443, "")), v1alpha1.ReasonBindingConflict)
	s.checkSays(now, s.namespace+"/web", `the service "web"`)
	sni := s.ready(s.bind("sni", toListener(id, 443, "x.a.com"))) // the CCM doesn't look at these
	s.checkServed(id, 443, old, map[string]string{"x.a.com": sni.Status.CertificateID})
}

func TestALoadBalancerThatTheCCMOnlyReusesIsWrittenDirectly(t *testing.T) {
	s := setStage(t)
	ccm.Start(t, s.cluster, s.console(), s.namespace)
	console, old := s.console(), s.stranger()
	id := console.CreateLoadBalancer(t, performance, nil, "")
	console.CreateHTTPSListener(t, id, 443, old, "")
	console.CreateHTTPSListener(t, id, 8443, old, "")
	service := s.service("web", map[string]string{ccm.Annotation("loadbalancer-id"): id})
	s.create(service)
	s.loadBalancerOf(service)
	s.manage()
	object := s.bind("web", toService("web", ""))
	s.checkSays(s.unready(object, v1alpha1.ReasonBindingNotAllowed), id, "clbcert.dev/namespaces="+s.namespace)
	console.TagLoadBalancer(t, id, s.ours())
	s.barrier(object)
	ours := s.ready(object).Status.CertificateID
	s.checkServed(id, 443, ours, nil)
	s.checkServed(id, 8443, ours, nil)
	if got := s.annotation(service, certID); got != "" {
		t.Errorf("the annotation is %q", got)
	}
}

func TestAForgedServiceReachesNoListener(t *testing.T) {
	s := setStage(t)
	id, old := s.loadBalancer(443)
	s.console().TagLoadBalancer(t, id, map[string]string{v1alpha1.TagNamespaces: "other"})
	s.console().CreateExtension(t, id, 443, "x.a.com", old)
	s.manage()
	for name, annotations := range map[string]map[string]string{
		"label":    {},
		"reuse":    {ccm.Annotation("loadbalancer-id"): id},
		"override": {ccm.Annotation("loadbalancer-id"): id, ccm.Annotation("loadbalancer-force-override-listeners"): "true"},
	} {
		t.Run(name, func(t *testing.T) {
			s := s.in(t)
			service := s.service(name, annotations)
			service.Annotations[extensions] = "x.a.com:" + old
			service.Labels = map[string]string{"service.k8s.alibaba/loadbalancer-id": id}
			s.create(service)
			now := s.unready(s.bind(name, toService(name, "x.a.com")), v1alpha1.ReasonBindingNotAllowed)
			s.checkSays(now, id)
			s.checkServed(id, 443, old, map[string]string{"x.a.com": old})
		})
	}
}

func TestAServicesAnnotationKeepsItsCertificate(t *testing.T) {
	s := setStage(t).manage()
	object := s.certificate("web", keeping(0))
	s.create(s.secret("web-tls", certs.NewLeaf(t)), object)
	first := s.ready(object).Status.CertificateID
	service := s.service("other", map[string]string{certID: first}) // the CCM will look for it
	s.create(service)
	s.renew(object, certs.NewLeaf(t))
	now := s.wait(object, "InUse", func(o *v1alpha1.ServerCertificate) bool {
		return len(o.Status.Superseded) == 1 && o.Status.Superseded[0].Reason == v1alpha1.ReasonInUse
	})
	if message := now.Status.Superseded[0].Message; !strings.Contains(message, s.namespace+"/other") {
		t.Errorf("the message is %q", message)
	}
	if calls := s.cloud.Calls(t, "DeleteServerCertificate"); len(calls) != 0 {
		t.Errorf("%d deletions were tried", len(calls))
	}
	s.delete(service)
	s.wait(object, "it goes", func(o *v1alpha1.ServerCertificate) bool { return len(o.Status.Superseded) == 0 })
}

func TestAServicesListenerChangedByHandIsSetBack(t *testing.T) {
	s := setStage(t)
	controller := ccm.Start(t, s.cluster, s.console(), s.namespace)
	old := s.stranger()
	service := s.service("web", nil)
	s.create(service)
	s.manage("--resync-interval", "3s")
	object := s.bind("web", toService("web", ""), toService("web", "x.a.com"))
	ours := s.ready(object).Status.CertificateID
	id := s.loadBalancerOf(service)
	controller.Pause() // it would look only when the Service changes
	s.console().SetListenerCertificate(t, id, 8443, old)
	for _, e := range s.console().Listener(t, id, 443).Extensions {
		s.console().SetExtension(t, e.ID, old)
	}
	s.poll("all is set back", func() bool {
		_, domains := s.served(id, 443)
		byDefault, _ := s.served(id, 8443)
		return byDefault == ours && domains["x.a.com"] == ours
	})
	if event := s.event(object, "BindingDrifted"); !strings.Contains(event.Note, old) {
		t.Errorf("the Event is %q", event.Note)
	}
}

func TestAReusingServiceDoesNotTakeAnothersListener(t *testing.T) {
	s := setStage(t)
	ccm.Start(t, s.cluster, s.console(), s.namespace)
	old := s.stranger()
	_, id := s.applied("owner", map[string]string{certID: old})
	s.console().TagLoadBalancer(t, id, s.ours())
	s.manage()
	s.create(s.service("guest", map[string]string{ccm.Annotation("loadbalancer-id"): id}))
	now := s.unready(s.bind("web", toService("guest", "")), v1alpha1.ReasonBindingConflict)
	s.checkSays(now, s.namespace+"/owner")
	s.checkServed(id, 443, old, nil)
}

func TestATagThatAServiceHadWrittenLetsNobodyBind(t *testing.T) {
	s := setStage(t)
	id, old := s.loadBalancer(443)
	s.console().TagLoadBalancer(t, id, map[string]string{v1alpha1.TagNamespaces: "victim"})
	ccm.Start(t, s.cluster, s.console(), s.namespace)
	service := s.service("trojan", map[string]string{
		ccm.Annotation("loadbalancer-id"): id, ccm.Annotation(ccm.AdditionalTags): v1alpha1.TagNamespaces + "=" + s.namespace,
	})
	s.create(service)
	s.loadBalancerOf(service)
	if got := s.console().LoadBalancer(t, id).Tags[v1alpha1.TagNamespaces]; got != s.namespace {
		t.Fatalf("the tag is %q: this shows nothing", got)
	}
	s.manage()
	now := s.unready(s.bind("web", toListener(id, 443, "")), v1alpha1.ReasonBindingNotAllowed)
	s.checkSays(now, s.namespace+"/trojan", id)
	s.checkServed(id, 443, old, nil)
}

func TestABindingThatMovesWithinItsObjectKeepsServing(t *testing.T) {
	s := setStage(t)
	id, _ := s.loadBalancer(443, 8443)
	ccm.Start(t, s.cluster, s.console(), s.namespace)
	service := s.service("web", map[string]string{ccm.Annotation("loadbalancer-id"): id})
	s.create(service)
	s.loadBalancerOf(service)
	s.manage()
	object := s.bind("web", renamed(toListener(id, 443, "x.a.com"), "old"))
	ours := s.ready(object).Status.CertificateID
	s.update(object, func() { object.Spec.Bindings = []v1alpha1.Binding{toService("web", "x.a.com")} })
	now := s.wait(object, "moved", func(o *v1alpha1.ServerCertificate) bool { return isReady(o) && len(o.Status.Bindings) == 1 })
	if !now.Status.Bindings[0].OwnsExtension {
		t.Errorf("what was made for the old binding isn't the new one's: %+v", now.Status.Bindings)
	}
	for _, port := range []int{443, 8443} {
		if _, domains := s.served(id, port); domains["x.a.com"] != ours {
			t.Errorf("port %d serves %v", port, domains)
		}
	}
}

func TestAServiceIsAnnotatedOnceTheCertificateIsListed(t *testing.T) {
	s := setStage(t, "--list-lag", "3s").manage("--consistency-window", "3s")
	service := s.service("web", nil)
	s.create(service)
	object := s.bind("web", toService("web", ""))
	now := env.WaitFor(t, s.cluster, service, "annotated", func(o *corev1.Service) bool { return o.Annotations[certID] != "" })
	uploaded := s.uploads()[0].Time
	if since := time.Since(uploaded); since < 3*time.Second || since > 3*time.Second+mendedWithin {
		t.Errorf("it was annotated %s after the upload", since)
	}
	if id := s.get(object).Status.CertificateID; now.Annotations[certID] != id {
		t.Errorf("it names %s, want %s", now.Annotations[certID], id)
	}
}

func TestABindingIsTakenOutThoughTheSecretIsGone(t *testing.T) {
	s := setStage(t)
	id, _ := s.loadBalancer(443)
	s.manage()
	object := s.bind("web", toListener(id, 443, "x.a.com"))
	s.ready(object)
	s.delete(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: "web-tls"}})
	s.unready(object, v1alpha1.ReasonSecretNotFound)
	s.update(object, func() { object.Spec.Bindings = nil })
	s.wait(object, "nothing bound", func(o *v1alpha1.ServerCertificate) bool { return len(o.Status.Bindings) == 0 })
	if _, domains := s.served(id, 443); len(domains) != 0 {
		t.Errorf("it still serves %v", domains)
	}
}
