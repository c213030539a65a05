// Package overlay changes the product's source for one build, by "go build
// -overlay": the tree stays as it is, and the product has no switches for it.
package overlay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// module is the line that the source tree's go.mod begins with.
const module = "module github.com/clbcert/clbcert\n"

// Edit puts New in the place of Old, which occurs in File exactly once.
type Edit struct {
	// File is a path in the source tree, with slashes.
	File     string
	Old, New string
}

// Root is the source tree that the working directory is in.
func Root() (string, error) {
	folder, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("finding the source tree: %w", err)
	}
	for {
		text, err := os.ReadFile(filepath.Join(folder, "go.mod"))
		if err == nil && strings.HasPrefix(string(text), module) {
			return folder, nil
		}
		parent := filepath.Dir(folder)
		if parent == folder {
			return "", errors.New("finding the source tree: run this inside of it")
		}
		folder = parent
	}
}

// Apply gives the files of the edits as they are with them, by path. It is an error
// when an edit's text isn't there exactly once, or when what comes out is no Go.
func Apply(root string, edits ...Edit) (map[string]string, error) {
	files := map[string]string{}
	for _, e := range edits {
		text, read := files[e.File]
		if !read {
			content, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(e.File)))
			if err != nil {
				return nil, fmt.Errorf("editing: %w", err)
			}
			text = string(content)
		}
		if count := strings.Count(text, e.Old); count != 1 {
			return nil, fmt.Errorf("editing %s: the text occurs %d times instead of once: %q", e.File, count, e.Old)
		}
		files[e.File] = strings.Replace(text, e.Old, e.New, 1)
	}
	for file, text := range files {
		if _, err := parser.ParseFile(token.NewFileSet(), file, text, parser.SkipObjectResolution); err != nil {
			return nil, fmt.Errorf("editing %s: what comes out is no Go: %w", file, err)
		}
	}
	return files, nil
}

// Write writes the edited files into folder, and gives the file that "go build
// -overlay" takes.
func Write(root, folder string, edits ...Edit) (string, error) {
	files, err := Apply(root, edits...)
	if err != nil {
		return "", err
	}
	replace := map[string]string{}
	for file, text := range files {
		edited := filepath.Join(folder, strconv.Itoa(len(replace))+".go")
		if err := os.WriteFile(edited, []byte(text), 0o600); err != nil {
			return "", fmt.Errorf("writing an edited file: %w", err)
		}
		replace[filepath.Join(root, filepath.FromSlash(file))] = edited
	}
	content, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", fmt.Errorf("writing the overlay: %w", err)
	}
	path := filepath.Join(folder, "overlay.json")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		return "", fmt.Errorf("writing the overlay: %w", err)
	}
	return path, nil
}

// Build builds the program cmd/<name> with the edits, into folder, and gives its path.
func Build(ctx context.Context, root, folder, name string, edits ...Edit) (string, error) {
	path, err := Write(root, folder, edits...)
	if err != nil {
		return "", err
	}
	program := filepath.Join(folder, name)
	cmd := exec.CommandContext(ctx, "go", "build", "-overlay", path, "-o", program, "./cmd/"+name)
	cmd.Dir = root
	if output, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building cmd/%s with edits: %w\n%s", name, err, output)
	}
	return program, nil
}
