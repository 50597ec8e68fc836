package bindings

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings/internal/invalid"
	"github.com/phscript/phscript/bindings/internal/textfile"
)

const fileErrors = "With kind `io` when the file cannot be accessed, and with kind `permission` when the run may not access it. The message names the file and the hint says what to do."

var fileName = Param{Name: "name", Type: "string", File: true, Doc: "The file's name. A relative name starts at the working folder."}

// FS returns the module fs: files and folders within the sandbox.
func FS() *Module {
	return &Module{
		Name: "fs",
		Doc: "Reads and writes files and folders within the sandbox. Scripts may read below the script's folder and the working folder, " +
			"and write below the working folder's `out` and the folders that `--allow-write=DIR` names. Use `/` in names on every system.",
		Funcs: slices.Concat(fsContents(), fsEntries(), fsChanges(), fsNames()),
		Records: []*Shape{
			{Name: "FileInfo", Doc: "What `fs.stat` returns about a file or folder.", Fields: []Field{
				{Name: "name", Type: "string", Doc: "The name without its folder."},
				{Name: "size", Type: "integer", Doc: "The size in bytes."},
				{Name: "modified", Type: "number", Doc: "When it was last changed, in seconds since 1970."},
				{Name: "is_dir", Type: "boolean", Doc: "Whether it is a folder."},
			}},
			{Name: "FsWriteOptions", Doc: "How `fs.write` writes.", Fields: fsWriteOptions},
			{Name: "FsListOptions", Doc: "What `fs.list` lists.", Fields: fsListOptions},
		},
	}
}

var (
	fsWriteOptions = []Field{{Name: "append", Type: "boolean", Doc: "Add to the end of the file instead of replacing it. Default: false."}}
	fsListOptions  = []Field{{Name: "pattern", Type: "string", Doc: "Which names to list: `*` matches any text, `?` one character, and `[a-z]` one of several. Default: all.", Text: refusedNames}}
)

// fsContents are the functions for file contents.
func fsContents() []*Func {
	return []*Func{
		{
			Name:    "read",
			Doc:     "Returns the contents of a file, unchanged. For large files, use `fs.lines`, `csv.rows` or `json.rows`, which hold one part at a time.",
			Params:  []Param{fileName},
			Returns: []Return{{Type: "string", Doc: "The contents."}},
			Errors:  fileErrors,
			Example: `local text = fs.read("notes.txt")`,
			Call: func(a *Args) (int, error) {
				src, err := openSource(a, a.String(0))
				if err != nil {
					return 0, err
				}
				defer src.done()
				text, err := src.all()
				if err != nil {
					return 0, err
				}
				return a.give(lua.LString(text), nil)
			},
		},
		{
			Name: "write",
			Doc:  "Writes text to a file. Its folder must exist. Unless you append, the file is replaced only once everything is written, so a run that ends early leaves no partial file.",
			Params: []Param{fileName,
				{Name: "text", Type: "string", Doc: "The text to write. A number is written as text."},
				{Name: "options", Type: "FsWriteOptions", Optional: true, Doc: "How to write.", Fields: fsWriteOptions}},
			Errors:  fileErrors,
			Example: `fs.write("report.txt", "3 companies\n", { append = true })`,
			Call: func(a *Args) (int, error) {
				to, err := openTarget(a, a.String(0), a.Options(2).Bool("append"))
				if err != nil {
					return 0, err
				}
				_, err = io.WriteString(to, a.String(1))
				return 0, to.finish(to.fail(err))
			},
		},
		{
			Name:    "lines",
			Doc:     "Returns an iterator over the lines of a file, without their line ends (LF or CRLF). It holds one line at a time, so large files are fine. Byte order marks at the start are skipped; UTF-16 with a byte order mark and files compressed by gzip are read as text.",
			Params:  []Param{fileName},
			Returns: []Return{{Type: "fun(): string?, integer?", Doc: "An iterator for `for line, number in ...`; the number counts from 1."}},
			Errors:  fileErrors,
			Example: `for line, number in fs.lines("usage.log") do print(number, line) end`,
			Call: func(a *Args) (int, error) {
				src, err := openSource(a, a.String(0))
				if err != nil {
					return 0, err
				}
				r, err := textfile.Open(src.name, src, textfile.Options{})
				if err != nil {
					src.done()
					return 0, src.fail(err)
				}
				number := 0
				return a.Push(src.iterator(a, func(*lua.LState) (lua.LValue, int, error) {
					line, err := r.Line()
					if errors.Is(err, textfile.ErrLongLine) {
						err = invalid.Errorf("look at the file: its lines should end with a line feed", "%s, line %d: %v", src.name, number+1, err)
					}
					if err != nil {
						return nil, 0, err
					}
					number++
					return lua.LString(strings.TrimSuffix(strings.TrimSuffix(string(line), "\n"), "\r")), number, nil
				}))
			},
		},
	}
}

// fsEntries are the functions that look at files without opening them.
func fsEntries() []*Func {
	return []*Func{
		{
			Name:    "exists",
			Doc:     "Reports whether a file or folder exists.",
			Params:  []Param{fileName},
			Returns: []Return{{Type: "boolean", Doc: "Whether it exists."}},
			Errors:  "With kind `permission` when the name is outside the sandbox.",
			Example: `if not fs.exists("accounts.csv") then error("no export today") end`,
			Call: func(a *Args) (int, error) {
				_, err := a.Host.Files.Stat(a.String(0))
				if errors.Is(err, fs.ErrNotExist) {
					return a.Push(lua.LFalse)
				}
				return a.give(lua.LTrue, FileError(a.Host.Files, "access", a.String(0), err))
			},
		},
		{
			Name:    "stat",
			Doc:     "Returns the size, modification time and type of a file or folder.",
			Params:  []Param{fileName},
			Returns: []Return{{Type: "FileInfo", Doc: "Its name, size and modification time, and whether it is a folder."}},
			Errors:  fileErrors,
			Example: `print(fs.stat("accounts.csv").size)`,
			Call: func(a *Args) (int, error) {
				info, err := a.Host.Files.Stat(a.String(0))
				if err != nil {
					return 0, FileError(a.Host.Files, "access", a.String(0), err)
				}
				t := a.L.CreateTable(0, 4)
				t.RawSetString("name", lua.LString(info.Name()))
				t.RawSetString("size", lua.LNumber(info.Size()))
				t.RawSetString("modified", secondsValue(info.ModTime()))
				t.RawSetString("is_dir", lua.LBool(info.IsDir()))
				return a.Push(t)
			},
		},
		{
			Name: "list",
			Doc:  "Returns the names of the files and folders in a folder, in alphabetical order. The contents of inner folders are not listed.",
			Params: []Param{
				{Name: "dir", Type: "string", Optional: true, File: true, Doc: "The folder. Default: the working folder."},
				{Name: "options", Type: "FsListOptions", Optional: true, Doc: "What to list.", Fields: fsListOptions}},
			Returns: []Return{{Type: "string[]", Doc: "The names, without the folder."}},
			Errors:  fileErrors,
			Example: `for _, name in ipairs(fs.list("exports", { pattern = "*.csv" })) do print(name) end`,
			Call:    fsList,
		},
	}
}

func refusedNames(pattern string) error {
	if _, err := path.Match(pattern, ""); err != nil {
		return fmt.Errorf("invalid pattern %q: check the brackets", pattern)
	}
	return nil
}

func fsList(a *Args) (int, error) {
	dir, pattern := ".", a.Options(1).String("pattern")
	if a.Given(0) {
		dir = a.String(0)
	}
	if err := refusedNames(pattern); err != nil {
		return 0, a.Errorf("%w", err)
	}
	entries, err := a.Host.Files.ReadDir(dir)
	if err != nil {
		return 0, FileError(a.Host.Files, "list", dir, err)
	}
	var names []string
	for _, e := range entries {
		if matched, _ := path.Match(pattern, e.Name()); matched || pattern == "" {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return a.Push(stringList(a.L, names))
}

// stringList returns texts as a Lua list.
func stringList(L *lua.LState, texts []string) *lua.LTable {
	t := L.CreateTable(len(texts), 0)
	for _, s := range texts {
		t.Append(lua.LString(s))
	}
	return t
}

// fsChanges are the functions that change folders.
func fsChanges() []*Func {
	return []*Func{
		{
			Name:    "mkdir",
			Doc:     "Creates a folder and any missing parent folders. Does nothing if the folder exists.",
			Params:  []Param{{Name: "dir", Type: "string", File: true, Doc: "The folder."}},
			Errors:  fileErrors,
			Example: `fs.mkdir("reports/2024")`,
			Call:    onEntry("create the folder", func(a *Args, name string) error { return a.Host.Files.MkdirAll(name) }),
		},
		{
			Name:    "remove",
			Doc:     "Deletes a file or an empty folder.",
			Params:  []Param{fileName},
			Errors:  fileErrors,
			Example: `if fs.exists("old.csv") then fs.remove("old.csv") end`,
			Call:    onEntry("remove", func(a *Args, name string) error { return a.Host.Files.Remove(name) }),
		},
		{
			Name: "rename",
			Doc:  "Renames or moves a file or folder. An existing file with the new name is replaced.",
			Params: []Param{
				{Name: "from", Type: "string", File: true, Doc: "The current name."},
				{Name: "to", Type: "string", File: true, Doc: "The new name."}},
			Errors:  fileErrors,
			Example: `fs.rename("accounts.csv", "done/accounts.csv")`,
			Call:    onEntry("rename", func(a *Args, name string) error { return a.Host.Files.Rename(name, a.String(1)) }),
		},
	}
}

// onEntry makes a function that changes the file or folder of its first argument.
func onEntry(op string, change func(a *Args, name string) error) func(a *Args) (int, error) {
	return func(a *Args) (int, error) { return 0, FileError(a.Host.Files, op, a.String(0), change(a, a.String(0))) }
}

// fsNames are the functions that work on names alone.
func fsNames() []*Func {
	onName := func(name, doc, example string, cut func(string) string) *Func {
		return &Func{
			Name: name, Doc: doc,
			Params:  []Param{{Name: "name", Type: "string", File: true, Doc: "A file's name. The file does not have to exist."}},
			Returns: []Return{{Type: "string", Doc: "The part of the name."}},
			Example: example,
			Call:    func(a *Args) (int, error) { return a.Push(lua.LString(cut(filepath.ToSlash(a.String(0))))) },
		}
	}
	return []*Func{
		{
			Name:     "join",
			Doc:      "Joins parts of a name with `/` and cleans up the result: `.` and `..` are resolved, and empty parts are left out.",
			Params:   []Param{{Name: "parts", Type: "string", Doc: "The parts."}},
			Variadic: true,
			Returns:  []Return{{Type: "string", Doc: "The name."}},
			Errors:   "When a part is not a string.",
			Example:  `local name = fs.join("reports", "2024", "january.csv")`,
			Call: func(a *Args) (int, error) {
				parts := make([]string, a.Len())
				for i := range parts {
					if !lua.LVCanConvToString(a.Get(i)) {
						return 0, a.Errorf("argument %d must be a string, not %s", i+1, describeValue(a.Get(i)))
					}
					parts[i] = filepath.ToSlash(a.String(i))
				}
				return a.Push(lua.LString(path.Join(parts...)))
			},
		},
		onName("basename", "Returns the last part of a name.", `print(fs.basename("exports/a.csv")) --> a.csv`, path.Base),
		onName("dirname", "Returns a name without its last part, or `.` if there is only one.", `print(fs.dirname("exports/a.csv")) --> exports`, path.Dir),
		onName("ext", "Returns a name's extension with its dot, or an empty string.", `print(fs.ext("exports/a.csv")) --> .csv`, path.Ext),
	}
}
