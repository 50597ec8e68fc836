package runtime

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/syntax"
)

// warnUnread warns of expected parameters that no loaded chunk reads. After a failure,
// modules may be missing, so only parameters that are spelt like one are reported.
func (r *run) warnUnread(failed bool) {
	if len(r.given.Expected) == 0 {
		return
	}
	read := map[string]bool{}
	for name, source := range r.sources {
		chunk, err := compile.Parse(source, name)
		if err != nil || !syntax.Params(chunk, read) {
			return
		}
	}
	names := slices.Sorted(maps.Keys(read))
	reads := "it reads no parameters"
	if len(names) > 0 {
		reads = "it reads: " + strings.Join(names, ", ")
	}
	for _, name := range r.given.Expected {
		near := catalog.Nearest(name, names)
		if read[name] || failed && len(near) == 0 {
			continue
		}
		r.journal.WarnOnce(r.ctx, "param "+name, fmt.Sprintf("the parameter '%s' was given, but the script never reads it%s; %s", name, catalog.Aside(near), reads))
	}
}
