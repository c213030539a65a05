package operation

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/clb/credentials"
	"github.com/clbcert/clbcert/test/env"
)

// renewals are a number of renewals of each object, under way while a test does something.
const renewals = 3

// renewAll renews each object once, and waits for nothing.
func (s *stage) renewAll(objects []*v1alpha1.ServerCertificate) {
	s.Helper()
	for _, object := range objects {
		s.renew(object)
	}
}

// checkNoSyncLost waits until each object's present Secret is in the cloud, and checks that
// nothing was uploaded twice.
func (s *stage) checkNoSyncLost(objects []*v1alpha1.ServerCertificate) {
	s.Helper()
	for _, object := range objects {
		want := s.digest(object.Spec.SecretRef.Name)
		env.WaitFor(s, s.cluster, object, "Ready with its present Secret", func(o *v1alpha1.ServerCertificate) bool {
			return isReady(o) && o.Status.Digest == want
		})
	}
	s.checkNothingTwice()
}

func TestARotatedKeyUnderLoadLosesNoSync(t *testing.T) {
	s := setStage(t).manage("--api-qps", "0")
	key := func(number int) env.SimulatedAccessKey {
		return env.SimulatedAccessKey{ID: "LTAI5tKey" + strconv.Itoa(number), Secret: "secret", Account: ownAccount}
	}
	s.ownKey("aliyun", key(0))
	objects := s.addMany(10, signedBy("aliyun"))
	for number := range renewals {
		s.renewAll(objects[:5])
		s.cloud.PutAccessKey(t, key(number+1))
		secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: "aliyun"}}
		s.update(secret, func() { secret.Data["accessKeyID"] = []byte(key(number + 1).ID) })
		s.renewAll(objects[5:])
		old := key(number)
		old.Inactive = true
		s.cloud.PutAccessKey(t, old)
	}
	s.checkNoSyncLost(objects)
	calls := s.cloud.Calls(t, upload)
	if last := calls[len(calls)-1]; last.AccessKeyID != key(renewals).ID || last.Outcome != "ok" {
		t.Errorf("the last upload was signed by %s: %s", last.AccessKeyID, last.Outcome)
	}
}

// The sessions of a role last 5 s here, and each token is good for one of them: the kubelet
// puts the next one in its place in time.
func TestRotatedOIDCTokensUnderLoadLoseNoSync(t *testing.T) {
	s := setStage(t, "--session-limit", "5s")
	file := filepath.Join(t.TempDir(), "token")
	s.putToken(file, 6*time.Second)
	s.manageAs([]string{
		"ALIBABA_CLOUD_ACCESS_KEY_ID=", "ALIBABA_CLOUD_ACCESS_KEY_SECRET=",
		"ALIBABA_CLOUD_ROLE_ARN=acs:ram::" + ownAccount + ":role/clbcert", "ALIBABA_CLOUD_OIDC_TOKEN_FILE=" + file,
		"ALIBABA_CLOUD_OIDC_PROVIDER_ARN=acs:ram::" + ownAccount + ":oidc-provider/ack-rrsa-c1",
	}, "--api-qps", "0")
	if log := s.manager.Log(); !strings.Contains(log, `"credentials":"RRSA (OIDC)"`) {
		t.Errorf("the log doesn't name the credentials: %s", log)
	}
	objects := s.addMany(8)
	for range renewals {
		passed := s.elapsed(3 * time.Second)
		s.putToken(file, 6*time.Second)
		s.renewAll(objects)
		passed(s)
	}
	s.checkNoSyncLost(objects)
	sessions := s.cloud.Calls(t, "AssumeRoleWithOIDC")
	signers := map[string]bool{}
	for _, call := range s.cloud.Calls(t, upload) {
		signers[call.AccessKeyID] = true
		if call.Account != ownAccount || !strings.HasPrefix(call.AccessKeyID, "STS.") || call.Outcome != "ok" {
			t.Errorf("an upload of account %s signed by %s: %s", call.Account, call.AccessKeyID, call.Outcome)
		}
	}
	if len(sessions) < 2 || len(signers) < 2 || len(sessions) > 8 {
		t.Errorf("%d sessions, %d of them signed uploads", len(sessions), len(signers))
	}
	if refused := slices.DeleteFunc(sessions, func(c env.SimulatedCall) bool { return c.Outcome == "ok" }); len(refused) != 0 {
		t.Errorf("refused: %+v", refused)
	}
}

// putToken writes a projected token as the kubelet does: whole, in place of the one before.
func (s *stage) putToken(file string, life time.Duration) {
	s.Helper()
	claims, err := json.Marshal(map[string]any{
		"iss": "https://oidc.example.com", "sub": "system:serviceaccount:clbcert-system:clbcert-manager", "aud": []string{"sts.aliyuncs.com"},
		"iat": time.Now().Unix(), "exp": time.Now().Add(life).Unix(),
	})
	s.must(err)
	encode := base64.RawURLEncoding.EncodeToString
	token := encode([]byte(`{"alg":"RS256"}`)) + "." + encode(claims) + "." + encode([]byte("signature"))
	s.must(os.WriteFile(file+".new", []byte(token+"\n"), 0o600))
	s.must(os.Rename(file+".new", file))
}

func TestATemporaryKeyOfTheEnvironmentSigns(t *testing.T) {
	s := setStage(t)
	cloud, _ := s.somebody()
	session, err := cloud.STS(env.Region).AssumeRole(credentials.Static(env.AccessKeyID, env.AccessKeySecret, ""),
		credentials.Role{ARN: "acs:ram::" + ownAccount + ":role/temporary"}).Credentials(t.Context())
	s.must(err)
	s.manageAs([]string{
		"ALIBABA_CLOUD_ACCESS_KEY_ID=" + session.AccessKeyID, "ALIBABA_CLOUD_ACCESS_KEY_SECRET=" + session.AccessKeySecret,
		"ALIBABA_CLOUD_SECURITY_TOKEN=" + session.SecurityToken,
	})
	sent := s.send(s.certificate("web"))
	if sent.call.AccessKeyID != session.AccessKeyID || sent.object.Status.AccountID != ownAccount {
		t.Errorf("signed by %s, the status names account %s", sent.call.AccessKeyID, sent.object.Status.AccountID)
	}
	if log := s.manager.Log(); !strings.Contains(log, `"credentials":"environment access key with STS token"`) || strings.Contains(log, session.SecurityToken) {
		t.Errorf("the log doesn't name the credentials, or tells them: %s", log)
	}
}

func TestACredentialsSecretMayNameARoleToAssume(t *testing.T) {
	s := setStage(t).manage()
	role := "acs:ram::" + secondAccount + ":role/shop"
	s.ownKey("aliyun", env.SimulatedAccessKey{ID: "LTAI5tShop", Secret: "secret", Account: ownAccount},
		"roleARN", role, "roleSessionName", "shop-session", "externalID", "shop-1")
	sent := s.send(s.certificate("web", signedBy("aliyun")))
	if !strings.HasPrefix(sent.call.AccessKeyID, "STS.") || sent.call.Account != secondAccount || sent.object.Status.AccountID != secondAccount {
		t.Errorf("signed by %s of account %s; the status names account %s", sent.call.AccessKeyID, sent.call.Account, sent.object.Status.AccountID)
	}
	assumed := s.cloud.Calls(t, "AssumeRole")
	if len(assumed) != 1 || assumed[0].AccessKeyID != "LTAI5tShop" {
		t.Fatalf("AssumeRole was called %d times: %+v", len(assumed), assumed)
	}
	for parameter, want := range map[string]string{"RoleArn": role, "RoleSessionName": "shop-session", "ExternalId": "shop-1"} {
		if got := assumed[0].Parameters[parameter]; got != want {
			t.Errorf("%s is %q, want %q", parameter, got, want)
		}
	}
}
