package main

import (
	"os"

	"github.com/clbcert/clbcert/internal/clb"
	"github.com/clbcert/clbcert/internal/clb/credentials"
	"github.com/clbcert/clbcert/internal/metrics"
	"github.com/clbcert/clbcert/internal/version"
)

// cloud is the way to the cloud with the manager's own credentials.
type cloud struct {
	client *clb.Client
	own    credentials.Provider
	// source names where the credentials come from, for the log.
	source string
	// recorder measures what is asked of the cloud, and what comes of it.
	recorder *metrics.Recorder
}

// newCloud makes the client and chooses the credentials; it calls nobody.
func newCloud(o *options, recorder *metrics.Recorder) (*cloud, error) {
	client, err := clb.New(clb.Config{
		Endpoint: o.clbEndpoint, STSEndpoint: o.stsEndpoint, RootCAs: o.roots,
		UserAgent: version.UserAgent(), Timeout: o.apiTimeout,
		QPS: o.apiQPS, Burst: o.apiBurst, Window: o.consistencyWindow,
		Called: recorder.Called, Listed: recorder.Listed,
		VPC: os.Getenv("ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED") == "true",
	})
	if err != nil {
		return nil, err
	}
	own, source, err := credentials.FromEnv(os.Getenv, client.STS(o.region))
	if err != nil {
		return nil, err
	}
	return &cloud{client: client, own: own, source: source, recorder: recorder}, nil
}
