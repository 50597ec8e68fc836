package repl_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/command/repl"
	"github.com/phscript/phscript/runtime/internal/command/trial"
	"github.com/phscript/phscript/runtime/internal/command/usage"
)

func TestInputFromAPipe(t *testing.T) {
	r := trial.New(t, nil)
	for _, c := range []struct {
		flags, input, stdout string
		code                 int
	}{
		{"--simulate --companies 3", "local n = #planhat.company.get_list()\nn + 1\n", "4\n", 0},
		{"--simulate --dry-run", "planhat.company.create{ name = 'A' }\n#planhat.company.get_list()\n", "\n1\n", 0},
		{"", "1 + 1\nerror('x')\n3\n", "2\n", 1},
		{"", "os.exit(7)\n", "", 7},
		{"--timeout 50ms", "while true do end\n", "", 1},
	} {
		r.Env.Stdin = strings.NewReader(c.input)
		stdout, stderr, err := r.Run(repl.New, strings.Fields(c.flags)...)
		code := 0
		if done, ok := errors.AsType[*usage.Finished](err); ok {
			code = done.Code
		} else {
			require.NoError(t, err)
		}
		assert.Equal(t, c.code, code, "%s: %s", c.input, stderr)
		assert.True(t, strings.HasSuffix(stdout, c.stdout), "%s: %q", c.input, stdout)
		assert.NotContains(t, stdout, ">", "no prompt")
	}
	_, _, err := r.Run(repl.New, "--faults", "500")
	require.EqualError(t, err, "--faults needs --simulate")
	_, _, err = r.Run(repl.New, "a.lua")
	assert.ErrorContains(t, err, "takes no arguments, not a.lua")
}
