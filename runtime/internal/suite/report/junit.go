package report

import (
	"encoding/xml"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

type (
	junitReport struct {
		XMLName xml.Name `xml:"testsuites"`
		junitCounts
		Suites []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		XMLName xml.Name `xml:"testsuite"`
		junitCounts
		Timestamp string      `xml:"timestamp,attr"`
		Cases     []junitCase `xml:"testcase"`
	}
	junitCounts struct {
		Name     string `xml:"name,attr"`
		Tests    int    `xml:"tests,attr"`
		Failures int    `xml:"failures,attr"`
		Errors   int    `xml:"errors,attr"`
		Skipped  int    `xml:"skipped,attr"`
		Time     string `xml:"time,attr"`
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

// JUnit returns a report as XML for continuous integration. A failed expectation
// is a failure, any other error an error.
func JUnit(r *Report, started time.Time) (string, error) {
	out := junitReport{junitCounts: junitCounts{Name: "phscript test", Time: seconds(r.Duration)}}
	for _, f := range r.Files {
		s := junitSuite{junitCounts: junitCounts{Name: f.Name, Time: seconds(f.Duration)}, Timestamp: started.UTC().Format("2006-01-02T15:04:05")}
		for _, t := range f.all() {
			c := junitOf(f, t)
			s.Cases = append(s.Cases, c)
			for _, counts := range []*junitCounts{&s.junitCounts, &out.junitCounts} {
				counts.Tests++
				counts.Failures += count(c.Failure)
				counts.Errors += count(c.Error)
				counts.Skipped += count(c.Skipped)
			}
		}
		out.Suites = append(out.Suites, s)
	}
	text, err := xml.MarshalIndent(out, "", "  ")
	if err != nil {
		return "", fmt.Errorf("cannot write the JUnit report: %w", err)
	}
	return xml.Header + string(text) + "\n", nil
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
		if expectation(t.Err) != nil {
			m.Type, c.Failure = "expectation", m
		} else if _, ok := errors.AsType[Assertion](t.Err); ok {
			m.Type, c.Failure = "assertion", m
		} else {
			c.Error = m
		}
	}
	return c
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 3, 64) }
