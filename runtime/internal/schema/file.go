package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/phscript/phscript/runtime/internal/sourcefile"
)

// FileName is the file's name, beside phscript.toml.
const FileName = "planhat.schema.json"

// Life is the age from which a schema is worth pulling again.
const Life = 30 * 24 * time.Hour

// format is what the file says about itself. It has no version of the program, and no
// time, so that the same tenant gives the same file.
const format = "phscript schema 1"

// Begins is how each file begins.
const Begins = "{\n\"format\": \"phscript schema "

// again is what to do about a schema that is out of date.
const again = "run 'phscript schema pull'"

// Error is a file that cannot be used.
type Error struct{ Path, Message, Hint string }

func (e *Error) Error() string { return e.Path + ": " + e.Message }

// ErrorHint says what to do about it.
func (e *Error) ErrorHint() string { return e.Hint }

// ExitCode is that of a wrong setting.
func (e *Error) ExitCode() int { return 2 }

// File is a schema and where it comes from.
type File struct {
	*Schema
	Path string
	// Pulled is when the file was written.
	Pulled time.Time
}

// Load reads a file. It returns nil without an error if there is none.
func Load(path string) (*File, error) {
	text, err := sourcefile.Read(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, &Error{Path: path, Message: "the schema cannot be read: " + err.Error()}
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, &Error{Path: path, Message: "the schema cannot be read: " + err.Error()}
	}
	s, err := Parse(text)
	if err != nil {
		return nil, &Error{Path: path, Message: err.Error(), Hint: again + ", which replaces it"}
	}
	return &File{Schema: s, Path: path, Pulled: info.ModTime()}, nil
}

// Known returns the schema, or nil if there is no file.
func (f *File) Known() *Schema {
	if f == nil {
		return nil
	}
	return f.Schema
}

// Age is how old the file is, in whole days.
func (f *File) Age(now time.Time) int { return max(0, int(now.Sub(f.Pulled)/(24*time.Hour))) }

// Old says that the file is worth pulling again, or returns "".
func (f *File) Old(now time.Time) string {
	if f == nil || now.Sub(f.Pulled) <= Life {
		return ""
	}
	return fmt.Sprintf("%s is %d days old; %s to read the tenant's custom fields again", filepath.Base(f.Path), f.Age(now), again)
}

// written is the form of the file.
type written struct {
	Format    string   `json:"format"`
	Tenant    Tenant   `json:"tenant"`
	Fields    []Field  `json:"custom_fields"`
	Phases    []string `json:"phases"`
	Users     []User   `json:"users"`
	Workflows []string `json:"workflows"`
}

// Parse reads the text of a file.
func Parse(text []byte) (*Schema, error) {
	var w written
	err := json.Unmarshal(text, &w)
	var syntax *json.SyntaxError
	switch {
	case bytes.Contains(text, []byte("\n<<<<<<< ")):
		return nil, errors.New("the file holds an unresolved merge conflict")
	case errors.As(err, &syntax):
		return nil, fmt.Errorf("line %d: the file is not valid JSON: %w", 1+bytes.Count(text[:min(int(syntax.Offset), len(text))], []byte("\n")), err)
	case err != nil:
		return nil, fmt.Errorf("the file is not a schema: %w", err)
	case w.Format != format:
		return nil, fmt.Errorf("the file is not a schema of this version of phscript: \"format\" must be %q, not %q", format, w.Format)
	}
	s := &Schema{Tenant: w.Tenant, Fields: w.Fields, Phases: w.Phases, Users: w.Users, Workflows: w.Workflows}
	s.Sort()
	return s, nil
}

// Format returns the text of a file: sorted, with one line for each item.
func (s *Schema) Format() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "{\n\"format\": %q,\n\"tenant\": %s", format, line(s.Tenant))
	list(&b, "custom_fields", s.Fields)
	list(&b, "phases", s.Phases)
	list(&b, "users", s.Users)
	list(&b, "workflows", s.Workflows)
	b.WriteString("\n}\n")
	return b.Bytes()
}

func list[T any](b *bytes.Buffer, name string, items []T) {
	fmt.Fprintf(b, ",\n%q: [", name)
	for i, item := range items {
		if i > 0 {
			b.WriteString(",")
		}
		b.WriteString("\n  " + line(item))
	}
	if len(items) > 0 {
		b.WriteString("\n")
	}
	b.WriteString("]")
}

// line writes a value in one line, with its letters as they are.
func line(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err) // it holds texts only
	}
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}
