package architecture

import (
	"go/ast"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/phscript/phscript/planhat/catalog"
)

// alsoModels are the literals that equal a model's name and mean something
// else, by file.
var alsoModels = map[string]map[string]string{
	"bindings/notify/email.go":      {"user": "an option of e-mails"},
	"bindings/notify/notify.go":     {"user": "an option of e-mails"},
	"bindings/progress/progress.go": {"note": "a method of tasks"},
	"planhat/simulator/deal.go":     {"product": "a property of line items"},
	"planhat/simulator/derive.go":   {"nps": "a property of endusers", "task": "a value of mainType", "ticket": "a value of type"},
	"planhat/simulator/revenue.go":  {"product": "a property of licenses and sales"},
	"planhat/simulator/switches.go": {"company": "a value of a switch"},
	"planhat/simulator/validate.go": {"enduser": "a type of custom fields"},
}

// sampleData is the file that makes sample records of named models: they are
// data, like fixtures.
const sampleData = "planhat/simulator/generate.go"

// TestModelsAreNamedInTheCatalogOnly keeps what is special about a model in the
// catalog: the client, the bindings and the simulator ask for the fact or the
// trait. A model's name in a string means that they know the model.
func TestModelsAreNamedInTheCatalogOnly(t *testing.T) {
	var models []string
	for _, m := range catalog.Load().Models {
		models = append(models, m.Snake, m.Name)
	}
	used := map[string]bool{}
	goFiles(t, func(name string, file *ast.File) {
		folder := strings.HasPrefix(name, "planhat/") && !strings.HasPrefix(name, "planhat/catalog/") || strings.HasPrefix(name, "bindings/")
		if !folder || name == sampleData || strings.HasSuffix(name, "_gen.go") {
			return
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Field: // tags
				return n.Tag == nil
			case *ast.BasicLit:
				text, err := strconv.Unquote(n.Value)
				if n.Kind != token.STRING || err != nil {
					return true
				}
				model, _, _ := strings.Cut(text, ".")
				if slices.Contains(models, text) || slices.Contains(models, model) && !strings.Contains(text, " ") {
					used[name+" "+text] = true
					assert.Contains(t, alsoModels[name], text, "%s names the model %q: declare what is special about it in planhat/catalog, or, if the text means something else, list it in alsoModels", name, text)
				}
			}
			return true
		})
	})
	for name, literals := range alsoModels {
		for text := range literals {
			assert.True(t, used[name+" "+text], "%s has no literal %q any more", name, text)
		}
	}
}
