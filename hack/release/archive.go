package main

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// entry is a file of an archive.
type entry struct {
	name string
	from string // in the clone
	mode int64
}

// archive writes a .tar.gz into dist/. It tells nothing of the machine: no owner, no time but the commit's.
func (r *release) archive(name string, entries []entry) error {
	file, err := os.Create(filepath.Join(r.dist(), name))
	if err != nil {
		return err
	}
	defer file.Close()
	packed := gzip.NewWriter(file)
	archive := tar.NewWriter(packed)
	for _, entry := range entries {
		content, err := os.ReadFile(filepath.Join(r.clone, entry.from))
		if err != nil {
			return err
		}
		err = archive.WriteHeader(&tar.Header{
			Name: entry.name, Mode: entry.mode, Size: int64(len(content)), ModTime: r.time, Format: tar.FormatUSTAR,
		})
		if err != nil {
			return err
		}
		if _, err := archive.Write(content); err != nil {
			return err
		}
	}
	if err := archive.Close(); err != nil {
		return err
	}
	if err := packed.Close(); err != nil {
		return err
	}
	return file.Close()
}

// sum writes the checksums of all other files, as "sha256sum --check" reads them.
func (r *release) sum(context.Context) error {
	files, err := os.ReadDir(r.dist())
	if err != nil {
		return err
	}
	var sums strings.Builder
	for _, file := range files {
		content, err := os.ReadFile(filepath.Join(r.dist(), file.Name()))
		if err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(content), file.Name())
	}
	return os.WriteFile(filepath.Join(r.dist(), "checksums.txt"), []byte(sums.String()), 0o644)
}
