package image

import (
	"bytes"
	"debug/buildinfo"
	"debug/elf"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
)

// builder does what BuildKit would do with the lines of a stage. A folder stands for the stage's file system, and the
// Go of the test for that of the base image.
type builder struct {
	*testing.T

	root    string // stands for /
	sent    []string
	given   variables
	known   variables
	workdir string
}

// run does one line.
func (b *builder) run(command instructions.Command) {
	b.Helper()
	switch command := command.(type) {
	case *instructions.WorkdirCommand:
		b.workdir = b.at(b.known.expand(b.T, command.Path))
		if err := os.MkdirAll(b.workdir, 0o755); err != nil {
			b.Fatal(err)
		}
	case *instructions.EnvCommand:
		set := variables{}
		for _, pair := range command.Env {
			set[pair.Key] = b.known.expand(b.T, pair.Value)
		}
		maps.Copy(b.known, set)
	case *instructions.ArgCommand:
		b.known.declare(command, b.given)
	case *instructions.CopyCommand:
		for _, source := range command.SourcePaths {
			place(b.T, b.sent, b.known.expand(b.T, source), b.at(b.known.expand(b.T, command.DestPath)))
		}
	case *instructions.RunCommand:
		b.execute(command)
	default:
		b.Fatalf("this test doesn't know what %s does", command)
	}
}

// at is where a path of the stage is.
func (b *builder) at(path string) string {
	if filepath.IsAbs(path) {
		return filepath.Join(b.root, path)
	}
	return filepath.Join(b.workdir, path)
}

func (b *builder) execute(command *instructions.RunCommand) {
	b.Helper()
	// Of a RUN its flags alone; what the shell is given the shell expands.
	if err := command.Expand(func(word string) (string, error) { return b.known.expand(b.T, word), nil }); err != nil {
		b.Fatalf("%s: %v", command, err)
	}
	args := command.CmdLine
	if command.PrependShell {
		// With -u: BuildKit would take a misspelt variable for an empty one.
		args = []string{"/bin/sh", "-uc", strings.Join(command.CmdLine, " ")}
	}
	cmd := exec.CommandContext(b.Context(), args[0], args[1:]...)
	cmd.Dir, cmd.Env = b.workdir, b.environment(instructions.GetMounts(command))
	if output, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%s: %v\n%s", command, err, output)
	}
}

// environment is what a line's program sees: what the stage knows, with the machine's own caches where the line mounts
// one, and what a Go needs that was installed by somebody.
func (b *builder) environment(mounts []*instructions.Mount) []string {
	b.Helper()
	cached := map[string]bool{}
	for _, mount := range mounts {
		if mount.Type != instructions.MountTypeCache {
			b.Fatalf("this test doesn't know what a mount of type %s holds", mount.Type)
		}
		cached[mount.Target] = true
	}
	environment := []string{"GOTOOLCHAIN=local"} // as in the base image
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "GOPROXY", "GOSUMDB", "GONOSUMDB", "HTTPS_PROXY"} {
		if value, ok := os.LookupEnv(name); ok {
			environment = append(environment, name+"="+value)
		}
	}
	for name, value := range b.known {
		switch {
		case cached[value]:
			delete(cached, value)
			value = machine(b.T, name)
		case filepath.IsAbs(value):
			value = b.at(value)
		}
		environment = append(environment, name+"="+value)
	}
	for target := range cached {
		b.Errorf("the cache %s is mounted, and no variable has a program use it", target)
	}
	return environment
}

// machine is a setting of the machine's Go.
func machine(t *testing.T, name string) string {
	t.Helper()
	output, err := exec.CommandContext(t.Context(), "go", "env", name).Output()
	if err != nil {
		t.Fatalf("go env %s: %v", name, err)
	}
	return strings.TrimSpace(string(output))
}

func TestTheBuildStageMakesTheProgramOfEachArchitecture(t *testing.T) {
	t.Parallel()
	build, final := stages(t, unwarned)
	files := sent(t)
	for arch, machine := range map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64} {
		t.Run("linux/"+arch, func(t *testing.T) {
			t.Parallel()
			given := maps.Clone(release)
			maps.Copy(given, variables{"TARGETOS": "linux", "TARGETARCH": arch})
			b := &builder{T: t, root: t.TempDir(), sent: files, given: given, known: variables{}}
			for _, command := range build.Commands {
				b.run(command)
			}
			program := b.at(source(t, final))
			checkProgram(t, program, machine)
			if runtime.GOOS == "linux" && runtime.GOARCH == arch {
				checkVersion(t, program)
			}
		})
	}
}

// source is the path in the build stage of what the image gets.
func source(t *testing.T, final instructions.Stage) string {
	t.Helper()
	for _, command := range final.Commands {
		if found, ok := command.(*instructions.CopyCommand); ok && len(found.SourcePaths) == 1 {
			return found.SourcePaths[0]
		}
	}
	t.Fatal("the image gets nothing of the build stage")
	return ""
}

// checkProgram checks that a program is for the machine, needs nothing of the image, tells nothing of the place where
// it was built, and holds what was given to the build.
func checkProgram(t *testing.T, program string, machine elf.Machine) {
	t.Helper()
	content, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	file, err := elf.NewFile(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	if file.Machine != machine || file.OSABI != elf.ELFOSABI_NONE {
		t.Errorf("it is for %v, %v, want Linux on %v", file.Machine, file.OSABI, machine)
	}
	if slices.ContainsFunc(file.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC }) {
		t.Error("it is linked dynamically, and the image has no loader")
	}
	info, err := buildinfo.Read(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(info.Settings, debug.BuildSetting{Key: "-trimpath", Value: "true"}) {
		t.Errorf("built without -trimpath: %v", info.Settings)
	}
	for name, value := range release {
		if !bytes.Contains(content, []byte(value)) {
			t.Errorf("it doesn't hold %s, %s", name, value)
		}
	}
}

func checkVersion(t *testing.T, program string) {
	t.Helper()
	output, err := exec.CommandContext(t.Context(), program, "--version").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	want := "clbcert " + release["VERSION"] + " (commit " + release["COMMIT"] + ", " + release["DATE"] + ", " + runtime.Version() +
		", linux/" + runtime.GOARCH + ")"
	if got := strings.TrimSpace(string(output)); got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
}
