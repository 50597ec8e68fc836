package suite

import (
	"encoding/json"
	"maps"
	"slices"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/header"
)

// runOptions returns the arguments and parameters of a script, which may be flags among its
// arguments, as on the command line. failed is a mistake in these flags.
func runOptions(a *bindings.Args, script runtime.Script) (o runtime.RunOptions, failed, err error) {
	given := map[string]json.RawMessage{}
	if t, ok := a.Options(1).Get("params").(*lua.LTable); ok {
		text, err := bindings.CodecOf(a.L).EncodeBytes(t, bindings.EncodeOptions{})
		if err != nil {
			return o, nil, a.Errorf("the option 'params': %v", err)
		}
		if first, _ := t.Next(lua.LNil); first != lua.LNil && json.Unmarshal(text, &given) != nil {
			return o, nil, a.Errorf("the option 'params' takes values by name, such as params = { region = \"eu\" }")
		}
	}
	none := func(string) bool { return false }
	says, _ := header.Read(script.Source) // its compilation reports mistakes
	flags, rest, failed := says.Flags(texts(a.Options(1).Get("args")), none, none)
	if len(says.Params) > 0 {
		if i := slices.Index(rest, "--"); i >= 0 {
			rest = slices.Delete(slices.Clone(rest), i, i+1)
		}
	}
	maps.Copy(given, flags)
	o = runtime.RunOptions{Args: rest, Expected: header.Names(given)}
	o.Params, err = header.Object(given)
	return o, failed, err
}
