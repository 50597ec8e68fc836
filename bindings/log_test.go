package bindings

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLog(t *testing.T) {
	for _, c := range []struct{ name, code, want string }{
		{"message", `log.info("hello")`, "INFO hello"},
		{"levels", `log.debug("d")`, "DEBUG d"},
		{"warn with a colon", `log:warn("w")`, "WARN w"},
		{"error", `log.error("e")`, "ERROR e"},
		{"fields in order", `log.info("m", { b = 2, a = "x", c = 1.5, d = true })`, "INFO m a=x b=2 c=1.5 d=true"},
		{"nested tables on one line", `log.info("m", { row = { name = "Acme", tags = { "a", "b" } } })`,
			`INFO m row={ name = "Acme", tags = { "a", "b" } }`},
		{"any message", `log.info(12)`, "INFO 12"},
		{"__tostring", `log.info(setmetatable({}, { __tostring = function() return "me" end }))`, "INFO me"},
		{"table as the message", `log.info({ a = 1 })`, "INFO { a = 1 }"},
		{"no number", `log.info("m", { a = 1/0, b = 0/0 })`, "INFO m a=inf b=nan"},
		{"names that each line has", `log.info("m", { msg = "x", time = 1 })`, "INFO m msg_=x time_=1"},
		{"with", `log.with({ a = 1 }).with({ b = 2 }):info("m", { c = 3 })`, "INFO m a=1 b=2 c=3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newTestHost(t)
			_, err := run(t, newState(t, h, Log()), c.code)
			require.NoError(t, err)
			require.Equal(t, []string{c.want}, h.lines)
		})
	}
}

func TestLogShowsErrorObjectsAsText(t *testing.T) {
	h := newTestHost(t)
	L := newState(t, h, Log())
	L.SetGlobal("err", newError(L, errors.New("it broke")))
	_, err := run(t, L, `log.error("failed", err); log.error("failed", { cause = err })`)
	require.NoError(t, err)
	require.Equal(t, []string{"ERROR failed error=it broke", "ERROR failed cause=it broke"}, h.lines)
}

func TestLogErrors(t *testing.T) {
	L := newState(t, newTestHost(t), Log())
	runErrors(t, L, []errorCase{
		{"fields must be a table", `log.info("n", 3)`, []string{"test.lua:1: log.info: argument 2, 'fields', must be a table, not the number 3"}},
		{"list as fields", `log.info("n", { 1, 2 })`, []string{"'fields' takes named fields only"}},
	})
}
