package env

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// AuditedRequest is a line of the API server's audit log: one request that it answered.
type AuditedRequest struct {
	Verb string `json:"verb"`
	URI  string `json:"requestURI"`
	// User is who asked, or on whose behalf: whoever was impersonated.
	User string `json:"-"`
	// Object is nil of a request for no resource, such as the API's discovery.
	Object *struct {
		Group       string `json:"apiGroup"`
		Resource    string `json:"resource"`
		Subresource string `json:"subresource"`
		Namespace   string `json:"namespace"`
		Name        string `json:"name"`
	} `json:"objectRef"`
	Status struct {
		Code int `json:"code"`
	} `json:"responseStatus"`
	Annotations map[string]string `json:"annotations"`
}

// auditPolicy has the metadata of each request logged once, when it is answered (of a
// watch: also when it begins), but for the API server's own.
const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- {level: None, users: ["system:apiserver"]}
- {level: Metadata}
`

// StartAuditedCluster is StartCluster with the API server's audit log on.
func StartAuditedCluster(tb TB) *Cluster {
	tb.Helper()
	cluster, err := newAuditedCluster(tb.Context())
	if err != nil {
		tb.Fatalf("starting an audited control plane: %v", err)
	}
	tb.Cleanup(cluster.stop)
	return cluster
}

func newAuditedCluster(ctx context.Context) (*Cluster, error) {
	return newCluster(ctx, func(folder string) ([]string, error) {
		policy := filepath.Join(folder, "audit-policy.yaml")
		if err := os.WriteFile(policy, []byte(auditPolicy), 0o600); err != nil {
			return nil, fmt.Errorf("writing the audit policy: %w", err)
		}
		// By default a line is written before the answer has left, and a new file begun after 100 MB.
		return []string{"--audit-policy-file", policy, "--audit-log-path", auditLog(folder), "--audit-log-maxsize", "4096"}, nil
	})
}

func auditLog(folder string) string { return filepath.Join(folder, "audit.log") }

// Audit gives the requests of a user that were answered so far.
func (c *Cluster) Audit(tb TB, user string) []AuditedRequest {
	tb.Helper()
	text, err := os.ReadFile(auditLog(c.folder))
	if err != nil {
		tb.Fatalf("reading the audit log: %v", err)
	}
	var requests []AuditedRequest
	lines := bufio.NewScanner(bytes.NewReader(text[:bytes.LastIndexByte(text, '\n')+1]))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		request, err := readAudited(lines.Bytes())
		if err != nil {
			tb.Fatalf("reading the audit log: %v: %s", err, lines.Bytes())
		}
		if request.User == user {
			requests = append(requests, request)
		}
	}
	return requests
}

func readAudited(line []byte) (AuditedRequest, error) {
	var request struct {
		AuditedRequest

		Asked  struct{ Username string }  `json:"user"`
		Acting *struct{ Username string } `json:"impersonatedUser"`
	}
	if err := json.Unmarshal(line, &request); err != nil {
		return AuditedRequest{}, err
	}
	request.User = request.Asked.Username
	if request.Acting != nil {
		request.User = request.Acting.Username
	}
	return request.AuditedRequest, nil
}

// KubeconfigOf writes a kubeconfig file that connects as a user, by impersonation.
func (c *Cluster) KubeconfigOf(tb TB, user string) string {
	tb.Helper()
	file := filepath.Join(tb.TempDir(), "kubeconfig")
	if err := writeKubeconfig(file, c.Config, user); err != nil {
		tb.Fatalf("%v", err)
	}
	return file
}
