// Package builtins holds the modules that every script has, their manual, and the text
// of the function help.
package builtins

import (
	"bytes"
	"maps"
	"slices"
	"sync"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/bindings/crypto"
	"github.com/phscript/phscript/bindings/html"
	"github.com/phscript/phscript/bindings/notify"
	"github.com/phscript/phscript/bindings/parallel"
	"github.com/phscript/phscript/bindings/progress"
	"github.com/phscript/phscript/bindings/state"
	"github.com/phscript/phscript/bindings/template"
	"github.com/phscript/phscript/bindings/web"
	"github.com/phscript/phscript/bindings/webhook"
	"github.com/phscript/phscript/bindings/xlsx"
	"github.com/phscript/phscript/runtime/internal/manual"
	"github.com/phscript/phscript/stdlib"
)

// inGo makes the modules written in Go on first use.
var inGo = map[string]func() *bindings.Module{
	"checkpoint": sync.OnceValue(bindings.Checkpoint),
	"crypto":     sync.OnceValue(crypto.Module),
	"csv":        sync.OnceValue(bindings.CSV),
	"env":        sync.OnceValue(bindings.Env),
	"fs":         sync.OnceValue(bindings.FS),
	"html":       sync.OnceValue(html.Module),
	"http":       sync.OnceValue(web.HTTP),
	"inspect":    sync.OnceValue(bindings.Inspect),
	"json":       sync.OnceValue(bindings.JSON),
	"log":        sync.OnceValue(bindings.Log),
	"money":      sync.OnceValue(bindings.Money),
	"notify":     sync.OnceValue(notify.Module),
	"oauth2":     sync.OnceValue(web.OAuth2),
	"parallel":   sync.OnceValue(parallel.Module),
	"planhat":    sync.OnceValue(bindings.Planhat),
	"progress":   sync.OnceValue(progress.Module),
	"state":      sync.OnceValue(state.Module),
	"run":        sync.OnceValue(bindings.Run),
	"xlsx":       sync.OnceValue(xlsx.Module),
	"webhook":    sync.OnceValue(webhook.Module),
	"template":   sync.OnceValue(template.Module),
	"time":       sync.OnceValue(bindings.Time),
}

// required are those that scripts must require. The others are also global.
var required = map[string]bool{"crypto": true, "html": true, "http": true, "notify": true, "oauth2": true, "parallel": true, "progress": true, "state": true, "template": true, "webhook": true, "xlsx": true}

// Modules returns the built-in modules written in Go, by name. Scripts can require
// them.
func Modules() []*bindings.Module {
	var list []*bindings.Module
	for _, name := range slices.Sorted(maps.Keys(inGo)) {
		list = append(list, inGo[name]())
	}
	return list
}

// part begins the modules that only other built-in modules use.
const part = "---@package\n"

// inLua returns the text of the modules written in Lua that scripts can use.
var inLua = sync.OnceValue(func() map[string]string {
	texts := map[string]string{}
	for _, name := range stdlib.Names() {
		if text, ok := stdlib.Source(name); ok && !bytes.HasPrefix(text, []byte(part)) {
			texts[name] = string(text)
		}
	}
	return texts
})

// LuaModules returns the built-in modules written in Lua that scripts can use, by name.
func LuaModules() []*bindings.Module {
	var list []*bindings.Module
	for _, name := range slices.Sorted(maps.Keys(inLua())) {
		list = append(list, manual.LuaModule(name, inLua()[name]))
	}
	return list
}

// IsGlobal reports whether a built-in module of that name is global in every script.
func IsGlobal(name string) bool { return inGo[name] != nil && !required[name] }

// Has reports whether a built-in module of that name is written in Go.
func Has(name string) bool { return inGo[name] != nil }

// Module returns a built-in module written in Go, or nil.
func Module(name string) *bindings.Module {
	if make := inGo[name]; make != nil {
		return make()
	}
	return nil
}

// Names returns the names of the built-in modules that scripts can use, in Go and in Lua.
func Names() []string {
	names := slices.AppendSeq(slices.Collect(maps.Keys(inLua())), maps.Keys(inGo))
	slices.Sort(names)
	return names
}
