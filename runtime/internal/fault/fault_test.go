package fault

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestMachineErrorsAreData(t *testing.T) {
	for text, want := range map[string]*Fault{
		"attempt to call a non-function object":     {Operation: Call, Type: "table"},
		"attempt to compare number with string":     {Operation: Compare, Type: "number", Other: "string"},
		"attempt to compare table with table":       {Operation: Compare, Type: "table", Other: "table"},
		"table index is nil":                        {Operation: Key, Type: "nil"},
		"table index is NaN":                        {Operation: Key, Type: "number"},
		"stack overflow":                            {Operation: Depth},
		"attempt to compare apples with pears, why": nil,
		"attempt to compare":                        nil,
		"a script's own words":                      nil,
		"":                                          nil,
	} {
		got := FromMachine(text)
		if got != nil {
			got.Message = ""
		}
		assert.Equal(t, want, got, text)
	}
}

func TestErrorsAreInLuasWords(t *testing.T) {
	name := Operand{Scope: Field, Name: "owner"}
	for want, f := range map[string]*Fault{
		"attempt to index field 'owner' (a nil value)":                 {Operation: Index, Type: "nil", Operand: name},
		"attempt to call a table value":                                {Operation: Call, Type: "table"},
		"attempt to perform arithmetic on local 'n' (a boolean value)": {Operation: Arithmetic, Type: "boolean", Operand: Operand{Scope: Local, Name: "n"}},
		"attempt to concatenate a nil value":                           {Operation: Concat, Type: "nil", Operand: Operand{Text: "f()"}},
		"attempt to get length of a number value":                      {Operation: Length, Type: "number", Operand: Operand{Scope: Literal}},
		"attempt to compare two table values":                          Comparison("table", "table"),
		"attempt to compare nil with number":                           Comparison("nil", "number"),
	} {
		assert.Equal(t, want, f.Error())
	}
}

func TestLogFindsWhatATextStandsFor(t *testing.T) {
	var l Log
	first, second := errors.New("first"), errors.New("second")
	assert.NoError(t, l.Find("anything"))
	l.Note("it failed", first)
	l.Note("", second)
	assert.Equal(t, first, l.Find("it failed"))
	assert.Equal(t, first, l.Find("main.lua:3: it failed"))
	assert.Equal(t, first, l.Find("main.lua:9: main.lua:3: it failed"))
	assert.NoError(t, l.Find("they say it failed"), "words of the script around it")
	assert.NoError(t, l.Find("it failed again"))
	l.Note("it failed", second)
	assert.Equal(t, second, l.Find("it failed"), "the latest one")
	for range remembered {
		l.Note("another", second)
	}
	assert.NoError(t, l.Find("it failed"), "only the last ones are remembered")
}

func TestFormatBytes(t *testing.T) {
	for n, want := range map[int64]string{
		512: "512 bytes", 1 << 10: "1 KiB", 1536: "1.5 KiB", 256 << 20: "256 MiB", 1 << 30: "1 GiB",
	} {
		assert.Equal(t, want, formatBytes(n))
	}
}
