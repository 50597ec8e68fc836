//go:build linux

// Package release looks at what make release-snapshot has built, as somebody who
// downloads it would. Without a dist folder its tests are skipped.
package release

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// dist is the folder of the release, seen from this package.
const dist = "../../dist"

// built returns the one file of the release that a pattern names.
func built(t *testing.T, pattern string) string {
	t.Helper()
	if _, err := os.Stat(dist); err != nil {
		t.Skip("run make release-snapshot first")
	}
	found, err := filepath.Glob(filepath.Join(dist, pattern))
	require.NoError(t, err)
	require.Len(t, found, 1, "files that match %s", pattern)
	path, err := filepath.Abs(found[0])
	require.NoError(t, err)
	return path
}

// run runs a program in a folder, with a home of its own.
func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir, cmd.Env = dir, []string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH")}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s %v: %s", name, args, out)
	return string(out)
}

// system ends the names of archives and packages for this machine.
var system = "linux_" + runtime.GOARCH

func TestArchive(t *testing.T) {
	archive := built(t, "phscript_*_"+system+".tar.gz")
	dir := t.TempDir()
	run(t, dir, "tar", "-xzf", archive)
	program := filepath.Join(dir, "phscript")
	assert.Contains(t, run(t, dir, program, "version"), "phscript")
	// It rejects some lines, and says so with its exit code.
	assert.Contains(t, run(t, dir, "sh", "-c", program+" run --simulate scripts/examples/quickstart.lua; test $? -eq 3"), "1,080 created")

	for _, name := range []string{"LICENSE", "README.md", "completions/phscript.zsh", "man/phscript-run.1", "docs/deploy/phscript.service"} {
		assert.FileExists(t, filepath.Join(dir, name))
	}
	assert.NoFileExists(t, filepath.Join(dir, "docs/deploy/.env"))
	notices, err := os.ReadFile(filepath.Join(dir, "THIRD_PARTY_NOTICES"))
	require.NoError(t, err)
	for _, text := range []string{"github.com/yuin/gopher-lua v", "Mozilla Public License", "Apache License", "Go, its runtime and standard library"} {
		assert.Contains(t, string(notices), text)
	}
}

func TestDebianPackage(t *testing.T) {
	pkg := built(t, "phscript_*_"+system+".deb")
	dir := t.TempDir()
	run(t, dir, "dpkg-deb", "-x", pkg, dir)
	assert.Equal(t, "3\n", run(t, dir, filepath.Join(dir, "usr/bin/phscript"), "run", "--simulate", "--companies", "3", "-q", "-e", "print(#planhat.company.get_list())"))
	for name, mode := range map[string]fs.FileMode{
		"usr/bin/phscript":                                  0o755,
		"etc/phscript/environment":                          0o600,
		"etc/phscript/phscript.toml":                        0o644,
		"usr/lib/systemd/system/phscript.service":           0o644,
		"usr/share/doc/phscript/copyright":                  0o644,
		"usr/share/doc/phscript/THIRD_PARTY_NOTICES":        0o644,
		"usr/share/man/man1/phscript-serve.1":               0o644,
		"usr/share/bash-completion/completions/phscript":    0o644,
		"usr/share/zsh/vendor-completions/_phscript":        0o644,
		"usr/share/fish/vendor_completions.d/phscript.fish": 0o644,
	} {
		info, err := os.Stat(filepath.Join(dir, name))
		if assert.NoError(t, err) {
			assert.Equal(t, mode, info.Mode().Perm(), name)
		}
	}
	control := run(t, dir, "dpkg-deb", "-I", pkg)
	assert.Contains(t, control, "ca-certificates")
	assert.Contains(t, control, "postinst")
}

// TestChecksums proves that every file that people download is listed, rightly.
func TestChecksums(t *testing.T) {
	file, err := os.Open(built(t, "checksums.txt"))
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	listed := map[string]bool{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		sum, name, found := strings.Cut(lines.Text(), "  ")
		require.True(t, found, lines.Text())
		text, err := os.ReadFile(filepath.Join(dist, name))
		require.NoError(t, err)
		want := sha256.Sum256(text)
		assert.Equal(t, hex.EncodeToString(want[:]), sum, name)
		listed[name] = true
	}
	for _, pattern := range []string{"*.tar.gz", "*.zip", "*.deb", "*.rpm", "*.cdx.json"} {
		found, err := filepath.Glob(filepath.Join(dist, pattern))
		require.NoError(t, err)
		assert.NotEmpty(t, found, pattern)
		for _, name := range found {
			assert.True(t, listed[filepath.Base(name)], "%s has no checksum", name)
		}
	}
}

// TestManifests looks at what Homebrew and Scoop get.
func TestManifests(t *testing.T) {
	formula, err := os.ReadFile(built(t, "homebrew/Formula/phscript.rb"))
	require.NoError(t, err)
	for _, text := range []string{"class Phscript", "darwin_arm64.tar.gz", "linux_amd64.tar.gz", "sha256", `bin.install "phscript"`} {
		assert.Contains(t, string(formula), text)
	}
	text, err := os.ReadFile(built(t, "scoop/bucket/phscript.json"))
	require.NoError(t, err)
	var manifest struct {
		Architecture map[string]struct{ URL, Hash string }
	}
	require.NoError(t, json.Unmarshal(text, &manifest))
	assert.Contains(t, manifest.Architecture["64bit"].URL, "windows_amd64.zip")
	assert.Len(t, manifest.Architecture["64bit"].Hash, 64)
}

// TestBillOfMaterials proves that the list of what is in a binary names it.
func TestBillOfMaterials(t *testing.T) {
	text, err := os.ReadFile(built(t, "phscript_*_"+system+".cdx.json"))
	require.NoError(t, err)
	var bom struct {
		BOMFormat  string
		Components []struct{ Name, Version string }
	}
	require.NoError(t, json.Unmarshal(text, &bom))
	assert.Equal(t, "CycloneDX", bom.BOMFormat)
	var names []string
	for _, c := range bom.Components {
		names = append(names, c.Name)
		if c.Name != "std" {
			assert.NotEmpty(t, c.Version, c.Name)
		}
	}
	assert.Contains(t, names, "github.com/yuin/gopher-lua")
	assert.Contains(t, names, "modernc.org/sqlite")
}
