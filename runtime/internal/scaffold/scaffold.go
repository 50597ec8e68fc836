// Package scaffold has the files that new projects and scripts begin with, and writes
// them without replacing any.
package scaffold

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
)

//go:embed templates
var templates embed.FS

// Templates are the names of the templates for scripts, in the order in which they are shown.
var Templates = []string{"import", "sync", "report", "connector", "webhook", "test"}

// File is a file to be written. Its name has slashes and is relative to the folder of the
// others.
type File struct{ Name, Text string }

// text returns a template with its placeholders replaced.
func text(name string, values map[string]string) string {
	data, err := templates.ReadFile("templates/" + name)
	if err != nil {
		panic(err) // it is part of the program
	}
	var pairs []string
	for key, value := range values {
		pairs = append(pairs, "{{"+key+"}}", value)
	}
	return strings.NewReplacer(pairs...).Replace(string(data))
}

// Project returns the files of a new project. phscript.toml, which marks a project, is the
// last.
func Project() []File {
	return []File{
		{".gitignore", text("project/gitignore", nil)},
		{"lib/words.lua", text("project/words.lua", nil)},
		{"unowned.lua", text("project/unowned.lua", nil)},
		{"unowned_test.lua", text("project/unowned_test.lua", nil)},
		{"phscript.toml", text("project/phscript.toml", nil)},
	}
}

// IsExample reports whether a file of a project is part of its example.
func IsExample(name string) bool { return strings.HasSuffix(name, ".lua") }

// Ignored are the lines that a project's .gitignore needs.
func Ignored() (lines []string) {
	for line := range strings.Lines(text("project/gitignore", nil)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	return lines
}

// Script returns the files of a script from a template other than "test". The name is that
// of the script without .lua.
func Script(template, name string) ([]File, error) {
	base := path.Base(name)
	values := map[string]string{"script": base + ".lua", "base": base}
	if template != "connector" {
		files := []File{{name + ".lua", text(template+".lua", values)}, {name + "_test.lua", text(template+"_test.lua", values)}}
		if template == "webhook" {
			files = append(files, File{name + "_event.json", text("webhook_event.json", values)})
		}
		return files, nil
	}
	if strings.Trim(base, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" || base[0] >= '0' && base[0] <= '9' {
		return nil, fmt.Errorf("%q cannot be the name of a connector: it can have lowercase letters, digits and _, and begins with a letter", base)
	}
	values["ident"] = base
	if slices.Contains(reserved, base) {
		values["ident"] = base + "_"
	}
	values["name"] = base
	values["host"] = strings.Trim(strings.ReplaceAll(base, "_", "-"), "-")
	values["title"] = strings.ReplaceAll(strings.ToUpper(base[:1])+base[1:], "_", " ")
	values["VARIABLE"] = strings.ToUpper(base) + "_TOKEN"
	values["script"] = base + "_sync.lua"
	return []File{
		{name + ".lua", text("connector.lua", values)},
		{name + "_sync.lua", text("connector_sync.lua", values)},
		{name + "_sync_test.lua", text("connector_sync_test.lua", values)},
	}, nil
}

// reserved are names that the script of a connector cannot use for its variable.
var reserved = []string{
	"and", "break", "do", "else", "elseif", "end", "false", "for", "function", "if", "in", "local", "nil", "not", "or",
	"repeat", "return", "then", "true", "until", "while",
	"http", "run", "expect", "simulator",
}

// Test returns the test of a script that exists, with what is inside.
func Test(name, body string) File {
	return File{name + "_test.lua", text("test_test.lua", map[string]string{"script": path.Base(name) + ".lua", "body": strings.TrimRight(body, "\n")})}
}

// Named reports what is wrong with the name of a script, or returns nil.
func Named(name string) error {
	base := path.Base(name)
	switch {
	case base == "." || base == "" || strings.HasSuffix(name, "/"):
		return errors.New("the name of the script is missing")
	case strings.HasSuffix(base, "_test"):
		return fmt.Errorf("%s.lua would be a test; name the script that it tests", base)
	case strings.HasPrefix(base, ".") || strings.HasPrefix(base, "-"):
		return fmt.Errorf("the name of a script cannot begin with %q", base[:1])
	case strings.ContainsFunc(base, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_-. ", r)
	}):
		return fmt.Errorf("%q cannot be the name of a script: use letters, digits, - and _", base)
	}
	return nil
}

// Existing returns those of the files that are in a folder already, even as a link that leads
// nowhere.
func Existing(dir string, files []File) (names []string) {
	for _, f := range files {
		if _, err := os.Lstat(filepath.Join(dir, filepath.FromSlash(f.Name))); err == nil {
			names = append(names, f.Name)
		}
	}
	return names
}

// Write writes files into a folder, which it creates. It replaces none: if one exists, or
// cannot be written, it removes what it has written and returns an error. The folders
// that it creates stay.
func Write(dir string, files []File) (err error) {
	var written []string
	defer func() {
		if err != nil {
			for _, name := range written {
				_ = os.Remove(name)
			}
		}
	}()
	for _, f := range files {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("%s already exists", f.Name)
		}
		if err != nil {
			return err
		}
		written = append(written, name)
		_, err = file.WriteString(f.Text)
		if err = errors.Join(err, file.Close()); err != nil {
			return err
		}
	}
	return nil
}
