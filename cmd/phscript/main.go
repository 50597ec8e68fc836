// Command phscript runs Lua scripts that automate Planhat.
package main

import (
	"os"

	"github.com/phscript/phscript/runtime/cli"
)

func main() { os.Exit(cli.Main()) }
