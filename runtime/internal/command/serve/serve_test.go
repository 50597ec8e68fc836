package serve

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/phscript/phscript/runtime/internal/config"
)

// TestVariablesThatAreHandedOn: Windows spells its names as it likes, and others
// tell upper case from lower.
func TestVariablesThatAreHandedOn(t *testing.T) {
	windows := []string{
		`Path=C:\Windows\System32`, `SystemRoot=C:\Windows`, `windir=C:\Windows`, `ComSpec=C:\Windows\system32\cmd.exe`, `PATHEXT=.COM;.EXE;.BAT`,
		`TEMP=C:\T`, `LocalAppData=C:\L`, `Planhat_Api_Token=t`,
	}
	others := []string{`=C:=C:\`, `ProgramFiles=C:\Program Files`, `AWS_SECRET=s`}
	assert.Equal(t, windows, handedOn(append(others, windows...), strings.EqualFold))
	assert.Equal(t, windows[:len(windows)-1], withoutTokens(handedOn(windows, strings.EqualFold)))
	exact := func(a, b string) bool { return a == b }
	assert.Equal(t, []string{"PATH=/bin", "LC_ALL=C", "PHSCRIPT_TRUST=/srv"}, handedOn([]string{"PATH=/bin", "Path=/other", "LC_ALL=C", "PHSCRIPT_TRUST=/srv", "AWS_SECRET=s"}, exact))
}

// TestHowManyWorkers: without a flag or a setting, one for each processor that
// the environment names.
func TestHowManyWorkers(t *testing.T) {
	set := config.Config{Serve: config.Serve{Workers: 4}}
	assert.Equal(t, 3, (&options{workers: 3}).workerCount(set, 8))
	assert.Equal(t, 4, (&options{}).workerCount(set, 8))
	assert.Equal(t, 8, (&options{}).workerCount(config.Config{}, 8))
	assert.Equal(t, 2, (&options{}).workerCount(config.Config{}, 1))
}

// TestWarningsAreNotRepeated when a configuration is loaded again.
func TestWarningsAreNotRepeated(t *testing.T) {
	var out strings.Builder
	log := slog.New(slog.NewTextHandler(&out, nil))
	warn := onlyNew()
	for _, tt := range []struct {
		doubts []string
		lines  int
	}{{[]string{"a", "b"}, 2}, {[]string{"a", "b"}, 2}, {[]string{"b", "c"}, 3}, {nil, 3}, {[]string{"a"}, 4}} {
		warn(log, tt.doubts)
		assert.Equal(t, tt.lines, strings.Count(out.String(), "\n"), out.String())
	}
}
