package pages

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestColors: what a script prints is text, whatever it looks like. Colors become classes,
// and nothing else of a terminal is left.
func TestColors(t *testing.T) {
	for text, want := range map[string]string{
		"plain":                                        "plain",
		"<script>alert(1)</script>":                    "&lt;script&gt;alert(1)&lt;/script&gt;",
		"\x1b[31mred\x1b[0m and not":                   `<span class="c1">red</span> and not`,
		"\x1b[1;32mgreen":                              `<span class="c2">green</span>`,
		"\x1b[93mbright\x1b[39m.":                      `<span class="c11">bright</span>.`,
		"\x1b[1mbold\x1b[m":                            `<span class="cb">bold</span>`,
		"\x1b[31m<b>\x1b[32m&":                         `<span class="c1">&lt;b&gt;</span><span class="c2">&amp;</span>`,
		"\x1b[38;5;200mx":                              "x",
		"\x1b[31\"onclick=m<":                          "nclick=m&lt;",
		"\x1b]0;title\x07text":                         "text",
		"\x1b]8;;https://evil\x1b\\link\x1b]8;;\x1b\\": "link",
		"\x1b[2J\x1b[Hcleared":                         "cleared",
		"\x1b7\x1b8bell\x07\b\r":                       "bell",
		"\u009b31mc1":                                  "31mc1",
		"tab\tand\nline":                               "tab\tand\nline",
		"\x1b":                                         "",
		"\x1b[":                                        "",
		"\x1b[31":                                      "",
		"\x1b]0;never ends":                            "",
		"é\x1b[31mü":                                   `é<span class="c1">ü</span>`,
		strings.Repeat("\x1b[31m", 3) + "x":            `<span class="c1"></span><span class="c1"></span><span class="c1">x</span>`,
	} {
		assert.Equal(t, want, string(colored(text)), "%q", text)
	}
}

func FuzzColors(f *testing.F) {
	f.Add("\x1b[31m<b>\x1b]0;\x07\x1b\\")
	f.Fuzz(func(t *testing.T, text string) {
		shown := string(colored(text))
		for _, tag := range strings.SplitAfter(shown, "<")[1:] {
			assert.Regexp(t, `^(span class="c(\d\d?|b)">|/span>)`, tag)
		}
		assert.Equal(t, strings.Count(shown, "<span"), strings.Count(shown, "</span"))
		assert.NotContains(t, shown, "\x1b")
	})
}

func TestFields(t *testing.T) {
	assert.Equal(t, `a=1 b=two c="with space" d="" e={"x":1} f=<b>`, fields(json.RawMessage(`{"b":"two","a":1,"c":"with space","d":"","e":{"x":1},"f":"<b>"}`)))
	assert.Empty(t, fields(nil))
	assert.Equal(t, "[1]", fields(json.RawMessage("[1]")))
}

func TestWords(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 ms", 350 * time.Millisecond: "350 ms", 1500 * time.Millisecond: "1.5 s", 48 * time.Second: "48 s", 161 * time.Second: "2 min 41 s", time.Hour: "1 h",
		90 * time.Minute: "1 h 30 min", 50 * time.Hour: "2 d 2 h", -time.Second: "0 ms",
	} {
		assert.Equal(t, want, lasts(d))
	}
	now := time.Now()
	assert.Equal(t, "now", ago(now, now))
	assert.Equal(t, "20 min ago", ago(now, now.Add(-20*time.Minute)))
	assert.Equal(t, "in 11 h", ago(now, now.Add(11*time.Hour)))
	assert.Equal(t, "3 days ago", ago(now, now.Add(-72*time.Hour)))
	assert.Equal(t, "?", count(-1))
	assert.Equal(t, "6,214", count(6214))
	assert.Equal(t, "1 row", plural(1, "row", "rows"))
	assert.Equal(t, "a…", short("abc", 2))
	assert.Equal(t, "first", plainText("\x1bfirst\nsecond"))
}
