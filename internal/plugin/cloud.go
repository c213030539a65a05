package plugin

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/spf13/cobra"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/clb"
	"github.com/clbcert/clbcert/internal/clb/credentials"
	"github.com/clbcert/clbcert/internal/version"
)

// cloudFlags say how to reach the cloud; they have the manager's names.
type cloudFlags struct {
	clbEndpoint, stsEndpoint, caFile, region, clusterID string
}

// flags declares them on a command that may call the cloud. Each may be set once for a shell,
// by CLBCERT_ and its name, such as CLBCERT_REGION.
func (c *cloudFlags) flags(command *cobra.Command) {
	for _, flag := range []struct {
		value       *string
		name, usage string
	}{
		{&c.clbEndpoint, "clb-endpoint", "URL of the CLB API, https only (default by region)"},
		{&c.stsEndpoint, "sts-endpoint", "URL of the STS API, https only (default by region, or ALIBABA_CLOUD_STS_ENDPOINT)"},
		{&c.caFile, "clb-ca-file", "PEM file of the authorities to trust for both endpoints, instead of the system's"},
		{&c.region, "region", "region of objects that name none, as the manager's flag"},
		{&c.clusterID, "cluster-id", "id that certificates are tagged with, as the manager's flag (default the UID of the namespace kube-system)"},
	} {
		variable := "CLBCERT_" + strings.ToUpper(strings.ReplaceAll(flag.name, "-", "_"))
		command.Flags().StringVar(flag.value, flag.name, os.Getenv(variable), flag.usage+"; or "+variable)
	}
}

// cloud is the way to the cloud, with the credentials of whoever runs the plugin.
type cloud struct {
	client *clb.Client
	own    credentials.Provider
	// source names where they come from; lack says why there are none.
	source string
	lack   error
	region string
}

// openCloud makes the client; it calls nobody. That there are no credentials is no error yet: an
// object may bring its own.
func (a *app) openCloud() (*cloud, error) {
	if err := clb.CheckEnvironment(); err != nil {
		return nil, err
	}
	sts := a.cloud.stsEndpoint
	if host := os.Getenv("ALIBABA_CLOUD_STS_ENDPOINT"); sts == "" && host != "" {
		sts = "https://" + strings.TrimPrefix(host, "https://")
	}
	roots, err := a.cloud.roots()
	if err != nil {
		return nil, err
	}
	client, err := clb.New(clb.Config{
		Endpoint: a.cloud.clbEndpoint, STSEndpoint: sts, RootCAs: roots,
		UserAgent: version.UserAgent(), QPS: callsPerSecond, Burst: 2 * callsPerSecond,
	})
	if err != nil {
		return nil, fmt.Errorf("--clb-endpoint, --sts-endpoint: %w", err)
	}
	opened := &cloud{client: client, region: a.cloud.region}
	opened.own, opened.source, opened.lack = credentials.FromEnv(os.Getenv, client.STS(a.cloud.region))
	return opened, nil
}

// callsPerSecond is the manager's default, so that a person takes no more than it does.
const callsPerSecond = 10

// roots reads --clb-ca-file.
func (c *cloudFlags) roots() (*x509.CertPool, error) {
	if c.caFile == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(c.caFile)
	if err != nil {
		return nil, fmt.Errorf("--clb-ca-file: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("--clb-ca-file: %s holds no certificate in PEM", c.caFile)
	}
	return roots, nil
}

// accountOf is the account that an object's certificate is in, by the object's own credentials
// where it has some, else by those of whoever runs the plugin; and the region.
func (c *cloud) accountOf(ctx context.Context, cluster *cluster, object *v1alpha1.ServerCertificate) (*clb.Account, string, error) {
	region := c.regionOf(object)
	if region == "" {
		return nil, "", errors.New("the region isn't known: give --region, as the manager's flag has it")
	}
	key, provider, err := "own", c.own, c.lack
	if ref := object.Spec.CredentialsSecretRef; ref != nil {
		key, provider, err = c.ofSecret(ctx, cluster, client.ObjectKey{Namespace: object.Namespace, Name: ref.Name}, region)
	}
	if err != nil {
		return nil, "", err
	}
	account, err := c.client.Account(ctx, key, region, provider)
	if err != nil {
		return nil, "", err
	}
	if id := object.Status.AccountID; id != "" && account.ID() != "" && id != account.ID() {
		return nil, "", fmt.Errorf("the certificate is in account %s, and these credentials are of account %s: use the ones of that account", id, account.ID())
	}
	return account, region, nil
}

// regionOf is where an object's certificate is, or is to be.
func (c *cloud) regionOf(object *v1alpha1.ServerCertificate) string {
	for _, region := range []string{object.Status.Region, string(object.Spec.Region), c.region} {
		if region != "" {
			return region
		}
	}
	return ""
}

// ofSecret are the credentials in an object's own Secret.
func (c *cloud) ofSecret(ctx context.Context, cluster *cluster, key client.ObjectKey, region string) (string, credentials.Provider, error) {
	secret := &corev1.Secret{}
	if err := cluster.Get(ctx, key, secret); err != nil {
		return "", nil, fmt.Errorf("reading credentials Secret %s: %w", key, err)
	}
	defer wipe(secret)
	provider, problem := credentials.FromSecret(secret.Data, c.client.STS(region))
	if problem != nil {
		return "", nil, fmt.Errorf("credentials Secret %s: %s", key, problem.Message)
	}
	return "secret " + key.String(), provider, nil
}

// wipe clears a Secret's data that was read.
func wipe(secret *corev1.Secret) {
	for _, value := range secret.Data {
		clear(value)
	}
}
