package plan

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	ignore "github.com/sabhiram/go-gitignore"

	"github.com/phscript/phscript/runtime/internal/command/environment"
)

// WarnTracked warns of a plan in a git work tree that git does not ignore.
func WarnTracked(env *environment.Env, name string) {
	path := env.Path(name)
	if root := worktree(path); root != "" && !ignored(root, path) {
		fmt.Fprintf(env.Stderr, "warning: %s holds records of your customers, and git does not ignore it; add it to .gitignore\n", name)
	}
}

// worktree returns the folder of the git work tree that a file is in, or "".
func worktree(path string) string {
	for dir := filepath.Dir(path); ; {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			return ""
		}
		dir = up
	}
}

// ignored reports whether git ignores a file of a work tree, as far as the tree's own files
// say.
func ignored(root, path string) bool {
	matches := func(base, list string) bool {
		rel, err := filepath.Rel(base, path)
		if err != nil {
			return false
		}
		patterns, err := ignore.CompileIgnoreFile(list)
		return err == nil && patterns.MatchesPath(filepath.ToSlash(rel))
	}
	if matches(root, filepath.Join(root, ".git", "info", "exclude")) {
		return true
	}
	for dir := filepath.Dir(path); strings.HasPrefix(dir, root); dir = filepath.Dir(dir) {
		if matches(dir, filepath.Join(dir, ".gitignore")) {
			return true
		}
		if dir == root {
			break
		}
	}
	return false
}
