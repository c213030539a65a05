package plugin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// stdin is the argument that names it.
const stdin = "-"

// maxInputBytes bounds a file: hundreds of Secrets in one manifest have room in it.
const maxInputBytes = 32 << 20

// The ends of files' names that say what is in them.
var (
	manifestEnds = []string{".yaml", ".yml", ".json"}
	pairEnds     = []string{".pem", ".crt", ".cer", ".key"}
)

// isFile tells whether an argument is a file, and not the name of a Secret.
func isFile(argument string) bool {
	end := endOf(argument)
	if argument == stdin || strings.ContainsAny(argument, "/"+string(filepath.Separator)) ||
		slices.Contains(manifestEnds, end) || slices.Contains(pairEnds, end) {
		return true
	}
	found, err := os.Stat(argument)
	return err == nil && !found.IsDir()
}

func endOf(name string) string { return strings.ToLower(filepath.Ext(name)) }

// readFile reads Secrets from a manifest, or a part of a pair from anything else.
func (v *checkVerb) readFile(ctx context.Context, name string) ([]*candidate, error) {
	content, err := v.contentUntil(ctx, name)
	defer clear(content)
	if err != nil {
		return nil, err
	}
	if isManifest(name, content) {
		return secretsOf(name, content)
	}
	return []*candidate{partOf(fileName(name), content)}, nil
}

func fileName(argument string) string {
	if argument == stdin {
		return "stdin"
	}
	return argument
}

// contentUntil reads as long as the context lasts: a terminal or a pipe may never end.
func (v *checkVerb) contentUntil(ctx context.Context, name string) ([]byte, error) {
	type result struct {
		content []byte
		err     error
	}
	done := make(chan result, 1) // nobody may be left to take it
	go func() {
		content, err := v.content(name)
		done <- result{content, err}
	}()
	select {
	case <-ctx.Done():
		return nil, fmt.Errorf("reading %s: %w", name, ctx.Err())
	case read := <-done:
		return read.content, read.err
	}
}

// content reads a file, or stdin.
func (v *checkVerb) content(name string) ([]byte, error) {
	if name == stdin {
		return contentOf("stdin", v.In)
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, unreadFile(name, err)
	}
	content, err := contentOf(name, file)
	return content, errors.Join(err, file.Close())
}

// contentOf reads all into a place of its own, so that no copy of a key is left behind.
func contentOf(name string, in io.Reader) ([]byte, error) {
	buffer := make([]byte, maxInputBytes+1)
	switch size, err := io.ReadFull(in, buffer); {
	case err == nil:
		clear(buffer)
		return nil, fmt.Errorf("reading %s: it is larger than %d MiB: give a file of certificates and keys, or fewer Secrets at once", name, maxInputBytes>>20)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return buffer[:size], nil
	default:
		clear(buffer)
		return nil, unreadFile(name, err)
	}
}

// unreadFile says the file's name once.
func unreadFile(name string, err error) error {
	if failed, ok := errors.AsType[*fs.PathError](err); ok {
		err = failed.Err
	}
	if errors.Is(err, syscall.EISDIR) {
		err = fmt.Errorf("%w: name the files in it", err)
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w: name a file that is there; a Secret is named without path and extension", err)
	}
	return fmt.Errorf("reading file %s: %w", name, err)
}
