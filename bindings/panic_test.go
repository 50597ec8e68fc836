package bindings

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"
)

// TestPanicsOfFunctions: the host is told about a panic, and not about errors.
func TestPanicsOfFunctions(t *testing.T) {
	m := &Module{Name: "m", Doc: "For this test.", Funcs: []*Func{
		{Name: "panic", Doc: "Panics.", Call: func(*Args) (int, error) { panic("a fault") }},
		{Name: "fail", Doc: "Fails.", Call: func(*Args) (int, error) { return 0, errors.New("a failure") }},
	}}
	h := newTestHost(t)
	L := newState(t, h, m)
	_, err := run(t, L, `m.panic()`)
	var raw *lua.ApiError
	require.ErrorAs(t, err, &raw)
	assert.Equal(t, lua.ApiErrorPanic, raw.Type, "without anybody to tell, the panic stays one")

	var told []any
	h.Panicked = func(_ *lua.LState, value any) { told = append(told, value) }
	text, _ := raised(t, L, `m.fail()`)
	assert.Contains(t, text, "a failure")
	assert.Empty(t, told)
	text, _ = raised(t, L, `m.panic()`)
	assert.Equal(t, "a fault", text)
	assert.Equal(t, []any{"a fault"}, told)
}
