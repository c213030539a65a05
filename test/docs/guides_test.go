package docs

import (
	"strings"
	"testing"
	"time"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/cloud"
	"github.com/clbcert/clbcert/test/env"
)

// exampleCertificate is the ID of a certificate in pages.
const exampleCertificate = "1321932713_17f1b4b696b_1114720822_-1671"

func TestMigrationTakesOverWhatWasUploadedByHand(t *testing.T) {
	t.Parallel()
	section := readPage(t, "docs/migration.md").section(t, "## From uploads by hand")
	cluster, simulator := env.Shared(t), env.StartSimulator(t)
	namespace := cluster.Namespace(t)
	operator := cloud.New(t, simulator)
	leaf := certs.NewLeaf(t)
	balancer := listener(t, operator, leaf)
	operator.TagLoadBalancer(t, balancer, map[string]string{v1alpha1.TagNamespaces: namespace})
	hand := operator.Listener(t, balancer, 443).CertificateID
	if err := cluster.Client.Create(t.Context(), secretOf(t, leaf, namespace)); err != nil {
		t.Fatal(err)
	}
	env.StartManager(t, cluster, simulator, "--watch-namespaces", namespace)

	terminal := &terminal{T: t, cluster: cluster, folder: t.TempDir(), stands: map[string]string{"-n shop": "-n " + namespace}}
	terminal.write("adopt.yaml", []byte(strings.NewReplacer(
		"namespace: shop", "namespace: "+namespace, exampleCertificate, hand, exampleListener, balancer,
	).Replace(section.blocks("yaml")[0])))
	terminal.instead = map[string]func(){"kubectl get secret web-tls ": func() {}} // there may be no openssl
	terminal.play(section)

	if id := operator.Listener(t, balancer, 443).CertificateID; id != hand {
		t.Errorf("the listener serves %s, want %s as before", id, hand)
	}
	for action, want := range map[string]int{"UploadServerCertificate": 1, "SetLoadBalancerHTTPSListenerAttribute": 0} {
		if calls := simulator.Calls(t, action); len(calls) != want {
			t.Errorf("%d calls of %s, want %d: by hand alone", len(calls), action, want)
		}
	}
}

func TestATroubledObjectIsSeen(t *testing.T) {
	t.Parallel()
	cluster, simulator := env.Shared(t), env.StartSimulator(t)
	namespace := cluster.Namespace(t)
	env.StartManager(t, cluster, simulator, "--watch-namespaces", namespace)
	apply(t, cluster, secretOf(t, certs.NewLeaf(t), namespace), v1alpha1.ServerCertificateSpec{})
	terminal := &terminal{T: t, cluster: cluster, stands: map[string]string{"-n shop": "-n " + namespace}}
	commands := readPage(t, "docs/troubleshooting.md").commands()
	for i, sees := range []string{"✓ Secret web-tls", "REASON", "Synced", "Uploaded", "sync requested"} {
		terminal.await(commands[i].text, sees)
	}
}

// await types a command until it writes the words: an Event comes when it comes.
func (t *terminal) await(text, words string) {
	t.Helper()
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	for limit := time.Now().Add(env.Patience); !strings.Contains(t.run(text), words); <-ticker.C {
		if time.Now().After(limit) {
			t.Fatalf("$ %s\ndidn't write %q in %s", text, words, env.Patience)
		}
	}
}

func TestATenantMayWriteAndNobodyElse(t *testing.T) {
	t.Parallel()
	const tenant = "tenant-of-a-page"
	section := readPage(t, "docs/multi-account.md").section(t, "## Who may what")
	terminal := &terminal{T: t, cluster: env.Shared(t), stands: map[string]string{"shop": tenant}}
	terminal.play(section)
	commands := section.commands()
	stranger := strings.ReplaceAll(commands[len(commands)-1].text, "shop-operators", "strangers")
	if output := terminal.run("! " + stranger); strings.TrimSpace(output) != "no" {
		t.Errorf("$ %s\nwrites\n%s", stranger, output)
	}
}
