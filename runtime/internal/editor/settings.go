package editor

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/tailscale/hujson"

	"github.com/phscript/phscript/runtime/internal/pattern"
	"github.com/phscript/phscript/runtime/internal/sourcefile"
	"github.com/phscript/phscript/runtime/internal/unfinished"
)

// The settings files, and the settings added to them.
const (
	luaSettingsFile = ".luarc.json"
	recommendations = ".vscode/extensions.json"

	luaSchema    = "https://raw.githubusercontent.com/LuaLS/vscode-lua/master/setting/schema.json"
	luaVersion   = "Lua 5.1"
	luaExtension = "sumneko.lua"

	versionSetting = "runtime.version"
	librarySetting = "workspace.library"
)

// SettingsError says that one of the user's settings files cannot be changed.
type SettingsError struct {
	Path string
	Err  error
}

func (e *SettingsError) Error() string { return "cannot add to " + e.Path + ": " + e.Err.Error() }

func (e *SettingsError) Unwrap() error { return e.Err }

// ErrorHint says what to do.
func (e *SettingsError) ErrorHint() string {
	return "nothing was changed; fix " + e.Path + ", or move it away, and try again"
}

// luaSettings plans the settings of lua-language-server: the version of Lua and
// the folder of the definitions.
func (p *Plan) luaSettings() error {
	name := luaSettingsFile
	if _, err := os.Stat(p.path(name + "c")); err == nil {
		if _, err := os.Stat(p.path(name)); errors.Is(err, fs.ErrNotExist) {
			name += "c" // the server reads both
		}
	}
	empty := fmt.Sprintf("{\n  \"$schema\": %s\n}\n", literal(luaSchema))
	return p.settings(name, empty, func(d *document) ([]string, error) {
		var changed []string
		switch v := d.find(versionSetting); {
		case v == nil:
			if err := d.set(versionSetting, luaVersion); err != nil {
				return nil, err
			}
			changed = append(changed, versionSetting)
		case textOf(v) != luaVersion:
			p.add(Leave, name, fmt.Sprintf("%s is %s, but phscript uses %s", versionSetting, strings.TrimSpace(string(v.Pack())), luaVersion), nil)
		}
		added, err := p.library(d)
		if added {
			changed = append(changed, librarySetting)
		}
		return changed, err
	})
}

// ourTypes matches the folder of any version's definitions.
var ourTypes = pattern.Lazy(`^(?:\./)?` + regexp.QuoteMeta(typesDir) + `/[^/]+/?$`)

// library adds the folder of the definitions to the settings, or replaces that
// of an older version.
func (p *Plan) library(d *document) (changed bool, err error) {
	v := d.find(librarySetting)
	if v == nil {
		return true, d.set(librarySetting, []string{p.types()})
	}
	var entries []*hujson.Value
	item := literal(p.types())
	switch list := v.Value.(type) {
	case *hujson.Array:
		for i := range list.Elements {
			entries = append(entries, &list.Elements[i])
		}
	case *hujson.Object: // an older form: folders with true or false
		item += ": true"
		for i := range list.Members {
			entries = append(entries, &list.Members[i].Name)
		}
	default:
		return false, fmt.Errorf("%s is not a list of folders", librarySetting)
	}
	folder := func(entry *hujson.Value) string {
		return strings.TrimSuffix(strings.TrimPrefix(textOf(entry), "./"), "/")
	}
	if slices.ContainsFunc(entries, func(entry *hujson.Value) bool { return folder(entry) == p.types() }) {
		return false, nil
	}
	for _, entry := range entries {
		if ourTypes().MatchString(textOf(entry)) {
			return true, d.splice(entry.StartOffset, entry.EndOffset, literal(p.types()))
		}
	}
	return true, d.insert(v, item)
}

// recommendation plans that VS Code recommends the Lua extension, unless the
// user has declined it.
func (p *Plan) recommendation() error {
	return p.settings(recommendations, "{}\n", func(d *document) ([]string, error) {
		if listed(d.find("unwantedRecommendations")) {
			p.add(Leave, recommendations, luaExtension+" is declined", nil)
			return nil, nil
		}
		v := d.find("recommendations")
		switch {
		case v == nil:
			return []string{luaExtension}, d.set("recommendations", []string{luaExtension})
		case listed(v):
			return nil, nil
		}
		if _, ok := v.Value.(*hujson.Array); !ok {
			return nil, errors.New("recommendations is not a list")
		}
		return []string{luaExtension}, d.insert(v, literal(luaExtension))
	})
}

// listed reports whether a list names the Lua extension.
func listed(v *hujson.Value) bool {
	if v == nil {
		return false
	}
	list, ok := v.Value.(*hujson.Array)
	return ok && slices.ContainsFunc(list.Elements, func(e hujson.Value) bool { return strings.EqualFold(textOf(&e), luaExtension) })
}

// settings plans a change of a settings file. edit makes it and returns what it
// adds. A file that is empty or missing starts as the given text.
func (p *Plan) settings(name, empty string, edit func(*document) (added []string, err error)) error {
	before, err := sourcefile.Read(p.path(name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return &SettingsError{name, err}
	}
	text := before
	if len(bytes.TrimSpace(before)) == 0 {
		text = []byte(empty)
	}
	d, err := parseDocument(text)
	if err != nil {
		return &SettingsError{name, err}
	}
	steps := len(p.Steps)
	added, err := edit(d)
	switch {
	case err != nil:
		return &SettingsError{name, err}
	case len(added) == 0 && len(p.Steps) == steps:
		p.add(Keep, name, "", nil)
	case len(added) == 0:
	case before == nil:
		p.add(Create, name, "", func() error { return writeFile(p.path(name), d.text) })
	default:
		p.add(Add, name, strings.Join(added, ", "), func() error { return writeFile(p.path(name), d.text) })
	}
	return nil
}

// writeFile replaces a file atomically. It keeps a link and an existing file's
// permissions.
func writeFile(name string, text []byte) error {
	if target, err := filepath.EvalSymlinks(name); err == nil {
		name = target
	}
	mode := fs.FileMode(0o644)
	if info, err := os.Stat(name); err == nil {
		mode = info.Mode().Perm()
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return unfinished.Replace(name, mode, func(f *os.File) error {
		_, err := f.Write(text)
		return err
	})
}
