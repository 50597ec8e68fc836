// Package report holds what a check reports: its rules, and findings as text,
// JSON and SARIF.
package report

import "unicode/utf8"

// Severity tells how bad a finding is.
type Severity string

// The severities. An error makes the script fail or do something else than it
// says; a warning is worth a look.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// Finding is one thing that is wrong, and where.
type Finding struct {
	// Rule is the name of the rule, as in Rules and in ignore comments.
	Rule     string
	Severity Severity
	// File is the name that was given to Source.
	File string
	// Line and Column count from 1, columns in bytes; a column of 0 means the
	// whole line. EndColumn is the last byte, on EndLine.
	Line, Column, EndLine, EndColumn int
	// Message is what is wrong, Hint what to do about it, "" if the message
	// says it already.
	Message, Hint string
	// Subject is the name that it is about, or "".
	Subject string
	// SourceLine is the text of the line.
	SourceLine string
	// EndSourceLine is the text of EndLine.
	EndSourceLine string
	// Also are the further places in the file that have the same cause.
	Also []Place
}

// OtherLines returns the other lines that have the same cause.
func (f *Finding) OtherLines() []int {
	var lines []int
	last := f.Line
	for _, p := range f.Also {
		if p.Line > last {
			lines = append(lines, p.Line)
			last = p.Line
		}
	}
	return lines
}

// Place is a position in a file, counted like that of a Finding.
type Place struct{ Line, Column int }

// Characters returns Column and EndColumn counted in characters instead of
// bytes, as editors do.
func (f *Finding) Characters() (column, end int) {
	return characters(f.SourceLine, f.Column), characters(f.EndSourceLine, f.EndColumn)
}

func characters(line string, column int) int {
	if column < 1 || column > len(line) {
		return column
	}
	return utf8.RuneCountInString(line[:column-1]) + 1
}
