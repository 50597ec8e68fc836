// Package recording keeps the HTTP requests of a run and their responses in a file, and
// answers the requests of later runs from it.
//
// What is secret is replaced before anything reaches the disk, so a recording is kept in
// memory until the run has ended and all its secrets are known. Requests are compared in
// that form.
package recording

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/runtime/internal/sourcefile"
	"github.com/phscript/phscript/runtime/internal/unfinished"
)

// Begins is how every recording begins.
const Begins = `{"recording":`

// version is the version of the format.
const version = 1

// Header is the first line of a recording.
type Header struct {
	Version int `json:"recording"`
	// Script is the name of the script.
	Script string `json:"script,omitzero"`
	// APIURL and AnalyticsURL are the hosts of Planhat.
	APIURL       string `json:"api_url,omitzero"`
	AnalyticsURL string `json:"analytics_url,omitzero"`
	// Start is when the run started, and Took how many seconds it took.
	Start time.Time `json:"start,omitzero"`
	Took  float64   `json:"took,omitzero"`
	// Key is the fingerprint of the key that replaced data about people, "" if none was.
	Key string `json:"anonymized_with,omitzero"`
}

// Exchange is a request and what came of it: a response, or a failure.
type Exchange struct {
	Request  Request   `json:"request"`
	Response *Response `json:"response,omitzero"`
	Failure  string    `json:"failure,omitzero"`
}

// Request is a request, without headers except for the type of its body.
type Request struct {
	Method string `json:"method"`
	URL    string `json:"url"`
	Body
}

// Response is a response.
type Response struct {
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers,omitzero"`
	Body
}

// Body is a body in the most readable form that keeps it whole.
type Body struct {
	Type   string              `json:"type,omitzero"`
	JSON   jsontext.Value      `json:"json,omitzero"`
	Form   map[string][]string `json:"form,omitzero"`
	Text   string              `json:"text,omitzero"`
	Base64 []byte              `json:"base64,omitzero"`
}

// File is a whole recording.
type File struct {
	Header    Header
	Exchanges []*Exchange
}

// longestLine is how long a line may be, and largest how large a file.
const (
	longestLine = 256 << 20
	largest     = 512 << 20
)

// Read reads a recording. It refuses pipes and devices without waiting for them.
func Read(path string) (*File, error) {
	f, info, err := sourcefile.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	if info.Size() > largest {
		return nil, fmt.Errorf("it is larger than %s", humanize.IBytes(largest))
	}
	return decode(f)
}

func decode(from io.Reader) (*File, error) {
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, longestLine)
	out := &File{}
	number := 1
	for ; lines.Scan(); number++ {
		line := bytes.TrimSpace(lines.Bytes())
		switch {
		case number == 1:
			if err := json.Unmarshal(line, &out.Header); err != nil || !bytes.HasPrefix(line, []byte(Begins)) {
				return nil, fmt.Errorf("it is not a recording: its first line does not begin with %s", Begins)
			}
			if out.Header.Version != version {
				return nil, fmt.Errorf("it has version %d, and this phscript knows version %d", out.Header.Version, version)
			}
		case len(line) > 0:
			x := &Exchange{}
			if err := json.Unmarshal(line, x, json.RejectUnknownMembers(true)); err != nil {
				return nil, fmt.Errorf("line %d: %w", number, err)
			}
			if x.Request.Method == "" || x.Request.URL == "" || x.Response == nil && x.Failure == "" {
				return nil, fmt.Errorf("line %d has no request with a method and a url, or no response", number)
			}
			out.Exchanges = append(out.Exchanges, x)
		}
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return nil, fmt.Errorf("line %d is longer than %s", number, humanize.IBytes(longestLine))
	} else if err != nil {
		return nil, err
	}
	if out.Header.Version == 0 {
		return nil, errors.New("it is empty")
	}
	return out, nil
}

func (f *File) encode() ([]byte, error) {
	f.Header.Version = version
	out, err := json.Marshal(f.Header)
	for _, x := range f.Exchanges {
		if err != nil {
			break
		}
		var line []byte
		line, err = json.Marshal(x, json.Deterministic(true), jsontext.EscapeForHTML(false))
		out = append(append(out, '\n'), line...)
	}
	return append(out, '\n'), err
}

// Write masks the recording and writes it, as a whole. It fails, and leaves no file, if a
// secret is in the text all the same.
func (f *File) Write(path string, m *Masks) error {
	m.apply(f)
	text, err := f.encode()
	if err != nil {
		return err
	}
	if err := m.scan(text); err != nil {
		return err
	}
	permission := os.FileMode(0o600)
	if info, err := os.Stat(path); err == nil {
		permission = info.Mode().Perm()
	}
	if err := unfinished.Replace(path, permission, func(to *os.File) error {
		_, err := to.Write(text)
		return err
	}); err != nil {
		return err
	}
	written, err := os.ReadFile(path)
	if err == nil {
		err = m.scan(written)
	}
	if err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}
