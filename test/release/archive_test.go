package release

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"debug/elf"
	"debug/macho"
	"errors"
	"io"
	"testing"
)

// unpack gives the files of a .tar.gz by name, and checks that it tells nothing of the machine that made it.
func unpack(t *testing.T, name string, packed []byte) map[string][]byte {
	t.Helper()
	unzipped, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if !unzipped.ModTime.IsZero() || unzipped.Name != "" {
		t.Errorf("%s was packed as %q at %v", name, unzipped.Name, unzipped.ModTime)
	}
	archive, files := tar.NewReader(unzipped), map[string][]byte{}
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !header.ModTime.Equal(committed) || header.Uid != 0 || header.Gid != 0 || header.Uname != "" || header.Gname != "" {
			t.Errorf("%s: %s is of %v and %d:%d %s:%s", name, header.Name, header.ModTime, header.Uid, header.Gid, header.Uname, header.Gname)
		}
		if files[header.Name], err = io.ReadAll(archive); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
}

// checkPlatform checks what a program's file is for.
func checkPlatform(t *testing.T, name string, program []byte, system, architecture string) {
	t.Helper()
	switch system {
	case "linux":
		want := map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}[architecture]
		if file, err := elf.NewFile(bytes.NewReader(program)); err != nil || file.Machine != want {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	case "darwin":
		want := map[string]macho.Cpu{"amd64": macho.CpuAmd64, "arm64": macho.CpuArm64}[architecture]
		if file, err := macho.NewFile(bytes.NewReader(program)); err != nil || file.Cpu != want {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	default:
		t.Errorf("%s is for %s", name, system)
	}
}
