package bench

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/cloud"
	"github.com/clbcert/clbcert/test/env"
)

// BenchmarkPlainLoop measures what the machine allows: a loop without a controller that
// uploads certificates, and writes statuses as the manager does (an update of what
// the last write gave, as the same user). It reads nothing, lists nothing, and would upload
// twice after a crash.
func BenchmarkPlainLoop(b *testing.B) {
	each(b, []int{1000}, func(b *testing.B, n int) {
		w := newWorld(b, env.StartAuditedCluster(b))
		w.simulate(*latency)
		w.parallel(n, func(ctx context.Context, i int) error { return w.object(ctx, i) })
		loop := w.plainLoop(n)
		for _, workers := range []int{16, 64} {
			for statusWrites := range 4 {
				w.calm(w.cluster.APIServer)
				loop.measure(n, workers, fmt.Sprintf("upload and %d writes of the status", statusWrites), loop.uploadAndWrite(statusWrites))
			}
		}
		w.parallel(n, func(ctx context.Context, i int) error { return w.issue(ctx, i, 0) })
		w.calm(w.cluster.APIServer)
		loop.measure(n, 16, "the requests of a first sync", loop.syncOnce)
	})
}

// measure records how fast a treatment is.
func (l *plainLoop) measure(n, workers int, what string, treat treatment) {
	l.Helper()
	took := l.run(n, workers, treat)
	record(l, "Plain loop, without a controller", fmt.Sprintf("%d at once; %s", workers, what),
		figure{"certificates", n}, figure{"seconds", took.Seconds()}, figure{"certificates per second", float64(n) / took.Seconds()})
}

// treatment is what is done for one object.
type treatment func(ctx context.Context, api *cloud.API, i int) error

// plainLoop has all ready that would take time.
type plainLoop struct {
	*world
	client     client.Client
	chain, key []byte
	objects    []v1alpha1.ServerCertificate // in the order of their names, as they were last
	runs       int
}

func (w *world) plainLoop(n int) *plainLoop {
	w.Helper()
	config := rest.CopyConfig(w.cluster.Config)
	config.Impersonate.UserName = env.ServiceAccount
	as, err := client.New(config, client.Options{Scheme: w.cluster.Client.Scheme()})
	if err != nil {
		w.Fatalf("making a client: %v", err)
	}
	identity, err := w.identity(0, 0)
	if err != nil {
		w.Fatal(err)
	}
	key, err := identity.KeyPEM(certs.SEC1)
	if err != nil {
		w.Fatal(err)
	}
	var list v1alpha1.ServerCertificateList
	if err := as.List(w.Context(), &list, client.InNamespace(w.namespace)); err != nil || len(list.Items) != n {
		w.Fatalf("listing the objects: %d, %v", len(list.Items), err)
	}
	return &plainLoop{world: w, client: as, chain: identity.ChainPEM(), key: key, objects: list.Items}
}

// run treats n objects by so many workers, and gives how long that took. Each worker has a
// connection to the cloud, as the manager's have.
func (l *plainLoop) run(n, workers int, treat treatment) time.Duration {
	l.Helper()
	l.runs++
	numbers := make(chan int)
	errs := make([]error, workers)
	var group sync.WaitGroup
	begin := time.Now()
	for worker := range workers {
		console := cloud.New(l, l.cloud)
		group.Go(func() {
			for i := range numbers {
				errs[worker] = errors.Join(errs[worker], treat(l.Context(), console.API, i))
			}
		})
	}
	for i := range n {
		numbers <- i
	}
	close(numbers)
	group.Wait()
	took := time.Since(begin)
	if err := errors.Join(errs...); err != nil {
		l.Fatalf("in the plain loop: %v", err)
	}
	return took
}

// uploadAndWrite uploads once, and writes as often as it is to.
func (l *plainLoop) uploadAndWrite(statusWrites int) treatment {
	return func(ctx context.Context, api *cloud.API, i int) error {
		id, err := l.upload(ctx, api, i)
		for write := range statusWrites {
			if err == nil {
				err = l.write(ctx, i, fmt.Sprintf("%s-%d-%d", id, l.runs, write))
			}
		}
		return err
	}
}

// syncOnce makes the requests of a first sync, in their order: the Secret, the finalizer, the
// intent, the upload, its outcome and the Event.
func (l *plainLoop) syncOnce(ctx context.Context, api *cloud.API, i int) error {
	object := &l.objects[i]
	if err := l.client.Get(ctx, client.ObjectKey{Namespace: l.namespace, Name: name(i) + "-tls"}, &corev1.Secret{}); err != nil {
		return err
	}
	before := object.DeepCopy()
	object.Finalizers = []string{v1alpha1.Finalizer}
	if err := l.client.Patch(ctx, object, client.MergeFrom(before)); err != nil {
		return err
	}
	if err := l.write(ctx, i, "intent"); err != nil {
		return err
	}
	id, err := l.upload(ctx, api, i)
	if err == nil {
		err = l.write(ctx, i, id)
	}
	if err != nil {
		return err
	}
	return l.client.Create(ctx, &eventsv1.Event{
		ObjectMeta: metav1.ObjectMeta{Namespace: l.namespace, Name: name(i)}, EventTime: metav1.NowMicro(),
		ReportingController: "clbcert", ReportingInstance: "plain", Action: "Upload", Reason: "Uploaded", Type: corev1.EventTypeNormal,
		Note: "Uploaded certificate " + id, Regarding: corev1.ObjectReference{Kind: "ServerCertificate", Namespace: l.namespace, Name: name(i)},
	})
}

func (l *plainLoop) upload(ctx context.Context, api *cloud.API, i int) (id string, err error) {
	tags := map[string]string{
		v1alpha1.TagCluster: "plain", v1alpha1.TagObject: v1alpha1.ObjectTag(l.namespace, name(i)), v1alpha1.TagDigest: "0",
	}
	return api.Upload(ctx, name(i), tags, l.chain, l.key)
}

// write writes a status of the usual length that differs from the one before.
func (l *plainLoop) write(ctx context.Context, i int, id string) error {
	now := metav1.NewTime(time.Now().Truncate(time.Second))
	conditions := make([]metav1.Condition, 0, 3)
	for _, kind := range []string{v1alpha1.ConditionReady, v1alpha1.ConditionUploaded, v1alpha1.ConditionReconciling} {
		conditions = append(conditions, metav1.Condition{
			Type: kind, Status: metav1.ConditionTrue, Reason: string(v1alpha1.ReasonSynced), LastTransitionTime: now, ObservedGeneration: 1,
			Message: "certificate " + id + " is in the cloud",
		})
	}
	l.objects[i].Status = v1alpha1.ServerCertificateStatus{
		ObservedGeneration: 1, CertificateID: id, CertificateName: name(i), AccountID: "1000000000000001", ClusterID: "plain",
		Region: env.Region, Fingerprint: "04:11:39:ae:f5:77:6f:be:b7:0d:ef:93:e8:40:3b:a2:fb:f0:a1:f1",
		Digest: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", CommonName: name(i) + ".example.com",
		DNSNames: []string{name(i) + ".example.com"}, NotBefore: &now, NotAfter: &now, UploadTime: &now,
		ResourceGroupID: "rg-acfmxdefault", Conditions: conditions,
	}
	return l.client.Status().Update(ctx, &l.objects[i])
}
