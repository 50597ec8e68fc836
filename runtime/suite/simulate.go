package suite

import "github.com/phscript/phscript/bindings"

func simulatorModule() *bindings.Module {
	return &bindings.Module{Name: "simulator", Doc: "The simulated Planhat of the running test."}
}

func clockModule() *bindings.Module {
	return &bindings.Module{Name: "clock", Doc: "The clock of the running test."}
}
