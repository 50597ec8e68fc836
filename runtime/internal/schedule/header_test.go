package schedule

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/config"
)

func TestSchedulesOfAHeader(t *testing.T) {
	for name, tt := range map[string]struct {
		source string
		want   []config.Schedule
	}{
		"every option": {
			`-- @schedule "0 2 * * *" name=n time_zone=UTC timeout=30m max_memory=64MiB overlap=queue catch_up=all jitter='5m' profile=sandbox retries=2`,
			[]config.Schedule{{Name: "n", Script: "team/sync.lua", Cron: "0 2 * * *", TimeZone: "UTC", Timeout: "30m", MaxMemory: "64MiB",
				Overlap: "queue", CatchUp: "all", Jitter: "5m", Profile: "sandbox", Retries: 2}},
		},
		"several, after a starter line, other comments and empty lines": {
			"\xef\xbb\xbf#!/usr/bin/env phscript\n-- Imports.\n-- @param x\n\n--- @schedule 'every 15m' -- at night\n-- @schedule \"@daily\"",
			[]config.Schedule{{Name: "team-sync", Script: "team/sync.lua", Every: "15m"}, {Name: "team-sync-2", Script: "team/sync.lua", Cron: "@daily"}},
		},
		"after the first line of code":   {"print(1)\n-- @schedule \"@daily\"", nil},
		"a starter line below the first": {"-- x\n#!/usr/bin/env phscript\n-- @schedule \"@daily\"", nil},
	} {
		got, err := FromHeader("team/sync.lua", []byte(tt.source))
		require.NoError(t, err, name)
		assert.Equal(t, tt.want, got, name)
	}
}

// TestMistakesInAHeader: the error names the line and what is wrong there.
func TestMistakesInAHeader(t *testing.T) {
	for directive, want := range map[string]string{
		`-- @schedule 0 2 * * *`:            "put the time of @schedule in quotes",
		`-- @schedule "@daily" soon`:        "'soon' is not an option of @schedule",
		`-- @schedule "@daily" retries=two`: "retries must be a whole number, not 'two'",
		`-- @schedule "@daily" every=1h`:    "@schedule has no option 'every'",
		`-- @scheduled "@daily"`:            "there is no @scheduled; use @schedule",
		`-- @shedule "@daily"`:              "there is no @shedule; use @schedule",
	} {
		_, err := FromHeader("a.lua", []byte("-- About it.\n"+directive))
		var mistake *config.Error
		require.ErrorAs(t, err, &mistake, directive)
		assert.Equal(t, "a.lua:2", mistake.Where, directive)
		assert.Contains(t, mistake.Message, want)
	}
}

// TestAlike: schedules of one script for two accounts are not a mistake.
func TestAlike(t *testing.T) {
	define := func(name, profile string) Definition {
		d, err := New(config.Schedule{Name: name, Script: "sync.lua", Profile: profile, Every: "1h"}, "phscript.toml")
		require.NoError(t, err)
		return d
	}
	assert.Empty(t, Alike([]Definition{define("a", "sandbox"), define("b", "production")}))
	assert.Equal(t, []string{"schedules 'a' and 'b' run the same script, sync.lua, with the same parameters; delete one of them unless both times are meant"},
		Alike([]Definition{define("a", "sandbox"), define("b", "sandbox")}))
}
