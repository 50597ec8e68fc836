// Package stdlib holds the modules that are written in Lua and come with the
// binary.
package stdlib

import (
	"embed"
	"io/fs"
	"slices"
	"strings"
)

//go:embed *.lua connector/*.lua connectors/*.lua connectors/*/*.lua tables/*.lua
var files embed.FS

// Source returns the text of a module, and whether there is one of that name.
func Source(name string) ([]byte, bool) {
	if strings.Contains(name, "/") {
		return nil, false
	}
	text, err := files.ReadFile(strings.ReplaceAll(name, ".", "/") + ".lua")
	return text, err == nil
}

// Names returns the modules' names in alphabetical order.
func Names() []string {
	var list []string
	for _, pattern := range []string{"*.lua", "*/*.lua", "*/*/*.lua"} {
		found, err := fs.Glob(files, pattern)
		if err != nil {
			return nil
		}
		for _, file := range found {
			list = append(list, strings.ReplaceAll(strings.TrimSuffix(file, ".lua"), "/", "."))
		}
	}
	slices.Sort(list)
	return list
}
