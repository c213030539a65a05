package env

import (
	"context"
	"net/http"
	"path/filepath"
)

// newEtcd makes an etcd that keeps its data in folder.
func newEtcd(ctx context.Context, program, folder string) (process *Process, url string, err error) {
	addresses, err := freeAddresses(ctx, 2)
	if err != nil {
		return nil, "", err
	}
	url, peer := "http://"+addresses[0], "http://"+addresses[1]
	return &Process{
		name: "etcd",
		path: program,
		args: []string{
			"--data-dir", filepath.Join(folder, "etcd"),
			"--listen-client-urls", url, "--advertise-client-urls", url,
			"--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
			"--initial-cluster", "default=" + peer,
			"--unsafe-no-fsync", // a crash of the machine may cost the tests' data
			"--log-level", "warn",
		},
		ready: func(ctx context.Context) error {
			return awaitOK(ctx, http.DefaultClient, url+"/readyz")
		},
	}, url, nil
}
