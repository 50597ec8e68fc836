// Package stdlib holds the modules that are written in Lua and come with the
// binary.
package stdlib

import (
	"embed"
	"io/fs"
	"path"
	"slices"
	"strings"
)

//go:embed *.lua
var files embed.FS

// Source returns the text of a module, and whether there is one of that name.
func Source(name string) ([]byte, bool) {
	text, err := files.ReadFile(name + ".lua")
	return text, err == nil
}

// Names returns the modules' names in alphabetical order.
func Names() []string {
	list, err := fs.Glob(files, "*.lua")
	if err != nil {
		return nil
	}
	for i, file := range list {
		list[i] = strings.TrimSuffix(path.Base(file), ".lua")
	}
	slices.Sort(list)
	return list
}
