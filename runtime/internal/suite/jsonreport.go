package suite

import (
	"encoding/json"
	"io"
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
		Name    string     `json:"name"`
		Seconds float64    `json:"seconds"`
		Error   *jsonError `json:"error,omitempty"`
		Output  string     `json:"output,omitempty"`
		Tests   []jsonTest `json:"tests"`
	}
	jsonTest struct {
		Name    string     `json:"name"`
		Groups  []string   `json:"groups"`
		Line    int        `json:"line,omitempty"`
		Status  Status     `json:"status"`
		Reason  string     `json:"reason,omitempty"`
		Seconds float64    `json:"seconds"`
		Error   *jsonError `json:"error,omitempty"`
		Output  string     `json:"output,omitempty"`
	}
	jsonError struct {
		Message  string `json:"message"`
		At       string `json:"at"`
		Expected string `json:"expected,omitempty"`
		Got      string `json:"got,omitempty"`
		Details  string `json:"details"`
	}
)

// JSON writes a report as one JSON object.
func JSON(w io.Writer, r *Report) error {
	out := jsonReport{Seconds: r.Duration.Seconds(), Files: []jsonFile{}}
	out.Passed, out.Failed, out.Skipped = r.Counts()
	for _, f := range r.Files {
		file := jsonFile{Name: f.Name, Seconds: f.Duration.Seconds(), Output: f.Output, Tests: []jsonTest{}}
		if f.Err != nil {
			file.Error = jsonErrorOf(f, &Test{Err: f.Err})
		}
		for _, t := range f.Tests {
			one := jsonTest{
				Name: t.Name, Groups: append([]string{}, t.Groups...), Line: t.Line, Status: t.Status, Reason: t.Reason,
				Seconds: t.Duration.Seconds(), Output: t.Output,
			}
			if t.Err != nil {
				one.Error = jsonErrorOf(f, t)
			}
			file.Tests = append(file.Tests, one)
		}
		out.Files = append(out.Files, file)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}

func jsonErrorOf(f *File, t *Test) *jsonError {
	e := &jsonError{Message: messageText(t.Err), At: place(f, t), Details: details(t.Err)}
	if x, ok := asType[*Expectation](t.Err); ok {
		e.Expected, e.Got = x.Expected, x.Got
	}
	return e
}
