package docs

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/cloud"
	"github.com/clbcert/clbcert/test/env"
)

// exampleListener is the load balancer that pages bind to.
const exampleListener = "lb-bp1b6c719dfa08ex"

// newcomersCommands is how many commands the way to a certificate may take.
const newcomersCommands = 5

// An installation sees all namespaces, so these have a cluster of their own, one after the other.
func TestWhatANewcomerTypesWorks(t *testing.T) {
	t.Parallel()
	cluster := env.StartCluster(t)
	t.Run("docs/quick-start.md", func(t *testing.T) { quickStart(t, cluster) })
	t.Run("README.md", func(t *testing.T) { readme(t, cluster) })
}

// quickStart plays the quick start, to a certificate that is served.
func quickStart(t *testing.T, cluster *env.Cluster) {
	page := readPage(t, "docs/quick-start.md")
	way := page.section(t, "## Five commands").commands()
	ready := slices.IndexFunc(way, func(c command) bool { return strings.Contains(c.text, "--for=condition=Ready") })
	if ready < 0 || ready+1 > newcomersCommands {
		t.Errorf("Ready is command %d, want at most %d", ready+1, newcomersCommands)
	}

	simulator := env.StartSimulator(t)
	operator := cloud.New(t, simulator)
	leaf := certs.NewLeaf(t)
	balancer := listener(t, operator, leaf)
	terminal := &terminal{T: t, cluster: cluster, folder: tree(t), stands: map[string]string{exampleListener: balancer}}
	terminal.pair("fullchain.pem", "privkey.pem", leaf)
	nothing := func() {}
	terminal.instead = map[string]func(){
		"make image ":             nothing, // there may be no container engine
		"aliyun slb TagResources": func() { operator.TagLoadBalancer(t, balancer, map[string]string{"clbcert.dev/namespaces": "default"}) },
		"kubectl delete clbcert ": func() { terminal.release(operator, balancer, leaf) },
		"kubectl delete -k ":      nothing, // nothing here empties namespaces: it would wait for ever
	}
	terminal.after = map[string]func(){"kubectl apply --server-side -k ": func() { deployed(t, cluster, simulator) }}
	terminal.play(page)

	if sessions := simulator.Calls(t, "AssumeRoleWithOIDC"); len(sessions) == 0 || sessions[0].Outcome != "ok" {
		t.Errorf("RRSA's sessions are %+v", sessions)
	}
}

// listener makes a load balancer with an HTTPS listener that serves something else, and
// gives the load balancer's ID.
func listener(t *testing.T, operator *cloud.Client, served *certs.Identity) string {
	t.Helper()
	balancer := operator.CreateLoadBalancer(t, "slb.s2.small", nil, "web")
	operator.CreateHTTPSListener(t, balancer, 443, byHand(t, operator, served), "")
	return balancer
}

// byHand uploads a certificate as somebody in the console would, and gives its ID.
func byHand(t *testing.T, operator *cloud.Client, identity *certs.Identity) string {
	t.Helper()
	key, err := identity.KeyPEM(certs.SEC1)
	if err != nil {
		t.Fatal(err)
	}
	return operator.Upload(t, "by-hand", nil, identity.ChainPEM(), key)
}

// pair writes a certificate with its chain, and its key, into the folder.
func (t *terminal) pair(chain, key string, identity *certs.Identity) {
	t.Helper()
	content, err := identity.KeyPEM(certs.PKCS8)
	if err != nil {
		t.Fatal(err)
	}
	t.write(chain, identity.ChainPEM())
	t.write(key, content)
}

// write writes a file into the folder.
func (t *terminal) write(name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(t.folder, name), content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// release deletes the object, checks that a certificate that is served stays, and has the
// listener serve something else, so that it goes.
func (t *terminal) release(operator *cloud.Client, balancer string, other *certs.Identity) {
	t.Helper()
	id := strings.TrimSpace(t.run("kubectl get clbcert web -o jsonpath='{.status.certificateID}'"))
	if served := operator.Listener(t, balancer, 443).CertificateID; served != id || id == "" {
		t.Errorf("the listener serves %s, the object's certificate is %q", served, id)
	}
	t.run("kubectl delete clbcert --all --all-namespaces --wait=false")
	t.run("kubectl wait clbcert/web --for=jsonpath='{.status.conditions[?(@.type==\"Ready\")].reason}'=InUse --timeout=30s")
	operator.SetListenerCertificate(t, balancer, 443, byHand(t.T, operator, other))
	t.run("kubectl wait clbcert/web --for=delete --timeout=60s")
}
