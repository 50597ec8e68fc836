package reference

import (
	"fmt"
	"strings"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/runtime/internal/guide"
)

// Overview returns the list of all guides, modules and models in the format of llms.txt, for
// programs that look something up. Links start at the folder of the guides.
func (r *Reference) Overview(guides *guide.Guides) string {
	var b strings.Builder
	b.WriteString("# phscript\n\n" +
		"> phscript runs Lua 5.1 scripts that read and write Planhat, a customer platform: imports, syncs, reports and " +
		"connectors. A script can be checked, tested on a simulated Planhat, and planned before it changes anything.\n\n" +
		"`phscript doc NAME` prints a page from this list, and `phscript doc --all --format json` all of them. " +
		"`phscript mcp` lets assistants search and read them.\n\n" +
		"## Guides\n\n")
	page := ""
	for _, s := range guides.Sections() {
		if s.Page == page {
			continue
		}
		page = s.Page
		fmt.Fprintf(&b, "- [%s](%s.md): %s\n", s.Page, s.Page, s.Title)
	}
	b.WriteString("\n## Modules\n\n")
	var models strings.Builder
	for _, m := range r.modules {
		fmt.Fprintf(&b, "- [%s](reference/%s): %s\n", m.Name, modulePath(m.Name), spec.Summary(m.Doc))
		for _, part := range m.Modules {
			if model := r.model(part); model != nil {
				fmt.Fprintf(&models, "- [%s](reference/%s): %s\n", part.Name, modelPath(model), spec.Summary(model.Doc))
			}
		}
	}
	b.WriteString("\n## Models\n\n" + models.String())
	return b.String()
}
