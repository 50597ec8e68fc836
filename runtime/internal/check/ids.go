package check

import (
	"fmt"
	"strings"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/pattern"
)

// objectID matches the ids that Planhat makes.
var objectID = pattern.Lazy(`^[0-9a-fA-F]{24}$`)

// writtenID reports an id of the caller's own in a property that points to the
// owning company.
func (c *script) writtenID(model *catalog.Model, p *catalog.Property, text string, at span) bool {
	if p.Name != model.CompanyRef() || p.Type != catalog.ObjectID || text == "" || objectID().MatchString(text) {
		return false
	}
	for _, prefix := range c.companyPrefixes() {
		if strings.HasPrefix(text, prefix) {
			return false
		}
	}
	f := c.between(at.from, at.to, "wrong-value", fmt.Sprintf("'%s' takes Planhat's id of the company (24 hexadecimal digits), not %q", p.Name, text))
	f.Severity, f.Subject = Warning, p.Name
	f.Hint = fmt.Sprintf("to use your own id, put extid- before it: %q", "extid-"+text)
	return true
}

// companyPrefixes are what may stand before an id of one's own: what a company
// can be asked for by.
func (c *script) companyPrefixes() []string {
	company := c.manual.Catalog().Model("company")
	if company == nil {
		return nil
	}
	return without(company.Keyables.Get, "_id")
}
