package operation

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/env"
)

const (
	shopRole = "acs:ram::" + ownAccount + ":role/shop"
	teamRole = "acs:ram::" + ownAccount + ":role/team"
	roles    = `roles:
  - namespaceSelector: {matchLabels: {team: shop}}
    roleARN: ` + shopRole + `
    roleSessionName: clbcert-shop
    externalID: shop-1
  - namespaceSelector: {matchExpressions: [{key: team, operator: Exists}]}
    roleARN: ` + teamRole + "\n"
)

// config is the folder of the manifests.
const config = "../../config"

// label sets a namespace's label team; "" takes it away.
func (s *stage) label(team string) {
	s.Helper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.namespace}}
	s.update(namespace, func() {
		if namespace.Labels == nil {
			namespace.Labels = map[string]string{}
		}
		if namespace.Labels["team"] = team; team == "" {
			delete(namespace.Labels, "team")
		}
	})
}

// assumed are the AssumeRole calls for a role.
func (s *stage) assumed(role string) []env.SimulatedCall {
	s.Helper()
	return slices.DeleteFunc(s.cloud.Calls(s, "AssumeRole"), func(c env.SimulatedCall) bool { return c.Parameters["RoleArn"] != role })
}

func TestEachNamespaceActsWithItsOwnRole(t *testing.T) {
	shop := setStage(t)
	plain, team := *shop, *shop
	plain.namespace, team.namespace = shop.cluster.Namespace(t), shop.cluster.Namespace(t)
	shop.label("shop")
	team.label("ops")
	file := filepath.Join(t.TempDir(), "map.yaml")
	shop.must(os.WriteFile(file, []byte(roles), 0o600))
	shop.cluster.Kubectl(t, "apply", "-f", filepath.Join(config, "credentials-map", "namespaces.yaml"))
	env.StartManager(t, shop.cluster, shop.cloud, "--cluster-id", clusterID, "--credentials-map", file,
		"--watch-namespaces", strings.Join([]string{shop.namespace, plain.namespace, team.namespace}, ","))

	ofPlain := plain.send(plain.certificate("web"))
	if ofPlain.call.AccessKeyID != env.AccessKeyID || len(shop.cloud.Calls(t, "AssumeRole")) != 0 {
		t.Errorf("an object of no tenant was signed for by %s", ofPlain.call.AccessKeyID)
	}
	ofShop, ofTeam := shop.send(shop.certificate("web")), team.send(team.certificate("web"))
	for role, sent := range map[string]sent{shopRole: ofShop, teamRole: ofTeam} {
		if !strings.HasPrefix(sent.call.AccessKeyID, "STS.") || sent.call.Account != ownAccount || sent.object.Status.AccountID != ownAccount {
			t.Errorf("%s: signed by %s of account %s; the status is %+v", role, sent.call.AccessKeyID, sent.call.Account, sent.object.Status)
		}
		if calls := shop.assumed(role); len(calls) != 1 || calls[0].AccessKeyID != env.AccessKeyID {
			t.Errorf("%s was assumed %d times: %+v", role, len(calls), calls)
		}
	}
	if p := shop.assumed(shopRole)[0].Parameters; p["ExternalId"] != "shop-1" || p["RoleSessionName"] != "clbcert-shop" || ofShop.call.AccessKeyID == ofTeam.call.AccessKeyID {
		t.Errorf("the shop's session was opened with %v", p)
	}

	t.Run("also against the object's will", func(t *testing.T) {
		s := plain.in(t)
		s.ownKey("aliyun", env.SimulatedAccessKey{ID: "LTAI5tPlain", Secret: "secret", Account: secondAccount})
		if own := s.send(s.certificate("own", signedBy("aliyun"))); own.call.AccessKeyID != "LTAI5tPlain" {
			t.Errorf("its own credentials didn't sign, but %s", own.call.AccessKeyID)
		}
		s.create(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: "role"}, StringData: map[string]string{"roleARN": shopRole}})
		stolen := s.add(s.certificate("stolen", signedBy("role")))
		s.checkSays(s.unready(stolen, v1alpha1.ReasonCredentialsInvalid), "accessKeyID")
		if len(s.uploadsOf(stolen)) != 0 || len(s.assumed(shopRole)) != 1 {
			t.Errorf("a role without keys was assumed with the manager's identity")
		}
	})
	t.Run("as long as its label is so", func(t *testing.T) {
		s := team.in(t)
		s.label("shop")
		s.renew(ofTeam.object)
		s.poll("an upload as the shop", func() bool { return len(s.uploadsOf(ofTeam.object)) == 2 })
		if moved := s.uploadsOf(ofTeam.object)[1]; moved.AccessKeyID != ofShop.call.AccessKeyID {
			t.Errorf("after the move it was signed by %s, the shop's is %s", moved.AccessKeyID, ofShop.call.AccessKeyID)
		}
		s.ready(ofTeam.object)
		s.label("")
		s.checkSays(s.unready(ofTeam.object, v1alpha1.ReasonAccountChanged), ownAccount, "1000000000000001")
		if fresh := s.send(s.certificate("fresh")); fresh.call.AccessKeyID != env.AccessKeyID {
			t.Errorf("without a label it was signed by %s", fresh.call.AccessKeyID)
		}
	})
	for _, call := range shop.cloud.Calls(t, upload) {
		if namespace, _, _ := strings.Cut(tagsOf(call)[v1alpha1.TagObject], "/"); namespace == plain.namespace && call.Account == ownAccount {
			t.Errorf("an object of no tenant reached a tenant's account: %+v", call)
		}
	}
}

func TestAWrongCredentialsMapIsOneClearLine(t *testing.T) {
	t.Parallel()
	for because, c := range map[string]struct {
		text  string // "" for no file
		wants []string
	}{
		"no such file":          {"", []string{"no such file"}},
		"no YAML":               {"roles: [", []string{"yaml"}},
		"an unknown field":      {"roles:\n- namespaceSelector: {}\n  role: " + shopRole, []string{`"role"`}},
		"no selector":           {"roles:\n- roleARN: " + shopRole, []string{"roles[0]", "namespaceSelector", "{}"}},
		"a selector that fails": {"roles:\n- roleARN: " + shopRole + "\n  namespaceSelector: {matchExpressions: [{key: a, operator: Like}]}", []string{"roles[0]", "Like"}},
		"no role":               {roles + "  - namespaceSelector: {}", []string{"roles[2]", "roleARN"}},
		"a role that is none":   {"roles:\n- namespaceSelector: {}\n  roleARN: shop", []string{"roles[0]", "acs:ram::"}},
		"a bad session name":    {"roles:\n- namespaceSelector: {}\n  roleARN: " + shopRole + "\n  roleSessionName: a b", []string{"roles[0]", "roleSessionName"}},
	} {
		t.Run(because, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "map.yaml")
			if c.text != "" {
				if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.CommandContext(t.Context(), env.Program(t, "manager"), "--credentials-map", file)
			cmd.Env = []string{"ALIBABA_CLOUD_ACCESS_KEY_ID=LTAI5t", "ALIBABA_CLOUD_ACCESS_KEY_SECRET=secret"}
			output, err := cmd.CombinedOutput()
			line := string(output)
			if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != 1 || strings.Count(line, "\n") != 1 {
				t.Fatalf("%v:\n%s", err, line)
			}
			for _, want := range append(c.wants, "clbcert: --credentials-map: ", file) {
				if !strings.Contains(line, want) {
					t.Errorf("it doesn't tell %q: %s", want, line)
				}
			}
		})
	}
}

// The component gives the installed manager the right, the flag and the map.
func TestTheComponentOfTheCredentialsMap(t *testing.T) {
	s := setStage(t)
	folder := t.TempDir()
	here, err := filepath.EvalSymlinks(folder)
	s.must(err)
	tree, err := filepath.Abs(config)
	s.must(err)
	base, err := filepath.Rel(here, tree)
	s.must(err)
	s.must(os.WriteFile(filepath.Join(folder, "kustomization.yaml"), []byte("resources: ["+base+"/default]\ncomponents: ["+base+"/credentials-map]\n"), 0o600))
	manifests := s.cluster.Kubectl(t, "kustomize", folder)
	for _, want := range []string{
		"- --credentials-map=/etc/clbcert/credentials-map.yaml", "mountPath: /etc/clbcert\n", "name: clbcert-credentials-map\n", "name: clbcert-manager-namespaces\n", "- --leader-elect",
	} {
		if !strings.Contains(manifests, want) {
			t.Errorf("the manifests lack %q", want)
		}
	}
	if _, err := s.cluster.TryKubectl(t.Context(), strings.NewReader(manifests), "apply", "--server-side", "--force-conflicts", "--dry-run=server", "--validate=strict", "-f", "-"); err != nil {
		t.Errorf("the API server doesn't take it: %v", err)
	}
}
