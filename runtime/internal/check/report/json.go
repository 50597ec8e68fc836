package report

import (
	"encoding/json"
	"io"
)

// jsonReport is a report for machines. Fields are added to it, but none is
// renamed or removed as long as the version stays.
type jsonReport struct {
	Version  int           `json:"version"`
	Files    int           `json:"files"`
	Errors   int           `json:"errors"`
	Warnings int           `json:"warnings"`
	Findings []jsonFinding `json:"findings"`
}

type jsonFinding struct {
	Rule      string   `json:"rule"`
	Severity  Severity `json:"severity"`
	File      string   `json:"file"`
	Line      int      `json:"line"`
	Column    int      `json:"column"`
	EndLine   int      `json:"end_line"`
	EndColumn int      `json:"end_column"`
	Message   string   `json:"message"`
	Hint      string   `json:"hint,omitempty"`
	// Also are the other lines with the same cause.
	Also []int `json:"also_on_lines,omitempty"`
}

// WriteJSON writes the report as one JSON object. Columns count characters from
// 1; end_column is the last one.
func (r *Report) WriteJSON(w io.Writer) error {
	out := jsonReport{Version: 1, Files: r.Files, Errors: r.Count(Error), Warnings: r.Count(Warning), Findings: []jsonFinding{}}
	for i := range r.Findings {
		f := &r.Findings[i]
		column, end := f.Characters()
		out.Findings = append(out.Findings, jsonFinding{
			Rule: f.Rule, Severity: f.Severity, File: f.File, Line: f.Line, Column: column,
			EndLine: f.EndLine, EndColumn: end, Message: f.Message, Hint: f.Hint, Also: f.OtherLines(),
		})
	}
	return writeJSON(w, out)
}

func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
