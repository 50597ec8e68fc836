package suite

import (
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

type (
	junitReport struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Skipped  int          `xml:"skipped,attr"`
		Time     string       `xml:"time,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		XMLName   xml.Name    `xml:"testsuite"`
		Name      string      `xml:"name,attr"`
		Tests     int         `xml:"tests,attr"`
		Failures  int         `xml:"failures,attr"`
		Errors    int         `xml:"errors,attr"`
		Skipped   int         `xml:"skipped,attr"`
		Time      string      `xml:"time,attr"`
		Timestamp string      `xml:"timestamp,attr"`
		Cases     []junitCase `xml:"testcase"`
	}
	junitCase struct {
		XMLName   xml.Name      `xml:"testcase"`
		Name      string        `xml:"name,attr"`
		ClassName string        `xml:"classname,attr"`
		File      string        `xml:"file,attr"`
		Line      int           `xml:"line,attr,omitempty"`
		Time      string        `xml:"time,attr"`
		Skipped   *junitMessage `xml:"skipped"`
		Failure   *junitMessage `xml:"failure"`
		Error     *junitMessage `xml:"error"`
		Output    string        `xml:"system-out,omitempty"`
	}
	junitMessage struct {
		Message string `xml:"message,attr,omitempty"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
)

// JUnit writes a report as XML for continuous integration. A failed expectation
// is a failure, any other error an error.
func JUnit(w io.Writer, r *Report, started time.Time) error {
	out := junitReport{Name: "phscript test", Time: seconds(r.Duration)}
	for _, f := range r.Files {
		s := junitSuite{Name: f.Name, Time: seconds(f.Duration), Timestamp: started.UTC().Format("2006-01-02T15:04:05")}
		for _, t := range f.Tests {
			s.Cases = append(s.Cases, junitOf(f, t))
		}
		if f.Err != nil {
			s.Cases = append(s.Cases, junitOf(f, &Test{Name: f.problem(), Status: Failed, Err: f.Err, Output: f.Output}))
		}
		for _, c := range s.Cases {
			s.Tests++
			s.Failures += count(c.Failure)
			s.Errors += count(c.Error)
			s.Skipped += count(c.Skipped)
		}
		out.Tests, out.Failures, out.Errors, out.Skipped = out.Tests+s.Tests, out.Failures+s.Failures, out.Errors+s.Errors, out.Skipped+s.Skipped
		out.Suites = append(out.Suites, s)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(out); err != nil {
		return fmt.Errorf("cannot write the JUnit report: %w", err)
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func count(m *junitMessage) int {
	if m == nil {
		return 0
	}
	return 1
}

func junitOf(f *File, t *Test) junitCase {
	// Readers take a dot for the end of a package's name.
	class := strings.ReplaceAll(strings.TrimSuffix(f.Name, ".lua"), "/", ".")
	c := junitCase{Name: t.FullName(), ClassName: class, File: f.Name, Line: t.Line, Time: seconds(t.Duration), Output: t.Output}
	switch t.Status {
	case Skipped:
		c.Skipped = &junitMessage{Message: t.Reason}
	case Failed:
		m := &junitMessage{Message: messageText(t.Err), Type: "error", Text: "\n" + details(t.Err) + "\n"}
		if _, ok := asType[*Expectation](t.Err); ok {
			m.Type, c.Failure = "expectation", m
		} else if _, ok := asType[*luaUnitError](t.Err); ok {
			m.Type, c.Failure = "assertion", m
		} else {
			c.Error = m
		}
	}
	return c
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 3, 64) }
