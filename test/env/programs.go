package env

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
)

var built struct {
	mu     sync.Mutex
	folder string
	errs   map[string]error // by program; present when its build was tried
}

// Program is the path of one of the project's programs, such as "manager": from
// the folder $CLBCERT_BIN, where "make test" builds them, else built once for this
// test process.
func Program(tb TB, name string) string {
	tb.Helper()
	path, err := program(tb.Context(), name)
	if err != nil {
		tb.Fatalf("%v", err)
	}
	return path
}

func program(ctx context.Context, name string) (string, error) {
	if folder := os.Getenv("CLBCERT_BIN"); folder != "" {
		path := filepath.Join(folder, name)
		// Asking for it also tells "go test" that its results depend on this file.
		if _, err := os.Stat(path); err != nil {
			return "", fmt.Errorf("finding the program in CLBCERT_BIN (run \"make build\"): %w", err)
		}
		return path, nil
	}
	built.mu.Lock()
	defer built.mu.Unlock()
	if built.errs == nil {
		built.errs = map[string]error{}
	}
	if _, tried := built.errs[name]; !tried {
		built.errs[name] = build(ctx, name)
	}
	return filepath.Join(built.folder, name), built.errs[name]
}

func build(ctx context.Context, name string) error {
	root, err := root()
	if err != nil {
		return err
	}
	if built.folder == "" {
		if built.folder, err = os.MkdirTemp("", "clbcert-bin-"); err != nil {
			return fmt.Errorf("making a folder for the programs: %w", err)
		}
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-o", built.folder, "./cmd/"+name)
	cmd.Dir = root
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building cmd/%s: %w\n%s", name, err, output)
	}
	return nil
}

// removePrograms removes what was built for this test process.
func removePrograms() {
	built.mu.Lock()
	defer built.mu.Unlock()
	if built.folder != "" {
		os.RemoveAll(built.folder)
	}
}
