package snapshot

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/planhat/simulator"
)

// Mark is the file that tells a snapshot from other folders.
const Mark = "snapshot.toml"

// markVersion is the version of the file.
const markVersion = 1

// Marked is what the file says. It has no times, and nothing that tells whose tenant it is.
type Marked struct {
	Version    int  `toml:"version"`
	Anonymized bool `toml:"anonymized"`
	// Key tells keys apart, and nothing about the key.
	Key     string         `toml:"key,omitempty"`
	Kept    []string       `toml:"kept,omitempty"`
	Records map[string]int `toml:"records"`
}

// ErrOther is the error for a folder that holds something else.
var ErrOther = errors.New("the folder is not empty, and is not a snapshot")

// Look returns what a folder's mark says, nil for a folder that is missing or empty. It
// returns an error that matches ErrOther for a folder that holds anything else, also beside
// a snapshot.
func Look(folder string) (*Marked, error) {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(folder, Mark))
	if err != nil {
		return nil, fmt.Errorf("%w: it has no file %s", ErrOther, Mark)
	}
	var m Marked
	if err := toml.Unmarshal(text, &m); err != nil || m.Version != markVersion {
		return nil, fmt.Errorf("%w that this phscript knows: see its file %s", ErrOther, Mark)
	}
	for _, e := range entries {
		model, isLines := strings.CutSuffix(e.Name(), ".jsonl")
		_, listed := m.Records[model]
		if own := e.Name() == Mark || isLines && listed; !own {
			return nil, fmt.Errorf("%w only: it also has %s", ErrOther, e.Name())
		}
	}
	return &m, nil
}

// write writes the mark into a folder.
func (m *Marked) write(folder string) error {
	m.Version = markVersion
	slices.Sort(m.Kept)
	text := bytes.NewBufferString("# Written by phscript snapshot, which replaces this folder as a whole when it is taken again.\n")
	encoder := toml.NewEncoder(text)
	encoder.Indent = ""
	if err := encoder.Encode(m); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, Mark), text.Bytes(), 0o600)
}

// Draft is a folder in the making, beside the one that it replaces.
type Draft struct{ target, Folder string }

// draftSuffix ends the names of drafts, with random characters for the star.
const draftSuffix = ".phscript-*.tmp"

// abandoned is after how long without a change a draft is one that a killed process left.
const abandoned = 24 * time.Hour

// clear removes the drafts of processes that were killed. It leaves what it cannot remove.
func clear(dir, pattern string) {
	drafts, _ := filepath.Glob(filepath.Join(dir, pattern))
	for _, d := range drafts {
		var last time.Time
		_ = filepath.WalkDir(d, func(_ string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := entry.Info()
			if err == nil && info.ModTime().After(last) {
				last = info.ModTime()
			}
			return err
		})
		if !last.IsZero() && time.Since(last) > abandoned {
			_ = os.RemoveAll(d)
		}
	}
}

// Begin makes a draft of a folder.
func Begin(target string) (*Draft, error) {
	if resolved, err := filepath.EvalSymlinks(target); err == nil {
		target = resolved
	}
	name := "." + filepath.Base(target) + draftSuffix
	clear(filepath.Dir(target), name)
	folder, err := os.MkdirTemp(filepath.Dir(target), name)
	if err != nil {
		return nil, err
	}
	return &Draft{target, folder}, nil
}

// Abandon removes the draft, unless it has taken its place.
func (d *Draft) Abandon() error { return os.RemoveAll(d.Folder) }

// Finish puts the draft, with its mark, in the place of the folder. Whoever opens the folder
// finds the old snapshot or the new one, and never a part. Only owners read it if private.
func (d *Draft) Finish(m *Marked, private bool) error {
	if err := m.write(d.Folder); err != nil {
		return err
	}
	if !private {
		if err := d.share(); err != nil {
			return err
		}
	}
	if _, err := Look(d.target); err != nil {
		return err // somebody has put something there meanwhile
	}
	old := d.Folder + ".old"
	err := os.Rename(d.target, old)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	replaced := err == nil
	if err := os.Rename(d.Folder, d.target); err != nil {
		if replaced {
			err = errors.Join(err, os.Rename(old, d.target))
		}
		return err
	}
	if replaced {
		return os.RemoveAll(old)
	}
	return nil
}

// share lets others read the folder, as the umask of files that people commit would.
func (d *Draft) share() error {
	entries, err := os.ReadDir(d.Folder)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := os.Chmod(filepath.Join(d.Folder, e.Name()), 0o644); err != nil {
			return err
		}
	}
	return os.Chmod(d.Folder, 0o755)
}

// mostTried is how many bytes Try reads at most.
const mostTried = 64 << 20

// Try loads a folder as fixtures, unless that would take much memory, and returns what is
// wrong with it.
func Try(folder string, models []*catalog.Model) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	var size int64
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			size += info.Size()
		}
	}
	if size > mostTried {
		return nil
	}
	_, err = simulator.New(simulator.Options{FixturesDir: folder, Models: models})
	return err
}
