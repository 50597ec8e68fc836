package credential

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/sourcefile"
)

// longest is how long a token may be, with what is around it.
const longest = 64 << 10

// firstLine returns the first line of a text, without what is around it.
func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimLeft(strings.TrimPrefix(text, "\ufeff"), "\r\n"), "\n")
	return strings.TrimSpace(line)
}

// readFile reads a token from a file, unless others can read or replace it.
func (f *Finder) readFile(name string, handedOver bool) (string, error) {
	// systemd decides who sees its files, with access lists that look like permissions.
	if err := f.Trust.Token(name); err != nil && !handedOver {
		return "", err
	}
	text, err := sourcefile.Head(name, longest)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", unavailable(name, "the file with the token does not exist", "create it, and write the token to its first line")
	case err != nil:
		return "", unavailable(name, "the token cannot be read: "+plain(err).Error(), "")
	}
	if token := firstLine(string(text)); token != "" {
		return token, nil
	}
	return "", unavailable(name, "the file should hold the token, but it is empty", "write the token to its first line")
}

func plain(err error) error {
	if failed, ok := errors.AsType[*fs.PathError](err); ok {
		return failed.Err
	}
	return err
}

// handedOver is what systemd hands to a service in a folder for it alone.
func (f *Finder) handedOver(t Token, suffix string) (Source, error) {
	dir, _ := f.Getenv(directoryVariable)
	if dir == "" {
		return Source{}, nil
	}
	name := filepath.Join(dir, strings.ToLower(t.Variable)+suffix)
	if _, err := os.Stat(name); err != nil {
		return Source{}, nil //nolint:nilerr // it is optional
	}
	return Source{File: name, handedOver: true, Origin: config.Origin{Kind: config.FromFile, Name: name}}, nil
}
