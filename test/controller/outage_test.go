package controller

import (
	"testing"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/certs"
)

// An outage costs one write and one Event, however often it is retried: each failure
// comes from another local port, and is the same failure all the same.
func TestAnOutageIsToldOnce(t *testing.T) {
	s := setStage(t, "--fault=DescribeServerCertificates=reset").manage()
	object := s.certificate("web")
	s.create(s.secret("web-tls", certs.NewLeaf(t)), object)
	told := s.unready(object, v1alpha1.ReasonCloudUnavailable)
	before := len(s.cloud.Calls(t, "DescribeServerCertificates"))
	s.poll("two more retries", func() bool { return len(s.cloud.Calls(t, "DescribeServerCertificates")) >= before+2 })
	if now := s.get(object); now.ResourceVersion != told.ResourceVersion {
		t.Errorf("a retry wrote the status: %q, then %q", message(told, "Ready"), message(now, "Ready"))
	}
	s.cloud.SetFaults(t)
	s.ready(object)
	if events := s.events(object, v1alpha1.ReasonCloudUnavailable); len(events) != 1 {
		t.Errorf("%d Events, want one", len(events))
	}
}
