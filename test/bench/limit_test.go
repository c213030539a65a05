package bench

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

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
				took := loop.run(n, workers, statusWrites)
				record(w, "Plain loop, without a controller", fmt.Sprintf("%d at once; upload and %d writes of the status", workers, statusWrites),
					figure{"certificates", n}, figure{"seconds", took.Seconds()}, figure{"certificates per second", float64(n) / took.Seconds()})
			}
		}
	})
}

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
func (l *plainLoop) run(n, workers, statusWrites int) time.Duration {
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
				errs[worker] = errors.Join(errs[worker], l.treat(l.Context(), console.API, i, statusWrites))
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

// treat uploads once, and writes as often as it is to.
func (l *plainLoop) treat(ctx context.Context, api *cloud.API, i, statusWrites int) error {
	tags := map[string]string{
		v1alpha1.TagCluster: "plain", v1alpha1.TagObject: v1alpha1.ObjectTag(l.namespace, name(i)), v1alpha1.TagDigest: "0",
	}
	id, err := api.Upload(ctx, name(i), tags, l.chain, l.key)
	for write := range statusWrites {
		if err == nil {
			err = l.write(ctx, i, fmt.Sprintf("%s-%d-%d", id, l.runs, write))
		}
	}
	return err
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
