package controller

import (
	"testing"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/env"
)

// refusal is an error code of the cloud and what comes of it.
type refusal struct {
	action, code string
	reason       v1alpha1.Reason
	stalls       bool
	says         []string
	// itself says that it is tried again without anybody's doing, soon.
	itself bool
}

func TestWhatTheCloudRefusesIsToldOnce(t *testing.T) {
	const upload, list = "UploadServerCertificate", "DescribeServerCertificates"
	cases := map[string]refusal{
		"for good, the pair": {upload, "CertificateFormatInvalid", v1alpha1.ReasonRejectedByCloud, true, []string{`Secret "web-tls"`}, false},
		"for good, the key":  {upload, "EccCertificateNotSupport", v1alpha1.ReasonKeyUnsupported, true, []string{`Secret "web-tls"`, "RSA"}, false},
		"for want of rights": {upload, "Forbidden.RAM", v1alpha1.ReasonUnauthorized, true,
			[]string{"the manager's credentials", "slb:UploadServerCertificate"}, false},
		"a disabled key":      {list, "InvalidAccessKeyId.Inactive", v1alpha1.ReasonCredentialsInvalid, true, []string{"the manager's credentials"}, false},
		"an unknown region":   {list, "InvalidRegionId.NotFound", v1alpha1.ReasonRegionInvalid, true, []string{"region"}, false},
		"a full quota":        {upload, "QuotaExceeded.ServerCertificate", v1alpha1.ReasonQuotaExceeded, false, []string{"Quota Center"}, false},
		"too many calls":      {upload, "Throttling.User", v1alpha1.ReasonThrottled, false, []string{"--api-qps"}, true},
		"a code nobody knows": {upload, "SomethingNew.Unheard", v1alpha1.ReasonCloudUnavailable, false, nil, true},
		"while it is busy":    {list, "SystemBusy", v1alpha1.ReasonCloudUnavailable, false, nil, true},
	}
	for because, c := range cases {
		t.Run(because, func(t *testing.T) {
			s := setStage(t).manage()
			s.cloud.SetFaults(t, c.action+"="+c.code)
			object := s.certificate("web")
			s.create(s.secret("web-tls", certs.NewLeaf(t)), object, s.certificate("barrier"))
			s.checkRefused(object, c)
			watch := env.Observe(t, s.cluster, object)
			s.cloud.SetFaults(t)
			if !c.itself {
				s.barrier(object)
			}
			watch.WaitWithin(t, mendedWithin, "Ready once it is mended", isReady)
			s.checkOneOf(s.get(object))
		})
	}
}

// checkRefused checks what an object says of a refusal: the same from the first on.
func (s *stage) checkRefused(object *v1alpha1.ServerCertificate, c refusal) {
	s.Helper()
	said := s.unready(object, c.reason)
	first := s.cloud.Calls(s, c.action)[0]
	s.checkSays(said, append(c.says, c.action, c.code, "RequestId "+first.RequestID)...)
	s.checkParts(said, c.stalls)
	if said.Status.PendingUpload != nil {
		s.Errorf("what was refused is still pending: %+v", said.Status.PendingUpload)
	}
	if !c.itself {
		secret := s.certificate("web").Spec.SecretRef.Name
		s.touch(secret)
		s.passed()
		if calls := s.cloud.Calls(s); len(calls) > 3 {
			s.Errorf("%d calls for a refusal that no repetition mends: %+v", len(calls), calls)
		}
	}
	again := s.barrier(object)
	if len(s.cloud.Calls(s, c.action)) < 2 {
		s.Errorf("a sync request didn't reach the cloud")
	}
	if now, was := message(again, v1alpha1.ConditionReady), message(said, v1alpha1.ConditionReady); now != was {
		s.Errorf("an equal error changed the message from %q to %q", was, now)
	}
	s.event(object, c.reason)
}

func TestACodeThatNobodyKnowsIsTriedEverMoreRarely(t *testing.T) {
	s := setStage(t).manage()
	s.cloud.SetFaults(t, "UploadServerCertificate=SomethingNew.Unheard")
	s.create(s.secret("web-tls", certs.NewLeaf(t)), s.certificate("web"))
	s.poll("three attempts", func() bool { return len(s.uploads()) >= 3 })
	calls := s.uploads()
	first, second := calls[1].Time.Sub(calls[0].Time), calls[2].Time.Sub(calls[1].Time)
	if second < first*5/4 {
		t.Errorf("tried again after %v, then after %v", first, second)
	}
}

func TestACloudThatIsAwayTurnsNothingThatWasInOrder(t *testing.T) {
	s := setStage(t).manage("--resync-interval", "1s", "--api-timeout", "1s")
	object, fresh := s.certificate("web"), s.certificate("fresh")
	synced := s.sync(object)
	s.cloud.Kill(t)
	s.create(s.secret("fresh-tls", certs.NewLeaf(t)), fresh)
	s.checkParts(s.unready(fresh, v1alpha1.ReasonCloudUnavailable), false)
	if now := s.barrier(object); !isReady(now) {
		t.Errorf("it was in order, and now says %s", message(now, v1alpha1.ConditionReady))
	}
	watch := env.Observe(t, s.cluster, fresh)
	s.cloud.Start(t)
	watch.WaitWithin(t, mendedWithin, "Ready once the cloud is back", isReady)
	if now := s.barrier(object); now.Status.CertificateID != synced.Status.CertificateID {
		t.Errorf("it was uploaded anew: %+v", now.Status)
	}
}
