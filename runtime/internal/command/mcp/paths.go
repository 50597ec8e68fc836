package mcp

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// places are folders whose names answers leave out: the assistant knows neither where the
// project is nor the workspaces.
type places struct{ below, itself *regexp.Regexp }

// placesOf returns the project's folder and the workspaces.
func placesOf(project string) places {
	separator := string(filepath.Separator)
	var names []string
	add := func(folder, ending string) {
		for _, name := range []string{folder, real(folder)} {
			if name = strings.TrimRight(name, separator); name != "" || ending != "" {
				names = append(names, regexp.QuoteMeta(name)+ending)
			}
		}
	}
	add(os.TempDir(), regexp.QuoteMeta(separator+temporary)+`\d+`)
	add(project, "")
	// The name of a longer path that has it in its middle is another one.
	folder := `(^|[^-\w./\\])(?:` + strings.Join(names, "|") + ")"
	return places{
		below:  regexp.MustCompile(folder + regexp.QuoteMeta(separator) + `([^\s"'\x60,;:)])`),
		itself: regexp.MustCompile(folder + regexp.QuoteMeta(separator) + `?([^-\w]|$)`),
	}
}

// real follows the links of a folder's name.
func real(folder string) string {
	if name, err := filepath.EvalSymlinks(folder); err == nil {
		return name
	}
	return folder
}

// relative makes paths relative.
func (p places) relative(text string) string {
	return p.itself.ReplaceAllString(p.below.ReplaceAllString(text, "$1$2"), "$1.$2")
}
