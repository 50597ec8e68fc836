package report

import (
	"encoding/xml"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/phscript/phscript/runtime/internal/display"
)

// The report keeps to what the schemas of Apache Ant (windyroad) and of Jenkins
// (junit-10) have in common: testsuites and testcase have no further attributes,
// and the output is one text for each suite.
type (
	junitReport struct {
		XMLName xml.Name     `xml:"testsuites"`
		Suites  []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name       string      `xml:"name,attr"`
		Package    string      `xml:"package,attr"`
		ID         int         `xml:"id,attr"`
		Tests      int         `xml:"tests,attr"`
		Failures   int         `xml:"failures,attr"`
		Errors     int         `xml:"errors,attr"`
		Skipped    int         `xml:"skipped,attr"`
		Time       string      `xml:"time,attr"`
		Timestamp  string      `xml:"timestamp,attr"`
		Hostname   string      `xml:"hostname,attr"`
		Properties struct{}    `xml:"properties"`
		Cases      []junitCase `xml:"testcase"`
		Output     string      `xml:"system-out"`
		Errput     string      `xml:"system-err"`
	}
	junitCase struct {
		Name      string        `xml:"name,attr"`
		ClassName string        `xml:"classname,attr"`
		Time      string        `xml:"time,attr"`
		Skipped   *junitMessage `xml:"skipped"`
		Failure   *junitMessage `xml:"failure"`
		Error     *junitMessage `xml:"error"`
	}
	junitMessage struct {
		Message string `xml:"message,attr,omitempty"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
)

// localhost is what the schemas want where the name of the machine tells nothing.
const localhost = "localhost"

// JUnit returns a report as XML for continuous integration. A failed expectation
// is a failure, any other error an error.
func JUnit(r *Report, started time.Time) (string, error) {
	out := junitReport{}
	for i, f := range r.Files {
		class := junitClass(f)
		s := junitSuite{
			Name: display.OneLine(f.Name), Package: class, ID: i, Time: seconds(f.Duration),
			Timestamp: started.UTC().Format("2006-01-02T15:04:05"), Hostname: localhost,
		}
		for _, t := range f.all() {
			c := junitOf(f, t)
			s.Cases = append(s.Cases, c)
			s.Tests++
			s.Failures += count(c.Failure)
			s.Errors += count(c.Error)
			s.Skipped += count(c.Skipped)
			if t.Output != "" {
				s.Output += t.FullName() + "\n" + indented(display.Text(t.Output), "  ")
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

// junitClass is a file's name as that of a class. Readers take a dot for the end of a
// package's name.
func junitClass(f *File) string {
	return strings.ReplaceAll(strings.TrimSuffix(display.OneLine(f.Name), ".lua"), "/", ".")
}

func count(m *junitMessage) int {
	if m == nil {
		return 0
	}
	return 1
}

func junitOf(f *File, t *Test) junitCase {
	c := junitCase{Name: t.FullName(), ClassName: junitClass(f), Time: seconds(t.Duration)}
	switch t.Status {
	case Skipped:
		c.Skipped = &junitMessage{Message: t.Reason}
	case Failed:
		m := &junitMessage{Message: messageText(t.Err), Type: "error", Text: "\n" + display.Text(details(t)) + "\n"}
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
