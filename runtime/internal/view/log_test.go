package view_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/display"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/view"
)

func TestLogText(t *testing.T) {
	at := time.Date(2026, 1, 15, 9, 0, 1, 500e6, time.Local)
	for fields, want := range map[string]string{
		``:                                  "",
		`{"status":503,"after":"2.5s"}`:     " after=2.5s status=503",
		`{"reason":"Planhat answered 503"}`: ` reason="Planhat answered 503"`,
		`{"a":"","b":"x=1","c":"\"","d":"\n","e":"é"}`:          ` a="" b="x=1" c="\"" d="\n" e=é`,
		`{"list":["a b",null],"none":null,"yes":true}`:          ` list=["a b",null] none=null yes=true`,
		`{"nested":{"took":"681ms"},"number":9007199254740993}`: ` nested={"took":"681ms"} number=9007199254740993`,
	} {
		line := history.Line{At: at, Level: "warn", Message: "request failed", Fields: []byte(fields)}
		assert.Equal(t, at.Format("15:04:05.000 MST")+" warn   request failed"+want, view.LogText(line))
	}
}

func TestLogTextIsOneLine(t *testing.T) {
	bad := "x\n09:00:02.000 error  forged\x1b[2J\u009b"
	fields, err := json.Marshal(map[string]string{bad: bad})
	require.NoError(t, err)
	got := view.LogText(history.Line{Level: "info", Message: bad, Fields: fields})
	assert.NotContains(t, got, "\n")
	assert.False(t, strings.ContainsFunc(got, display.Hidden), "%q", got)
}
