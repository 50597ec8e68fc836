// Command genservices writes services_gen.go, the typed services of the
// client, from the catalog. Run it through go generate in package planhat.
package main

import (
	"fmt"
	"os"

	"github.com/phscript/phscript/planhat/internal/services"
)

func main() {
	source, err := services.Generate()
	if err == nil {
		err = os.WriteFile("services_gen.go", source, 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "genservices:", err)
		os.Exit(1)
	}
}
