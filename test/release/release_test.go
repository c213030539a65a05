package release

import (
	"bytes"
	"debug/buildinfo"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

const image = "registry.example.com/clbcert:" + version

// The cost is in the compilers, so one release is made twice and looked at in all its parts.
func TestAReleaseIsWholeAndTheSameTwice(t *testing.T) {
	t.Parallel()
	program := program(t)
	first := newRepository(t)
	if said, err := first.release(program, "-version", version, "-image", image); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	files := first.dist()
	t.Run("all files are there, and no more", func(t *testing.T) { checkNames(t, files) })
	t.Run("docs/releases.md tells of each", func(t *testing.T) { checkRows(t, files) })
	t.Run("the checksums are those of all files", func(t *testing.T) { checkSums(t, files) })
	t.Run("the programs are stamped, and packed with the commit's time alone", func(t *testing.T) { checkPrograms(t, first, files) })
	t.Run("install.yaml has the CRD and the image", func(t *testing.T) { checkManifests(t, files) })
	t.Run("the chart has the version, and the time of the commit", func(t *testing.T) { checkChart(t, files) })
	t.Run("each Linux program has its parts listed", func(t *testing.T) { checkParts(t, files) })
	t.Run("another clone of the commit gives the same bytes", func(t *testing.T) {
		second := &repository{T: t, folder: filepath.Join(t.TempDir(), "elsewhere"), commit: first.commit}
		first.git("clone", "--quiet", first.folder, second.folder)
		if said, err := second.release(program, "-version", version, "-image", image); err != nil {
			t.Fatalf("%v: %s", err, said)
		}
		for name, content := range second.dist() {
			if !bytes.Equal(content, files[name]) {
				t.Errorf("%s differs", name)
			}
		}
	})
}

// systems are what each program is released for.
func systems() map[string][]string {
	released := map[string][]string{"manager": {"linux"}, "clb-simulator": {"linux", "darwin"}}
	if _, err := os.Stat(filepath.Join(root, "cmd", "kubectl-clbcert")); err == nil {
		released["kubectl-clbcert"] = []string{"linux", "darwin"}
	}
	return released
}

func archiveName(program, system, architecture string) string {
	return strings.Join([]string{program, version, system, architecture}, "-") + ".tar.gz"
}

func checkNames(t *testing.T, files map[string][]byte) {
	want := []string{"checksums.txt", "clbcert-" + version + ".tgz", "crds.yaml", "install.yaml"}
	for program, systems := range systems() {
		for _, architecture := range []string{"amd64", "arm64"} {
			want = append(want, program+"-linux-"+architecture+".cdx.json")
			for _, system := range systems {
				want = append(want, archiveName(program, system, architecture))
			}
		}
	}
	slices.Sort(want)
	if got := slices.Sorted(maps.Keys(files)); !slices.Equal(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

// checkRows checks that each file has a row in the docs.
func checkRows(t *testing.T, files map[string][]byte) {
	text, err := os.ReadFile(filepath.Join(root, "docs", "releases.md"))
	if err != nil {
		t.Fatal(err)
	}
	var patterns []*regexp.Regexp
	for _, row := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(string(text), -1) {
		patterns = append(patterns, regexp.MustCompile("^"+strings.NewReplacer("VERSION", regexp.QuoteMeta(version),
			"PROGRAM", "[a-z-]+", "OS", "(linux|darwin)", "ARCH", "(amd64|arm64)", ".", `\.`).Replace(row[1])+"$"))
	}
	if len(patterns) == 0 {
		t.Fatal("docs/releases.md has no table")
	}
	for name := range files {
		if !slices.ContainsFunc(patterns, func(p *regexp.Regexp) bool { return p.MatchString(name) }) {
			t.Errorf("docs/releases.md has no row of %s", name)
		}
	}
}

func checkSums(t *testing.T, files map[string][]byte) {
	others := maps.Clone(files)
	delete(others, "checksums.txt")
	want := sums(others)
	count := 0
	for line := range strings.Lines(string(files["checksums.txt"])) {
		count++
		if !want[strings.TrimSuffix(line, "\n")] {
			t.Errorf("no file is %s", line)
		}
	}
	if count != len(want) {
		t.Errorf("%d checksums of %d files", count, len(want))
	}
}

func checkPrograms(t *testing.T, r *repository, files map[string][]byte) {
	for program, systems := range systems() {
		for _, system := range systems {
			for _, architecture := range []string{"amd64", "arm64"} {
				name := archiveName(program, system, architecture)
				content := unpack(t, name, files[name])
				if len(content) != 2 || len(content["LICENSE"]) == 0 {
					t.Errorf("%s holds %v, want the program and its licence", name, slices.Sorted(maps.Keys(content)))
				}
				checkPlatform(t, name, content[program], system, architecture)
				if program == "manager" {
					checkStamps(t, r, name, content[program], architecture)
				}
			}
		}
	}
}

// checkStamps checks that a manager holds its version, commit and date, and, where it runs, that it tells them.
func checkStamps(t *testing.T, r *repository, name string, program []byte, architecture string) {
	const date = "2026-11-20T08:00:00Z"
	for _, stamp := range []string{version, r.commit, date} {
		if !bytes.Contains(program, []byte(stamp)) {
			t.Errorf("%s: the program doesn't hold %s", name, stamp)
		}
	}
	if runtime.GOOS != "linux" || runtime.GOARCH != architecture {
		return
	}
	path := filepath.Join(t.TempDir(), "manager")
	if err := os.WriteFile(path, program, 0o755); err != nil {
		t.Fatal(err)
	}
	output, err := exec.CommandContext(t.Context(), path, "--version").CombinedOutput()
	want := "clbcert " + version + " (commit " + r.commit + ", " + date + ", "
	if err != nil || !strings.HasPrefix(string(output), want) {
		t.Errorf("%v: it says %q, want %q", err, output, want)
	}
}

func checkManifests(t *testing.T, files map[string][]byte) {
	install := string(files["install.yaml"])
	images, definitions := 0, 0
	for document := range strings.SplitSeq(install, "\n---\n") {
		var object struct {
			Kind string `json:"kind"`
			Spec struct {
				Template struct {
					Spec struct {
						Containers []struct {
							Image string `json:"image"`
						} `json:"containers"`
					} `json:"spec"`
				} `json:"template"`
			} `json:"spec"`
		}
		if err := yaml.Unmarshal([]byte(document), &object); err != nil {
			t.Fatal(err)
		}
		if object.Kind == "CustomResourceDefinition" {
			definitions++
		}
		for _, container := range object.Spec.Template.Spec.Containers {
			images++
			if container.Image != image {
				t.Errorf("the image is %s, want %s", container.Image, image)
			}
		}
	}
	if images != 1 || definitions != 1 {
		t.Errorf("install.yaml has %d containers and %d CRDs, want one of each", images, definitions)
	}
	definition, err := os.ReadFile(filepath.Join(root, "config", "crd", "bases", "clbcert.dev_servercertificates.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(files["crds.yaml"], definition) {
		t.Error("crds.yaml isn't the CRD of config/crd")
	}
}

func checkChart(t *testing.T, files map[string][]byte) {
	name := "clbcert-" + version + ".tgz"
	content := unpack(t, name, files[name])
	var chart struct{ Name, Version, AppVersion string }
	if err := yaml.Unmarshal(content["clbcert/Chart.yaml"], &chart); err != nil {
		t.Fatal(err)
	}
	if chart.Name != "clbcert" || chart.Version != version || chart.AppVersion != version {
		t.Errorf("the chart is %+v", chart)
	}
	if len(content["clbcert/values.yaml"]) == 0 {
		t.Error("the chart has no values.yaml")
	}
}

// checkParts compares an SBOM with what the toolchain recorded in the program itself.
func checkParts(t *testing.T, files map[string][]byte) {
	for program := range systems() {
		for _, architecture := range []string{"amd64", "arm64"} {
			name := program + "-linux-" + architecture + ".cdx.json"
			var parts struct {
				BOMFormat  string `json:"bomFormat"`
				Components []struct{ Name, Version string }
			}
			if err := json.Unmarshal(files[name], &parts); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if parts.BOMFormat != "CycloneDX" {
				t.Errorf("%s is in %q", name, parts.BOMFormat)
			}
			listed := map[string]string{}
			for _, part := range parts.Components {
				listed[part.Name] = part.Version
			}
			archive := archiveName(program, "linux", architecture)
			info, err := buildinfo.Read(bytes.NewReader(unpack(t, archive, files[archive])[program]))
			if err != nil {
				t.Fatalf("%s: %v", archive, err)
			}
			if listed["std"] != info.GoVersion {
				t.Errorf("%s tells of Go %q, the program of %q", name, listed["std"], info.GoVersion)
			}
			for _, module := range info.Deps {
				if listed[module.Path] != module.Version {
					t.Errorf("%s tells of %s %q, the program of %q", name, module.Path, listed[module.Path], module.Version)
				}
			}
		}
	}
}

func TestWhatIsNoReleaseIsRefused(t *testing.T) {
	t.Parallel()
	program := program(t)
	r := newRepository(t)
	r.git("tag", "v0.9.0")
	r.git("commit", "--quiet", "--allow-empty", "--message=a change")
	for sentence, refused := range map[string]struct{ version, because string }{
		"no version":                            {"", `"" is no version such as 0.1.0`},
		"a tag is no version":                   {"v0.1.0", `"v0.1.0" is no version`},
		"a version has three numbers":           {"0.1", `"0.1" is no version`},
		"an image's tag can't hold a plus sign": {"0.1.0+a", `"0.1.0+a" is no version`},
		"a version is one commit":               {"0.9.0", "the tag v0.9.0 is another commit"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			said, err := r.release(program, "-version", refused.version)
			if err == nil || !strings.HasPrefix(said, "release: ") || !strings.Contains(said, refused.because) {
				t.Errorf("got %v, %q; want %q", err, said, refused.because)
			}
			if _, err := os.Stat(filepath.Join(r.folder, "dist")); !os.IsNotExist(err) {
				t.Errorf("there is a dist/: %v", err)
			}
		})
	}
}
