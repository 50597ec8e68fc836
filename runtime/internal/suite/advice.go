package suite

import (
	"path/filepath"
	"strings"

	"github.com/phscript/phscript/runtime/internal/pattern"
)

// Flags of phscript run that errors name, which phscript test does not have.
var (
	envFlag   = pattern.Lazy(`run with --allow-env=(\S+)`)
	readFlag  = pattern.Lazy(`run with --allow-read=\S+`)
	writeFlag = pattern.Lazy(`run with --allow-write=(\S+)`)
	paramFlag = pattern.Lazy(`give it a value: .* or --param ([^=\s]+)=(\S+)`)
	eventFlag = pattern.Lazy(`put the body of an event into a file, and run it with --event FILE`)
	heapFlag  = pattern.Lazy(`, or allow more \(--max-memory on the command line\)`)
)

// inTests rewords what an error proposes for tests, in which options of run_script take the
// place of flags. dir is the working folder of the script, "" for code of the test itself.
func inTests(text, dir string) string {
	text = envFlag().ReplaceAllString(text, `pass env = { ["$1"] = "..." } to run_script`)
	text = readFlag().ReplaceAllString(text, `pass its text to run_script: files = { ["NAME"] = "..." }`)
	text = writeFlag().ReplaceAllStringFunc(text, func(flag string) string {
		folder := writeFlag().FindStringSubmatch(flag)[1]
		if rel, err := filepath.Rel(dir, folder); dir != "" && err == nil && filepath.IsLocal(rel) {
			return `pass allow_write = { "` + filepath.ToSlash(rel) + `" } to run_script`
		}
		return "write below the folder out"
	})
	text = paramFlag().ReplaceAllString(text, `give it a value in run_script: params = { ["$1"] = "..." }`)
	text = eventFlag().ReplaceAllString(text, `pass the body of an event to run_script: event = { ... }`)
	text = heapFlag().ReplaceAllString(text, "")
	if dir != "" {
		// The name of the working folder tells nothing, and differs each time.
		text = strings.ReplaceAll(text, dir+string(filepath.Separator), "")
	}
	return text
}

// reword rewords the message and the hint of an error for tests.
func reword(err error, dir string) {
	if e := scriptError(err); e != nil {
		e.Message, e.Hint = inTests(e.Message, dir), inTests(e.Hint, dir)
	}
}
