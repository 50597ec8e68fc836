package runtime

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"

	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/pattern"
)

// ModuleVersion is which version of a file a run used.
type ModuleVersion struct {
	// File is the file as require found it, SHA256 the hash of its text, in hex.
	File   string `json:"file"`
	SHA256 string `json:"sha256"`
}

// moduleFiles are the files of a run's modules.
type moduleFiles struct {
	// kept are the texts that were read at the start of the run, by file.
	kept map[string][]byte
	// used are the hashes of those that were required.
	used map[string]string
}

// versions lists the files that were required.
func (m *moduleFiles) versions() (list []ModuleVersion) {
	for _, file := range slices.Sorted(maps.Keys(m.used)) {
		list = append(list, ModuleVersion{file, m.used[file]})
	}
	return list
}

// readModule reads the file of a module: as it was at the start of the run if it was
// read then.
func (r *run) readModule(file string) ([]byte, error) {
	text, kept := r.moduleFiles.kept[file]
	var err error
	if !kept {
		text, _, err = r.box.ReadFile(file)
	}
	if err != nil || r.opts.AllowFile == nil {
		return text, err
	}
	if err = r.opts.AllowFile(file); err != nil {
		compile.Faults(r.L).Note(err.Error(), err)
	}
	return text, err
}

func (r *run) noteModule(file string, text []byte) {
	if r.moduleFiles.used == nil {
		r.moduleFiles.used = map[string]string{}
	}
	sum := sha256.Sum256(text)
	r.moduleFiles.used[file] = hex.EncodeToString(sum[:])
	if r.given.Required != nil {
		r.given.Required(ModuleVersion{file, r.moduleFiles.used[file]})
	}
}

// mostKept is how many bytes of modules are kept. Modules beyond are read when they are
// required.
const mostKept = 16 << 20

var requires = pattern.Lazy(`\brequire\s*\(?\s*["']([^"'\s]+)["']`)

// required returns the modules that a text requires by a name in quotes. It leaves out what
// follows -- on a line, but finds names in long comments; their modules are read but not
// used.
func required(text []byte) (names []string) {
	for _, at := range requires().FindAllSubmatchIndex(text, -1) {
		if line := text[bytes.LastIndexByte(text[:at[0]], '\n')+1 : at[0]]; !bytes.Contains(line, []byte("--")) {
			names = append(names, string(text[at[2]:at[3]]))
		}
	}
	return names
}

// keepModules reads what the script requires, and what that requires, so that the run
// does not mix versions if the files are replaced meanwhile. What it does not find, such
// as a computed name, and what the script can write itself are read when they are
// required.
func (r *run) keepModules() {
	r.moduleFiles.kept = map[string][]byte{}
	waiting, seen := [][]byte{r.script.Source}, map[string]bool{}
	for sum := 0; len(waiting) > 0 && r.ctx.Err() == nil; {
		text := waiting[0]
		waiting = waiting[1:]
		for _, name := range required(text) {
			if seen[name] || !isModuleName(name) || len(name) > longestName {
				continue
			}
			seen[name] = true
			if text, _, file, _, err := r.findModule(name); err == nil && file != "" && !r.box.Writes(file) {
				if sum += len(text); sum > mostKept {
					return
				}
				r.moduleFiles.kept[file] = text
				waiting = append(waiting, text)
			}
		}
	}
}
