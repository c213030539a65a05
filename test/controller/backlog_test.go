package controller

import (
	"fmt"
	"slices"
	"testing"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/env"
)

// backlog creates objects with work for some seconds.
func (s *stage) backlog(n int, options ...func(*v1alpha1.ServerCertificate)) []*v1alpha1.ServerCertificate {
	s.Helper()
	objects := make([]*v1alpha1.ServerCertificate, 0, n)
	for i := range n {
		object := s.certificate(fmt.Sprint("bulk-", i), options...)
		s.create(s.secret(object.Spec.SecretRef.Name, certs.NewLeaf(s)), object)
		objects = append(objects, object)
	}
	return objects
}

// Under a rate limit a renewal, with its bindings, goes before first syncs that came earlier.
func TestARenewalGoesBeforeABacklog(t *testing.T) {
	s := setStage(t).manage("--api-qps", "4", "--api-burst", "1", "--concurrency", "4")
	id, _ := s.loadBalancer(443)
	object := s.bind("web", toListener(id, 443, ""))
	before := s.ready(object)
	bulk := s.backlog(30)
	from := s.lastCall()
	s.renew(object, certs.NewLeaf(t))
	after := s.calls(from)
	waited := slices.IndexFunc(after, func(c env.SimulatedCall) bool { return c.Action == "SetLoadBalancerHTTPSListenerAttribute" })
	others := 0
	for _, call := range after[:max(waited, 0)] {
		if call.Action == "UploadServerCertificate" {
			others++
		}
	}
	if waited < 0 || others > 10 {
		t.Errorf("%d uploads before the listener was set, want the renewal's and a few: %v", others, after)
	}
	if now := s.get(object); now.Status.CertificateID == before.Status.CertificateID {
		t.Error("it wasn't renewed")
	}
	for _, one := range bulk {
		s.checkOneOf(s.ready(one))
	}
}

// What hangs in one account, or waits for its turn there, takes no worker from another.
func TestOneAccountsBacklogDelaysNoOther(t *testing.T) {
	s := setStage(t).manage("--concurrency", "2", "--api-timeout", "20s")
	s.ownCredentials()
	own := s.certificate("own", signedBy("aliyun"))
	s.sync(own)
	s.cloud.SetFaults(t, "UploadServerCertificate@"+ownKeyID+"=timeout")
	bulk := s.backlog(40, signedBy("aliyun"))
	s.poll("uploads that hang", func() bool { return len(s.uploads()) >= 3 })
	from := s.lastCall()
	s.sync(s.certificate("web"))
	for _, call := range s.calls(from) {
		if call.AccessKeyID == ownKeyID {
			t.Errorf("the other account came to its next call before: %+v", call)
		}
	}
	s.cloud.SetFaults(t)
	for _, one := range bulk {
		s.checkOneOf(s.ready(one))
	}
}
