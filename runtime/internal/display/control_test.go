package display

import (
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestControlCharactersBecomeVisible(t *testing.T) {
	for text, want := range map[string]string{
		"":                                "",
		"Acme é 😀 \u200d\u200f":           "Acme é 😀 \u200d\u200f",
		"a\tb\nc":                         "a\tb\nc",
		"x\x1b]0;title\a\x1b[2J\x1b[31mr": "x<U+001B>]0;title<U+0007><U+001B>[2J<U+001B>[31mr",
		"a\rb\r\n\b\x00\x7f":              "a<U+000D>b<U+000D>\n<U+0008><U+0000><U+007F>",
		"\u009b31m\u0085\u009d":           "<U+009B>31m<U+0085><U+009D>",
		"\x9b31m\xff":                     "<9B>31m<FF>",
		"abc\u202edcba\u2066x\u2069":      "abc<U+202E>dcba<U+2066>x<U+2069>",
		"a\u2028b":                        "a<U+2028>b",
		"a\ufffdb":                        "a\ufffdb",
	} {
		assert.Equal(t, want, Text(text))
		assert.Equal(t, strings.ReplaceAll(want, "\n", `\n`), OneLine(text))
		assert.Equal(t, strings.NewReplacer("\n", `\n`, "\t", " ").Replace(want), Cell(text))
	}
}

func TestJSONKeepsItsValue(t *testing.T) {
	value := "a\u009b31m\u202e\x7fé"
	text, err := json.Marshal(value)
	require.NoError(t, err)
	safe := JSON(string(text))
	assert.Equal(t, `"a\u009b31m\u202e\u007fé"`, safe)
	var back string
	require.NoError(t, json.Unmarshal([]byte(safe), &back))
	assert.Equal(t, value, back)
}

func TestTerminal(t *testing.T) {
	for _, c := range []struct {
		writes []string
		want   string
	}{
		{[]string{"\x1b[31mred\x1b[0m \x1b[38;5;9mx\x1b[m\n"}, "\x1b[31mred\x1b[0m \x1b[38;5;9mx\x1b[m\n"},
		{[]string{"\x1b[3", "1mred", "\x1b", "[0m"}, "\x1b[31mred\x1b[0m"},
		{[]string{"a\x1b[2Jb\x1b]0;t\ac\x1b[1;1Hd\x1b[31"}, "a<U+001B>[2Jb<U+001B>]0;t<U+0007>c<U+001B>[1;1Hd"},
		{[]string{"Acme\rFAKE\n", "b\r\nc\n"}, "Acme<U+000D>FAKE\nb\r\nc\n"},
		{[]string{"\r10 %\r20 %", "\r30 %\n", "x\ry"}, "\r10 %\r20 %\r30 %\nx<U+000D>y"},
		{[]string{"10 %\r", "20 %\r", "done\n", "x\ry"}, "10 %\r20 %\rdone\nx<U+000D>y"},
		{[]string{"Company: ", "\rFAKE\n"}, "Company: <U+000D>FAKE\n"},
		{[]string{"\xc3", "\xa9\xe2\x82", "\xac \u009b \u202e"}, "é€ <U+009B> <U+202E>"},
	} {
		var out strings.Builder
		w := Terminal(&out)
		for _, text := range c.writes {
			n, err := io.WriteString(w, text)
			require.NoError(t, err)
			assert.Equal(t, len(text), n)
		}
		assert.Equal(t, c.want, out.String())
	}
}
