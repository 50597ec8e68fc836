package suite

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Bounds of what a report for people shows.
const (
	// mostDiff is how many lines of a comparison are shown, mostOutput how many
	// of what a test has printed.
	mostDiff   = 80
	mostOutput = 100
	// mostValue is how long a value on one line may be before it is cut to what
	// lies around the difference: lead before it, tail behind it.
	mostValue = 400
	lead      = 60
	tail      = 240
)

// lastLines returns the end of a long text.
func lastLines(text string) string {
	lines := strings.Split(text, "\n")
	if len(lines) <= mostOutput {
		return text
	}
	left := len(lines) - mostOutput
	return fmt.Sprintf("… %d lines before these; -v and --format json show all\n%s", left, strings.Join(lines[left:], "\n"))
}

// window cuts two long values to the part in which they begin to differ.
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

// around returns what lies around a place in a text.
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
		cut += fmt.Sprintf("… (%d bytes in all)", len(text))
	}
	return cut
}
