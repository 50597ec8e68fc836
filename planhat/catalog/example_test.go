package catalog_test

import (
	"fmt"

	"github.com/phscript/phscript/planhat/catalog"
)

func ExampleLoad() {
	m := catalog.Load().Model("license")
	fmt.Println(m.Name, "needs", m.RequiredOnCreate)
	fmt.Println("matched by", m.Keyables.Bulk)
	p := m.Property("renewalStatus")
	fmt.Println(p.Name, p.Type, p.Enum)
	// Output:
	// License needs [_currency companyId fromDate]
	// matched by [_id sourceId externalId]
	// renewalStatus string [ongoing renewed lost]
}

func ExampleDidYouMean() {
	fmt.Println("unknown model 'compny'" + catalog.DidYouMean("compny", []string{"company", "campaign"}))
	// Output: unknown model 'compny' (did you mean 'company'?)
}
