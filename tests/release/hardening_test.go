package release

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const deploy = "../../docs/deploy"

// TestTheUnitExposesLittle: systemd rates what a service could do to its machine, from 0 to
// 10; the threshold counts tenths.
func TestTheUnitExposesLittle(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("systemd-analyze is not installed")
	}
	unit, err := filepath.Abs(filepath.Join(deploy, "phscript.service"))
	require.NoError(t, err)
	report := run(t, t.TempDir(), "systemd-analyze", "security", "--offline=true", "--threshold=25", "--no-pager", unit)
	assert.Contains(t, report, "Overall exposure level")
	text, err := os.ReadFile(unit)
	require.NoError(t, err)
	for _, limit := range []string{"MemoryMax", "TasksMax", "SystemCallFilter", "NoNewPrivileges=true", "ProtectSystem=strict", "UMask=0077"} {
		assert.Contains(t, string(text), "\n"+limit)
	}
}

// TestImagesArePinned: a tag may be given to another image at any time.
func TestImagesArePinned(t *testing.T) {
	image := regexp.MustCompile(`(?m)^(?:FROM (?:--platform=\S+ )?|\s+image: )(\S+)`)
	pinned := regexp.MustCompile(`^(scratch|phscript|\S+:\S+@sha256:[0-9a-f]{64})$`)
	for _, name := range []string{"Dockerfile", "Dockerfile.release", "compose.yaml"} {
		text, err := os.ReadFile(filepath.Join(deploy, name))
		require.NoError(t, err)
		found := image.FindAllStringSubmatch(string(text), -1)
		require.NotEmpty(t, found, name)
		for _, m := range found {
			assert.Regexp(t, pinned, m[1], name)
		}
	}
}
