package trust

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// secretFolders are where systems hand secrets to one service or container, with
// permissions of their own.
var secretFolders = []string{"/run/secrets/", "/run/credentials/", "/var/run/secrets/"}

// Token returns an *Error if other users can read or replace a file with a token. The file
// may be missing.
func (r Rules) Token(name string) error {
	clean := filepath.ToSlash(filepath.Clean(name))
	if slices.ContainsFunc(secretFolders, func(folder string) bool { return strings.HasPrefix(clean, folder) }) {
		return nil
	}
	if err := r.existing(name, kind{"", "whoever can change it decides whose token is used", ""}); err != nil {
		return err
	}
	info, err := os.Stat(name)
	if err != nil {
		return nil //nolint:nilerr // whoever opens it reports that
	}
	owner, _, ok := r.Owner(info)
	mode := info.Mode().Perm()
	// Root gives a service a secret by a group that may read it.
	byRoot := owner == 0 && r.User != 0 && mode&0o077 == 0o040
	if !ok || !info.Mode().IsRegular() || mode&0o077 == 0 || byRoot {
		return nil
	}
	return &Error{
		Message: fmt.Sprintf("%s holds a token, and other users of this machine can use it (mode %04o)", name, mode),
		Hint:    "run: chmod 600 " + quoted(name),
	}
}
