package mcp

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/schema"
)

// workspace is a temporary folder that has what the project has, and the files of a call in
// place of the project's. What scripts write there is deleted with it.
type workspace struct {
	dir, project string
	// bytes and entries are how much can still be copied. What is more is linked.
	bytes, entries int64
	// settings are those of the project.
	settings config.Config
	// sources says that it has no files but Lua and the schema.
	sources bool
	// variables are the environment variables with tokens of live plans.
	variables []string
}

// Limits of the files of a call.
const (
	mostFiles = 50
	mostText  = 2 << 20
)

// Limits of what is copied of a project. Scripts that run can read links into the project,
// and tests only what is copied.
const (
	copiedFile    = 1 << 20
	copiedBytes   = 32 << 20
	copiedEntries = 2_000
)

// temporary begins the names of workspaces.
const temporary = "phscript-mcp-"

// open makes a workspace, whose settings and limits are given.
func (s *server) open(given workspace, files map[string]string) (w *workspace, err error) {
	project, err := filepath.EvalSymlinks(s.dir)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", temporary)
	if err != nil {
		return nil, err
	}
	w = &given
	w.project, w.bytes, w.entries = project, copiedBytes, copiedEntries
	if w.dir, err = filepath.EvalSymlinks(dir); err == nil {
		err = w.fill(files)
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return w, nil
}

func (w *workspace) close() error { return os.RemoveAll(w.dir) }

// fill writes the files of a call, and copies or links everything else.
func (w *workspace) fill(files map[string]string) error {
	if len(files) > mostFiles {
		return fmt.Errorf("files has %d files, and can have %d", len(files), mostFiles)
	}
	total := 0
	for name, text := range files {
		local := filepath.FromSlash(name)
		if total += len(text); total > mostText {
			return fmt.Errorf("files has more than %d bytes of text; save large files in the project", mostText)
		}
		if !filepath.IsLocal(local) || private(local) {
			return fmt.Errorf("%q cannot be the name of a file: use one relative to the project, such as import.lua", name)
		}
		local = filepath.Clean(local)
		if err := write(filepath.Join(w.dir, local), text); err != nil {
			return errors.New("cannot use the file " + name + ": another of files has its name or folder")
		}
	}
	return w.take(".")
}

func write(file, text string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// private reports whether scripts cannot have a file: settings, hidden ones, and the folder
// that they write to.
func private(local string) bool {
	parts := strings.Split(filepath.ToSlash(filepath.Clean(local)), "/")
	return parts[0] == config.FileName || parts[0] == outDir ||
		slices.ContainsFunc(parts, func(part string) bool { return strings.HasPrefix(part, ".") })
}

// take copies the entries of a folder of the project that the workspace does not have.
func (w *workspace) take(folder string) error {
	entries, err := os.ReadDir(filepath.Join(w.project, folder))
	if err != nil {
		return err
	}
	for _, entry := range entries {
		name := filepath.Join(folder, entry.Name())
		target := filepath.Join(w.dir, name)
		there, err := os.Lstat(target)
		switch {
		case private(name), w.isSecret(name):
		case w.sources && !entry.IsDir() && filepath.Ext(name) != ".lua" && name != schema.FileName:
		case err == nil && (!there.IsDir() || !entry.IsDir()): // a file of the call
		case entry.IsDir() && (err == nil || w.entries > 0):
			w.entries--
			if err := os.MkdirAll(target, 0o700); err != nil {
				return err
			}
			if err := w.take(name); err != nil && !errors.Is(err, fs.ErrPermission) {
				return err
			}
		default:
			if err := w.file(name, target, entry); err != nil {
				return err
			}
		}
	}
	return nil
}

// isSecret reports whether a file of the project holds a token.
func (w *workspace) isSecret(name string) bool {
	info, err := os.Stat(filepath.Join(w.project, name))
	return err == nil && slices.ContainsFunc(w.settings.TokenFiles(), func(file string) bool {
		other, err := os.Stat(file)
		return err == nil && os.SameFile(info, other)
	})
}

// file copies a file, or links it if it is large or not a regular one. A file that cannot be
// read is left out.
func (w *workspace) file(name, target string, entry fs.DirEntry) error {
	from := filepath.Join(w.project, name)
	info, err := entry.Info()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() || info.Size() > copiedFile || info.Size() > w.bytes || w.entries <= 0 {
		_ = os.Symlink(from, target) // a system without links leaves it out
		return nil
	}
	text, err := os.ReadFile(from)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return nil
	}
	if err != nil {
		return err
	}
	w.entries--
	w.bytes -= info.Size()
	return os.WriteFile(target, text, 0o600)
}

// local returns the name of a file of the workspace, or an error for one outside.
func (w *workspace) local(name string) (string, error) {
	local := filepath.FromSlash(name)
	if rel, err := filepath.Rel(w.project, local); filepath.IsAbs(local) && err == nil {
		local = rel
	}
	if !filepath.IsLocal(local) || private(local) {
		return "", fmt.Errorf("%s is not a file of the project", name)
	}
	local = filepath.Clean(local)
	if _, err := os.Stat(filepath.Join(w.dir, local)); err != nil {
		return "", fmt.Errorf("there is no file %s in the project, and none in files", name)
	}
	return local, nil
}

// shownFiles and shownText bound what is returned of the files that a script wrote.
const (
	shownFiles = 10
	shownText  = 4_000
)

// written describes the files that a script wrote to the folder out.
func (w *workspace) written() string {
	var b strings.Builder
	n := 0
	_ = filepath.WalkDir(filepath.Join(w.dir, outDir), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return nil
		}
		if n++; n > shownFiles {
			return nil
		}
		name, _ := filepath.Rel(w.dir, path)
		f, err := os.Open(path)
		if err != nil {
			return nil
		}
		defer func() { _ = f.Close() }()
		text, _ := io.ReadAll(io.LimitReader(f, shownText+1))
		size := int64(len(text))
		if info, err := entry.Info(); err == nil {
			size = info.Size()
		}
		fmt.Fprintf(&b, "\nfile %s (%d bytes):\n%s\n", filepath.ToSlash(name), size, readable(text, shownText))
		return nil
	})
	if n > shownFiles {
		fmt.Fprintf(&b, "\nand %d more files\n", n-shownFiles)
	}
	return b.String()
}
