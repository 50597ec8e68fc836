package host_test

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/host"
	"github.com/phscript/phscript/runtime/internal/command/trial"
	"github.com/phscript/phscript/runtime/internal/config"
)

// settings returns what flags make of a configuration.
func settings(r *trial.Trial, flags string) (c config.Config, err error) {
	_, _, err = r.Run(func(env *environment.Env) *cobra.Command {
		o := &host.Options{}
		cmd := &cobra.Command{RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.Given(cmd.Flags()); err != nil {
				return err
			}
			if c, err = o.Settings(env); err != nil {
				return err
			}
			h, err := o.Open(env, c)
			if err == nil {
				h.Close()
			}
			return err
		}}
		o.AddFlags(cmd)
		return cmd
	}, strings.Fields(flags)...)
	return c, err
}

func TestFlagsWinOverTheConfiguration(t *testing.T) {
	r := trial.New(t, map[string]string{
		"phscript.toml": "calls_per_min = 10\ntimeout = \"1m\"\nlog_level = \"error\"\nallow_env = [\"A\"]\n", "other.toml": "strict = true\n", "d/a": "", "e/a": "",
	})
	c, err := settings(r, "")
	require.NoError(t, err)
	assert.Equal(t, []any{10, "1m0s", "error", false}, []any{c.CallsPerMin, c.Timeout.String(), c.LogLevel, c.Strict})
	c, err = settings(r, "--calls-per-min 20 --timeout 2m --max-memory 64MB --log-level WARN --log-format json --strict --allow-env B,C --allow-read d --allow-write e --state memory")
	require.NoError(t, err)
	assert.Equal(t, []any{20, "2m0s", "warn", "json", true}, []any{c.CallsPerMin, c.Timeout.String(), c.LogLevel, c.LogFormat, c.Strict})
	assert.Equal(t, [][]string{{"A", "B", "C"}, {"d"}, {"e"}}, [][]string{c.AllowEnv, c.AllowRead, c.AllowWrite})
	assert.EqualValues(t, 64_000_000, c.MaxMemory)
	c, err = settings(r, "--config other.toml")
	require.NoError(t, err)
	assert.True(t, c.Strict)
	assert.Zero(t, c.CallsPerMin)
	for flags, want := range map[string]string{
		"--timeout soon": "--timeout: ", "--max-memory big": "--max-memory: ", "--calls-per-min -1": "at least 1", "--companies 2": "--companies needs --simulate",
		"--simulate --faults x": "--faults: ", "--simulate=missing": "missing",
	} {
		_, err := settings(r, flags)
		assert.ErrorContains(t, err, want, flags)
	}
}

func TestLogSettingsAreChecked(t *testing.T) {
	for text, want := range map[string]string{
		"log_level = \"loud\"":  `log_level takes debug, info, warn or error, not "loud"`,
		"log_format = \"yaml\"": `log_format takes text or json, not "yaml"`,
	} {
		_, err := settings(trial.New(t, map[string]string{"phscript.toml": text}), "--simulate")
		assert.EqualError(t, err, want)
	}
}
