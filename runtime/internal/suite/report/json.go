package report

import (
	"bytes"
	"encoding/json"
)

type (
	jsonReport struct {
		Passed  int        `json:"passed"`
		Failed  int        `json:"failed"`
		Skipped int        `json:"skipped"`
		Seconds float64    `json:"seconds"`
		Files   []jsonFile `json:"files"`
	}
	jsonFile struct {
		*File
		Seconds float64    `json:"seconds"`
		Error   *jsonError `json:"error,omitempty"`
		Tests   []jsonTest `json:"tests"`
	}
	jsonTest struct {
		*Test
		Groups  []string   `json:"groups"`
		Seconds float64    `json:"seconds"`
		Error   *jsonError `json:"error,omitempty"`
	}
	jsonError struct {
		Message  string `json:"message"`
		At       string `json:"at"`
		Expected string `json:"expected,omitempty"`
		Got      string `json:"got,omitempty"`
		Details  string `json:"details"`
	}
)

// JSON returns a report as one JSON object.
func JSON(r *Report) (string, error) {
	out := jsonReport{Seconds: r.Duration.Seconds(), Files: []jsonFile{}}
	out.Passed, out.Failed, out.Skipped = r.Counts()
	for _, f := range r.Files {
		file := jsonFile{File: f, Seconds: f.Duration.Seconds(), Error: jsonErrorOf(f, &Test{Err: f.Err}), Tests: []jsonTest{}}
		for _, t := range f.Tests {
			file.Tests = append(file.Tests, jsonTest{t, append([]string{}, t.Groups...), t.Duration.Seconds(), jsonErrorOf(f, t)})
		}
		out.Files = append(out.Files, file)
	}
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(out)
	return text.String(), err
}

func jsonErrorOf(f *File, t *Test) *jsonError {
	if t.Err == nil {
		return nil
	}
	e := &jsonError{Message: messageText(t.Err), At: place(f, t), Details: details(t)}
	if x := expectation(t.Err); x != nil {
		e.Expected, e.Got = x.Expected, x.Got
	}
	return e
}
