package serve

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
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
	assert.Equal(t, []string{"PATH=/bin", "LC_ALL=C"}, handedOn([]string{"PATH=/bin", "Path=/other", "LC_ALL=C", "AWS_SECRET=s"}, exact))
}
