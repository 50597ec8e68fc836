// Command genservices writes the typed services of the client and the
// structs of the models from the catalog. Run it through go generate in package planhat.
package main

import (
	"fmt"
	"os"

	"github.com/phscript/phscript/planhat/internal/services"
)

func main() {
	for name, generate := range map[string]func() ([]byte, error){
		"services_gen.go": services.Generate, "models_gen.go": services.GenerateStructs,
	} {
		source, err := generate()
		if err == nil {
			err = os.WriteFile(name, source, 0o644)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "genservices:", err)
			os.Exit(1)
		}
	}
}
