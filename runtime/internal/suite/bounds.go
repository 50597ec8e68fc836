package suite

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Bounds of what a report for people shows.
const (
	// mostDiff bounds the lines of a comparison, mostOutput those of a test's
	// output.
	mostDiff   = 80
	mostOutput = 100
	// mostValue bounds a value on one line. A longer one is cut to the bytes
	// around the difference: lead before it, tail after it.
	mostValue = 400
	lead      = 60
	tail      = 240
)

func lastLines(text string) string {
	lines := strings.Split(text, "\n")
	if len(lines) <= mostOutput {
		return text
	}
	left := len(lines) - mostOutput
	return fmt.Sprintf("… %d earlier lines; use -v or --format json to see them all\n%s", left, strings.Join(lines[left:], "\n"))
}

// window cuts two long values to where they first differ.
func window(a, b string) (string, string) {
	if len(a) <= mostValue && len(b) <= mostValue {
		return a, b
	}
	at := 0
	for at < len(a) && at < len(b) && a[at] == b[at] {
		at++
	}
	return around(a, at), around(b, at)
}

func around(text string, at int) string {
	from, to := max(0, at-lead), min(len(text), at+tail)
	for from > 0 && !utf8.RuneStart(text[from]) {
		from--
	}
	for to < len(text) && !utf8.RuneStart(text[to]) {
		to++
	}
	if from > to {
		from = to
	}
	cut := text[from:to]
	if from > 0 {
		cut = "…" + cut
	}
	if to < len(text) {
		cut += fmt.Sprintf("… (%d bytes)", len(text))
	}
	return cut
}
