// Command phscript runs Lua scripts that automate Planhat.
package main

import "os"

func main() { os.Exit(Main(processEnvironment())) }
