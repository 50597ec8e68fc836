// Package display holds what messages to people have in common: their colors,
// and the line of a script with a mark below the place that is meant.
package display

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Style is a way to set text off.
type Style string

// The styles of a colored message.
const (
	Red    Style = "\x1b[31;1m"
	Yellow Style = "\x1b[33;1m"
	Bold   Style = "\x1b[1m"
	Dim    Style = "\x1b[2m"
	Green  Style = "\x1b[32m"
	Cyan   Style = "\x1b[36m"
)

const reset = "\x1b[0m"

// Paint returns the text in a style, or as it is without colors.
func Paint(style Style, text string, color bool) string {
	if !color || text == "" {
		return text
	}
	return string(style) + text + reset
}

// Line is a line of a script, with the place in it that a message is about.
type Line struct {
	Number int
	Text   string
	// Column and EndColumn count bytes from 1. Without a column nothing is
	// marked, without an end one place is.
	Column, EndColumn int
	// Mark is the style of the mark, red when not set.
	Mark Style
}

// widest is how many bytes of a line are shown, and before how many come before the place.
const (
	widest = 200
	before = 80
)

// around cuts a long line around its place.
func (l Line) around() Line {
	if len(l.Text) <= widest {
		return l
	}
	from := 0
	if l.Column > 1 && l.Column <= len(l.Text)+1 {
		from = max(0, min(l.Column-1-before, len(l.Text)-widest))
	}
	for from > 0 && !utf8.RuneStart(l.Text[from]) {
		from--
	}
	to := min(len(l.Text), from+widest)
	for to < len(l.Text) && !utf8.RuneStart(l.Text[to]) {
		to--
	}
	start, end := "", ""
	if from > 0 {
		start = "..."
	}
	if to < len(l.Text) {
		end = "..."
	}
	l.Text = start + l.Text[from:to] + end
	if shift := from - len(start); l.Column > 0 {
		l.Column -= shift
		l.EndColumn = min(l.EndColumn-shift, len(start)+to-from)
	}
	return l
}

// Source writes the line behind a gutter with its number, and carets below the
// place.
func Source(out *strings.Builder, l Line, color bool) {
	gutter := fmt.Sprintf("%5d | ", l.Number)
	l = l.around()
	source := OneLine(strings.TrimRight(strings.ReplaceAll(l.Text, "\t", "    "), " \r\n"))
	fmt.Fprintf(out, "%s%s\n", Paint(Dim, gutter, color), source)
	if l.Column < 1 || l.Column > len(l.Text)+1 {
		return
	}
	width := func(text string) int { return len([]rune(OneLine(strings.ReplaceAll(text, "\t", "    ")))) }
	marks := 1
	if l.EndColumn > l.Column && l.EndColumn <= len(l.Text) {
		marks = max(1, width(l.Text[l.Column-1:l.EndColumn]))
	}
	style := l.Mark
	if style == "" {
		style = Red
	}
	fmt.Fprintf(out, "%s%s%s\n", Paint(Dim, "      | ", color), strings.Repeat(" ", width(l.Text[:l.Column-1])),
		Paint(style, strings.Repeat("^", marks), color))
}
