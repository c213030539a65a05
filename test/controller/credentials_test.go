package controller

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/env"
)

// signedBy has the object use a credentials Secret.
func signedBy(secret string) func(*v1alpha1.ServerCertificate) {
	return func(o *v1alpha1.ServerCertificate) {
		o.Spec.CredentialsSecretRef = &v1alpha1.SecretReference{Name: secret}
	}
}

// credentials is a credentials Secret; blanks around the values are nobody's matter.
func (s *stage) credentials(name, id, secret string) *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: name},
		StringData: map[string]string{"accessKeyID": " " + id + "\n", "accessKeySecret": secret + "\n"},
	}
}

// rekey changes what a credentials Secret holds.
func (s *stage) rekey(name, id, secret string) {
	s.Helper()
	object := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: name}}
	s.update(object, func() { object.StringData = s.credentials(name, id, secret).StringData })
}

const (
	ownAccount = "1000000000000002"
	ownKeyID   = "LTAI5tOwn"
	ownSecret  = "own-secret"
)

// ownCredentials makes another account's key known to the cloud, and a Secret with it.
func (s *stage) ownCredentials() {
	s.Helper()
	s.cloud.PutAccessKey(s, env.SimulatedAccessKey{ID: ownKeyID, Secret: ownSecret, Account: ownAccount})
	s.create(s.credentials("aliyun", ownKeyID, ownSecret))
}

func TestAnObjectsOwnCredentialsSignItsCallsAlone(t *testing.T) {
	s := setStage(t).manage()
	s.ownCredentials()
	own, others := s.certificate("own", signedBy("aliyun")), s.certificate("others")
	if got := s.sync(own).Status.AccountID; got != ownAccount {
		t.Errorf("account %s, want %s", got, ownAccount)
	}
	if got := s.sync(others).Status.AccountID; got != "1000000000000001" {
		t.Errorf("account %s, want the manager's", got)
	}
	for _, call := range s.uploadsOf(own) {
		if call.AccessKeyID != ownKeyID {
			t.Errorf("signed by %s: %+v", call.AccessKeyID, call)
		}
	}
	for _, call := range s.uploadsOf(others) {
		if call.AccessKeyID != env.AccessKeyID {
			t.Errorf("signed by %s: %+v", call.AccessKeyID, call)
		}
	}
}

func TestARotatedKeyTakesEffectByItself(t *testing.T) {
	s := setStage(t).manage()
	s.ownCredentials()
	object := s.certificate("web", signedBy("aliyun"))
	id := s.sync(object).Status.CertificateID

	s.cloud.PutAccessKey(t, env.SimulatedAccessKey{ID: ownKeyID, Secret: ownSecret, Account: ownAccount, Inactive: true})
	s.cloud.PutAccessKey(t, env.SimulatedAccessKey{ID: "LTAI5tNext", Secret: "next", Account: ownAccount})
	s.put("web-tls", certs.NewLeaf(t))
	refused := s.unready(object, v1alpha1.ReasonCredentialsInvalid)
	s.checkSays(refused, `"aliyun"`, "InvalidAccessKeyId.Inactive", "RequestId")
	s.checkParts(refused, true)

	watch := env.Observe(t, s.cluster, object)
	s.rekey("aliyun", "LTAI5tNext", "next")
	watch.WaitWithin(t, mendedWithin, "renewed with the new key", func(o *v1alpha1.ServerCertificate) bool {
		return isReady(o) && o.Status.CertificateID != id && o.Status.AccountID == ownAccount
	})
}

func TestBadCredentialsSayWhatIsWrongAndAreSeenMended(t *testing.T) {
	s := setStage(t).manage()
	cases := map[string]struct {
		data   map[string]string // none: there is no such Secret
		stalls bool
		says   []string
	}{
		"no such secret":  {nil, false, []string{"doesn't exist", "create it"}},
		"an empty secret": {map[string]string{}, true, []string{"accessKeyID"}},
		"half a key":      {map[string]string{"accessKeyID": "LTAI"}, true, []string{"accessKeySecret"}},
		"an unknown key": {map[string]string{"accessKeyID": "LTAI5tNobody", "accessKeySecret": "x"}, true,
			[]string{"InvalidAccessKeyId.NotFound", "RequestId"}},
		"a wrong key": {map[string]string{"accessKeyID": env.AccessKeyID, "accessKeySecret": "wrong"}, true,
			[]string{"SignatureDoesNotMatch", "RequestId"}},
	}
	for because, c := range cases {
		t.Run(because, func(t *testing.T) {
			s := s.in(t)
			secret := s.credentials(name(because), "", "")
			if secret.StringData = c.data; c.data != nil {
				s.create(secret)
			}
			object := s.certificate("by-"+secret.Name, signedBy(secret.Name))
			s.create(s.secret(object.Spec.SecretRef.Name, certs.NewLeaf(t)), object)
			said := s.unready(object, v1alpha1.ReasonCredentialsInvalid)
			s.checkSays(said, append(c.says, `credentials Secret "`+secret.Name+`"`)...)
			s.checkParts(said, c.stalls)
			if len(said.Finalizers) != 0 {
				t.Errorf("finalizers %v before anything was uploaded", said.Finalizers)
			}
			watch := env.Observe(t, s.cluster, object)
			if c.data == nil {
				s.create(s.credentials(secret.Name, env.AccessKeyID, env.AccessKeySecret))
			} else {
				s.rekey(secret.Name, env.AccessKeyID, env.AccessKeySecret)
			}
			watch.WaitWithin(t, mendedWithin, "Ready", isReady)
		})
	}
}

func TestAnotherAccountsCredentialsChangeNothing(t *testing.T) {
	s := setStage(t).manage()
	s.create(s.credentials("aliyun", env.AccessKeyID, env.AccessKeySecret))
	object := s.certificate("web", signedBy("aliyun"))
	id := s.sync(object).Status.CertificateID
	s.cloud.PutAccessKey(t, env.SimulatedAccessKey{ID: ownKeyID, Secret: ownSecret, Account: ownAccount})

	s.rekey("aliyun", ownKeyID, ownSecret)
	s.put("web-tls", certs.NewLeaf(t))
	said := s.unready(object, v1alpha1.ReasonAccountChanged)
	s.checkSays(said, "1000000000000001", ownAccount)
	s.checkParts(said, true)
	s.barrier(object)
	s.checkUntouched(id)

	s.delete(object)
	s.wait(object, "what it needs", func(o *v1alpha1.ServerCertificate) bool {
		return o.DeletionTimestamp != nil && condition(o, v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonAccountChanged)
	})
	s.checkUntouched(id)
	s.rekey("aliyun", env.AccessKeyID, env.AccessKeySecret)
	s.gone(object, 0)
}

func TestAnotherClusterIDChangesNothing(t *testing.T) {
	s := setStage(t)
	first := env.StartManager(t, s.cluster, s.cloud, "--watch-namespaces", s.namespace, "--cluster-id", "before")
	object := s.certificate("web")
	id := s.sync(object).Status.CertificateID
	first.Stop(t)

	s.put("web-tls", certs.NewLeaf(t))
	s.manage()
	said := s.unready(object, v1alpha1.ReasonClusterChanged)
	s.checkSays(said, `"before"`, `"`+clusterID+`"`, "--cluster-id")
	s.checkParts(said, true)
	s.delete(object)
	s.barrier(object)
	s.checkUntouched(id)
	if now := s.get(object); now.DeletionTimestamp == nil || now.Status.ClusterID != "before" {
		t.Errorf("the object was let go, or its cluster id forgotten: %+v", now)
	}
}

// checkUntouched checks that the cloud has that certificate alone, uploaded once.
func (s *stage) checkUntouched(id string) {
	s.Helper()
	if ids := s.ids(); len(ids) != 1 || ids[0] != id || len(s.uploads()) != 1 {
		s.Errorf("the cloud has %v after %d uploads, want %s after one", ids, len(s.uploads()), id)
	}
}

func TestTheManagersOwnBadCredentialsAreNamed(t *testing.T) {
	s := setStage(t)
	s.manager = env.ManagerOf(t, s.cluster, s.cloud, []string{"--watch-namespaces", s.namespace},
		[]string{"ALIBABA_CLOUD_ACCESS_KEY_SECRET=wrong"})
	object := s.certificate("web")
	s.create(s.secret("web-tls", certs.NewLeaf(t)), object)
	said := s.unready(object, v1alpha1.ReasonCredentialsInvalid)
	s.checkSays(said, "the manager's credentials", "SignatureDoesNotMatch")
	s.checkParts(said, true)
}
