package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

func TestFindTakesTheFirstSourceThatHasAll(t *testing.T) {
	t.Parallel()
	all := []string{apiServer, etcd, kubectl}
	for sentence, test := range map[string]struct {
		assets, cached, downloaded []string
		built                      []string
		from                       string // the folder's name, without its hash
		wrong                      string
	}{
		"complete assets are used as they are": {
			assets: all, cached: all, from: "assets"},
		"assets without etcd are an error, for the user named them": {
			assets: []string{apiServer}, cached: all, wrong: "has no etcd"},
		"assets without kubectl get one built": {
			assets: []string{apiServer, etcd}, built: []string{kubectl}, from: "cache-with-assets"},
		"assets without kubectl get the cache's": {
			assets: []string{apiServer, etcd}, cached: all, from: "cache-with-assets"},
		"a complete cache is used without asking anybody": {
			cached: all, downloaded: all, from: "cache"},
		"an incomplete cache is filled again": {
			cached: []string{etcd}, built: all, from: "cache"},
		"a download fills the cache": {
			downloaded: all, from: "cache"},
		"an incomplete download is not used": {
			downloaded: []string{apiServer, etcd}, built: all, from: "cache"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			var built []string
			f := newFinder(t, &built)
			if test.assets != nil {
				f.assets = filepath.Join(t.TempDir(), "assets")
				install(t, f.assets, test.assets...)
			}
			if test.cached != nil {
				install(t, f.cache, test.cached...)
			}
			if test.downloaded != nil {
				f.download = func(context.Context) (string, error) {
					folder := filepath.Join(t.TempDir(), "download")
					install(t, folder, test.downloaded...)
					return folder, nil
				}
			}

			folder, err := f.find(t.Context())

			if test.wrong != "" {
				if err == nil || !strings.Contains(err.Error(), test.wrong) {
					t.Fatalf("got error %v, want one that says %q", err, test.wrong)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if lacks := missing(folder); len(lacks) > 0 {
				t.Errorf("%s lacks %v", folder, lacks)
			}
			if !strings.HasPrefix(filepath.Base(folder), test.from) {
				t.Errorf("got folder %s, want %s", folder, test.from)
			}
			if !slices.Equal(built, test.built) {
				t.Errorf("built %v, want %v", built, test.built)
			}
		})
	}
}

func TestFindBuildsOnceForSeveralAtATime(t *testing.T) {
	t.Parallel()
	var builds atomic.Int32
	f := newFinder(t, nil)
	f.build = func(_ context.Context, folder string, programs []string) error {
		builds.Add(1)
		install(t, folder, programs...)
		return nil
	}
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			if _, err := f.find(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if builds.Load() != 1 {
		t.Errorf("built %d times, want once", builds.Load())
	}
}

func TestFindLeavesNothingOfAFailedBuild(t *testing.T) {
	t.Parallel()
	f := newFinder(t, nil)
	f.build = func(_ context.Context, folder string, _ []string) error {
		install(t, folder, etcd)
		return errors.New("no space left on device")
	}
	if _, err := f.find(t.Context()); err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("got error %v, want the build's", err)
	}
	left, err := filepath.Glob(f.cache + "*")
	if err != nil || len(left) != 1 || left[0] != f.cache+".lock" {
		t.Errorf("the cache holds %v, want only the lock file", left)
	}
}

func newFinder(t *testing.T, built *[]string) finder {
	t.Helper()
	return finder{
		cache: filepath.Join(t.TempDir(), "root", "cache"),
		download: func(context.Context) (string, error) {
			return "", errors.New("no such host")
		},
		build: func(_ context.Context, folder string, programs []string) error {
			*built = append(*built, programs...)
			install(t, folder, programs...)
			return nil
		},
	}
}

// install makes programs that do nothing.
func install(t *testing.T, folder string, programs ...string) {
	t.Helper()
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Error(err)
	}
	for _, program := range programs {
		if err := os.WriteFile(filepath.Join(folder, program), []byte("#!/bin/sh\n"), 0o755); err != nil {
			t.Error(err)
		}
	}
}
