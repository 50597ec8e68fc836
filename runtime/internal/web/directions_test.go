package web

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestDirections(t *testing.T) {
	for text, want := range map[string]string{
		"":                      "",
		"a \u202eb\u2066":       "a &lt;U+202E&gt;b&lt;U+2066&gt;",
		"\u202a…’\u2069é\u2065": "&lt;U+202A&gt;…’&lt;U+2069&gt;é\u2065",
		"cut \xe2\x80":          "cut \xe2\x80",
	} {
		assert.Equal(t, want, string(directions([]byte(text))), "%q", text)
	}
}
