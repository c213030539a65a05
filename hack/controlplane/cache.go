package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// cacheRoot is $CLBCERT_CACHE, or clbcert/controlplane in the user's cache folder.
func cacheRoot() (string, error) {
	if root := os.Getenv("CLBCERT_CACHE"); root != "" {
		return filepath.Abs(root)
	}
	user, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("finding a cache folder (set CLBCERT_CACHE to name one): %w", err)
	}
	return filepath.Join(user, "clbcert", "controlplane"), nil
}

// entryName names a cache entry by all that decides its contents.
func entryName(version string, files ...[]byte) string {
	hash := sha256.New()
	for _, file := range files {
		hash.Write(file)
	}
	return version + "-" + hex.EncodeToString(hash.Sum(nil))[:12]
}

// linkFolder is where the links to the user's assets and our kubectl stand.
func linkFolder(cache, assets string) string {
	return cache + "-with-" + entryName("assets", []byte(assets))
}

// fill makes folder through write, which gets an empty folder to write to. The
// folder appears whole or not at all, and of several callers at a time, in other
// processes too, one makes it and the others wait.
func (f finder) fill(ctx context.Context, folder string, write func(ctx context.Context, into string) error) error {
	if err := os.MkdirAll(filepath.Dir(folder), 0o755); err != nil {
		return fmt.Errorf("making the cache: %w", err)
	}
	unlock, err := lock(ctx, folder+".lock")
	if err != nil {
		return err
	}
	defer unlock()
	if len(missing(folder)) == 0 {
		return nil
	}
	temporary, err := os.MkdirTemp(filepath.Dir(folder), filepath.Base(folder)+".part-")
	if err != nil {
		return fmt.Errorf("making a temporary folder in the cache: %w", err)
	}
	defer os.RemoveAll(temporary)
	if err := write(ctx, temporary); err != nil {
		return err
	}
	return replace(temporary, folder)
}

// replace puts a finished folder in the place of an incomplete one.
func replace(finished, folder string) error {
	if err := os.Chmod(finished, 0o755); err != nil {
		return fmt.Errorf("opening the new cache entry to its readers: %w", err)
	}
	if err := os.RemoveAll(folder); err != nil {
		return fmt.Errorf("removing an incomplete cache entry: %w", err)
	}
	if err := os.Rename(finished, folder); err != nil {
		return fmt.Errorf("moving the programs into the cache: %w", err)
	}
	return nil
}

// link makes symbolic links in into to the programs in folder.
func link(folder, into string, programs ...string) error {
	for _, program := range programs {
		if err := os.Symlink(filepath.Join(folder, program), filepath.Join(into, program)); err != nil {
			return fmt.Errorf("linking to %s in %s: %w", program, folder, err)
		}
	}
	return nil
}

// lock takes an advisory lock on the file name; it ends with the process at the latest.
func lock(ctx context.Context, name string) (unlock func(), err error) {
	file, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("opening the cache's lock file: %w", err)
	}
	unlock = func() { file.Close() }
	err = flock(file, syscall.LOCK_EX|syscall.LOCK_NB)
	if !errors.Is(err, syscall.EWOULDBLOCK) {
		return unlock, lockError(name, err)
	}
	say("waiting for another process that fills the cache (lock file %s)", name)
	taken := make(chan error, 1)
	go func() { taken <- flock(file, syscall.LOCK_EX) }()
	select {
	case err := <-taken:
		return unlock, lockError(name, err)
	case <-ctx.Done(): // the goroutine ends with the process, which is about to
		return nil, context.Cause(ctx)
	}
}

// flock repeats the call that a signal interrupted.
func flock(file *os.File, how int) error {
	for {
		err := syscall.Flock(int(file.Fd()), how)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

func lockError(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("locking %s: %w", name, err)
}
