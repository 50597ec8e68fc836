// Package trust decides which files, folders and addresses a run may rely on: files
// that nobody else can change, hosts that a token may be sent to, and files that
// scripts must not read.
package trust

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/phscript/phscript/runtime/internal/fault"
	"github.com/phscript/phscript/runtime/internal/sourcefile"
)

// Variable is the environment variable that lists files and folders to trust,
// separated as in PATH. A listed folder includes everything in it.
const Variable = "PHSCRIPT_TRUST"

// Rules say whose files are trusted: those of root and of the user, unless others can
// write to them. The group of a file may write if it is the owner's or the user's own
// group: it has the same name, or where names are unknown, the same number.
type Rules struct {
	// User is the user's id. Invoker is the id of the user who called sudo, whose
	// files root trusts, too; -1 if there is none.
	User, Invoker int
	// Listed are absolute paths that are trusted, with everything in them.
	Listed []string
	// Owner returns the ids of a file's owner and group. ok is false if the system
	// has no such ids; files are then trusted.
	Owner func(fs.FileInfo) (user, group int, ok bool)
}

// Current returns the rules for the user of this process. getenv looks up an
// environment variable.
func Current(getenv func(string) (string, bool)) Rules {
	r := Rules{User: os.Geteuid(), Invoker: -1, Owner: owner}
	if text, _ := getenv("SUDO_UID"); r.User == 0 {
		if id, err := strconv.Atoi(text); err == nil {
			r.Invoker = id
		}
	}
	list, _ := getenv(Variable)
	r.Listed = slices.DeleteFunc(filepath.SplitList(list), func(name string) bool { return !filepath.IsAbs(name) })
	return r
}

// Error is the error for a file that is not trusted.
type Error struct{ Message, Hint string }

func (e *Error) Error() string { return e.Message }

// ErrorHint says what to do about it.
func (e *Error) ErrorHint() string { return e.Hint }

// ExitCode returns fault.ExitUsage.
func (e *Error) ExitCode() int { return fault.ExitUsage }

// kind is what a file is for: what an error calls it, what to check before trusting
// it, and what the user can do instead, to follow that.
type kind struct{ noun, look, other string }

var (
	settings = kind{"", "read it first: it decides where your token goes and what scripts may do", ""}
	store    = kind{"the store's ", "whoever can change it can change your schedules and their history", "; or use another store with --state or PHSCRIPT_STATE"}
	link     = kind{"the link ", "check where it leads: scripts write files there", ""}
)

// ReadFile reads a configuration file. It returns an *Error if the file is not
// trusted.
func (r Rules) ReadFile(name string) (content []byte, err error) {
	if info, err := os.Lstat(name); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		if err := r.check(name, info, settings); err != nil {
			return nil, err
		}
	}
	f, info, err := sourcefile.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := r.check(name, info, settings); err != nil {
		return nil, err
	}
	return sourcefile.All(f)
}

// Store returns an *Error if the file of a SQLite store, its folder, or one of the
// files that SQLite reads with it is not trusted. They may be missing.
func (r Rules) Store(name string) error {
	err := r.existing(filepath.Dir(name), kind{"the folder ", store.look, store.other})
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		if err == nil {
			err = r.existing(name+suffix, kind{store.noun + "file ", store.look, store.other})
		}
	}
	return err
}

// Kept returns an *Error if a file in which phscript keeps something for its user, or
// its folder, is not trusted. They may be missing.
func (r Rules) Kept(name string) error {
	const look = "whoever can change it can read or replace what phscript keeps there"
	if err := r.existing(filepath.Dir(name), kind{"the folder ", look, ""}); err != nil {
		return err
	}
	return r.existing(name, kind{"", look, ""})
}

// Link returns an *Error if a folder that scripts write to is a link, and the link or
// the folder that it leads to is not trusted.
func (r Rules) Link(name string) error {
	if info, err := os.Lstat(name); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		return nil //nolint:nilerr // whoever opens it reports that
	}
	return r.existing(name, link)
}

// Scheduled returns an *Error if a file that runs on a schedule, or a folder between it and
// dir, is not trusted. Of files outside dir, it does not check the folders.
func (r Rules) Scheduled(dir, name string) error {
	return r.code(dir, name, "read it first: it would run on a schedule")
}

// Connector is like Scheduled for a file that gets the credentials of another system.
func (r Rules) Connector(dir, name string) error {
	return r.code(dir, name, "read it first: it would get the credentials that you enter")
}

func (r Rules) code(dir, name, look string) error {
	if err := r.existing(name, kind{"", look, ""}); err != nil {
		return err
	}
	for folder := filepath.Dir(name); inside(dir, folder); folder = filepath.Dir(folder) {
		if err := r.existing(folder, kind{"the folder ", "whoever can change it can replace the scripts in it", ""}); err != nil {
			return err
		}
		if folder == filepath.Dir(folder) {
			break
		}
	}
	return nil
}

// Exposed reports whether every user of the system can read a file with a token, and
// says what to do about it.
func (r Rules) Exposed(name string) (advice string, exposed bool) {
	info, err := os.Stat(name)
	if err != nil {
		return "", false
	}
	id, _, ok := r.Owner(info)
	if !ok || !info.Mode().IsRegular() || info.Mode()&0o004 == 0 {
		return "", false
	}
	if id != r.User {
		return "put the token into an environment variable instead", true
	}
	return "run: chmod o-r " + quoted(name), true
}

// existing checks a file and, if it is a link, what it leads to.
func (r Rules) existing(name string, k kind) error {
	info, err := os.Lstat(name)
	if err != nil {
		return nil //nolint:nilerr // whoever opens it reports that
	}
	if err := r.check(name, info, k); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		return err
	}
	target := resolved(name)
	if info, err = os.Stat(target); err != nil {
		return nil //nolint:nilerr // as above
	}
	k.noun = "the target of " + k.noun + name + ", "
	return r.check(target, info, k)
}

func (r Rules) check(name string, info fs.FileInfo, k kind) error {
	id, group, ok := r.Owner(info)
	if !ok {
		return nil
	}
	mode := info.Mode()
	var message, repair string
	switch {
	case id != 0 && id != r.User && id != r.Invoker:
		message = fmt.Sprintf("%s%s belongs to %s, not to you (%s)", k.noun, name, userName(id), userName(r.User))
		repair = "if you trust " + userName(id)
	case !mode.IsRegular() && !mode.IsDir() || mode.IsDir() && mode&fs.ModeSticky != 0:
		return nil // its permissions say nothing about what it holds
	case mode&0o002 != 0:
		message = fmt.Sprintf("every user can change %s%s (mode %04o)", k.noun, name, mode.Perm())
		repair = "to keep others from changing it, run: chmod go-w " + quoted(name) + "; if that has no effect, or if you trust every user of this machine"
	case mode&0o020 != 0 && group != 0 && !r.private(group, id):
		message = fmt.Sprintf("the group %s can change %s%s (mode %04o)", groupName(group), k.noun, name, mode.Perm())
		repair = "to keep the group from changing it, run: chmod g-w " + quoted(name) + "; or, if you trust everybody in the group"
	default:
		return nil
	}
	if r.lists(name, mode&fs.ModeSymlink != 0) {
		return nil
	}
	value := quoted(name)
	if len(r.Listed) > 0 {
		value = `"$` + Variable + `"` + string(filepath.ListSeparator) + value
	}
	return &Error{Message: message, Hint: k.look + "; " + repair + ", run: export " + Variable + "=" + value + k.other}
}

// lists reports whether a file, or a folder that it is in, is listed. Where a link
// leads does not count for the link itself.
func (r Rules) lists(name string, isLink bool) bool {
	paths := []string{name, filepath.Join(resolved(filepath.Dir(name)), filepath.Base(name))}
	if !isLink {
		paths = append(paths, resolved(name))
	}
	for _, entry := range r.Listed {
		for _, folder := range []string{filepath.Clean(entry), resolved(entry)} {
			if slices.ContainsFunc(paths, func(path string) bool { return inside(folder, path) }) {
				return true
			}
		}
	}
	return false
}

func inside(folder, path string) bool {
	rel, err := filepath.Rel(folder, path)
	return err == nil && filepath.IsLocal(rel)
}

func resolved(name string) string {
	if real, err := filepath.EvalSymlinks(name); err == nil {
		return real
	}
	return filepath.Clean(name)
}

// private reports whether a group is the owner's or the user's own.
func (r Rules) private(group, owner int) bool {
	found, err := user.LookupGroupId(strconv.Itoa(group))
	return slices.ContainsFunc([]int{owner, r.User}, func(id int) bool {
		if err != nil {
			return id == group
		}
		who, err := user.LookupId(strconv.Itoa(id))
		return err == nil && who.Username == found.Name
	})
}

func userName(id int) string {
	if who, err := user.LookupId(strconv.Itoa(id)); err == nil {
		return fmt.Sprintf("%s, uid %d", who.Username, id)
	}
	return fmt.Sprintf("uid %d", id)
}

func groupName(id int) string {
	if group, err := user.LookupGroupId(strconv.Itoa(id)); err == nil {
		return group.Name
	}
	return strconv.Itoa(id)
}

// quoted returns a path as a word of a shell.
func quoted(path string) string {
	if strings.Trim(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+@:") == "" {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
