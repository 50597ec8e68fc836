package view

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/phscript/phscript/runtime/internal/schedule"
	"github.com/phscript/phscript/runtime/internal/serve"
)

// TestWhySchedulesDoNotRun: after skipped ticks, people are told again only after two
// runs, but a schedule that has run since is fine.
func TestWhySchedulesDoNotRun(t *testing.T) {
	e := serve.Entry{Definition: schedule.Definition{Enabled: true}, Idle: serve.IdleSkipped, InARow: 3}
	assert.Equal(t, "skipped", state(e))
	assert.Contains(t, Schedule{Name: "a", State: "skipped", InARow: 3}.Why(), "a: 3 ticks without a run, the last one at ")
	e.InARow = 0
	assert.Equal(t, "ok", state(e))
	assert.Empty(t, Schedule{Name: "a", State: "ok"}.Why())
}
