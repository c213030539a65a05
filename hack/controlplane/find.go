package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// The programs that make a control plane; kubectl is its client.
const (
	apiServer = "kube-apiserver"
	etcd      = "etcd"
	kubectl   = "kubectl"
)

// finder decides where the programs come from.
type finder struct {
	assets string // $KUBEBUILDER_ASSETS, or empty
	cache  string // this version's folder in the cache

	download func(ctx context.Context) (folder string, err error)
	build    func(ctx context.Context, folder string, programs []string) error
}

// find gives the absolute path of a folder that holds all three programs.
func (f finder) find(ctx context.Context) (string, error) {
	if f.assets != "" {
		return f.fromAssets(ctx)
	}
	if len(missing(f.cache)) == 0 {
		return f.cache, nil
	}
	return f.cache, f.fill(ctx, f.cache, f.obtain)
}

// fromAssets takes what the user set. Some archives come without kubectl: then a
// folder of links adds ours, so that the user's folder stays as it is.
func (f finder) fromAssets(ctx context.Context) (string, error) {
	assets, err := filepath.Abs(f.assets)
	if err != nil {
		return "", fmt.Errorf("resolving KUBEBUILDER_ASSETS=%s: %w", f.assets, err)
	}
	if lacks := missing(assets, apiServer, etcd); len(lacks) > 0 {
		return "", fmt.Errorf("KUBEBUILDER_ASSETS=%s has no %s: set it to a folder that does, or unset it",
			f.assets, strings.Join(lacks, " and no "))
	}
	if len(missing(assets)) == 0 {
		return assets, nil
	}
	folder := linkFolder(f.cache, assets)
	if len(missing(folder)) == 0 {
		return folder, nil
	}
	return folder, f.fill(ctx, folder, func(ctx context.Context, into string) error {
		if err := link(assets, into, apiServer, etcd); err != nil {
			return err
		}
		return f.addKubectl(ctx, into)
	})
}

func (f finder) addKubectl(ctx context.Context, into string) error {
	if len(missing(f.cache, kubectl)) == 0 {
		return link(f.cache, into, kubectl)
	}
	return f.build(ctx, into, []string{kubectl})
}

// obtain downloads the programs or, where that fails, builds them.
func (f finder) obtain(ctx context.Context, into string) error {
	folder, err := f.download(ctx)
	if err == nil {
		if lacks := missing(folder); len(lacks) > 0 {
			err = fmt.Errorf("the download in %s has no %s", folder, strings.Join(lacks, " and no "))
		}
	}
	if err == nil {
		return link(folder, into, apiServer, etcd, kubectl)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	say("no download (%v): building from Go modules instead", err)
	return f.build(ctx, into, []string{apiServer, etcd, kubectl})
}

// missing names those programs (all, if none is named) that folder doesn't hold
// as executable files.
func missing(folder string, programs ...string) []string {
	if len(programs) == 0 {
		programs = []string{apiServer, etcd, kubectl}
	}
	var lacks []string
	for _, program := range programs {
		stat, err := os.Stat(filepath.Join(folder, program))
		if err != nil || !stat.Mode().IsRegular() || stat.Mode()&0o111 == 0 {
			lacks = append(lacks, program)
		}
	}
	return lacks
}
