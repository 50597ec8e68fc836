package doctor

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"path"
	"path/filepath"
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/runtime/internal/command/connect"
	"github.com/phscript/phscript/runtime/internal/command/host"
	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/syntax"
	"github.com/phscript/phscript/runtime/internal/view"
)

// ownConnector is a connector that the user wrote.
type ownConnector struct {
	name, file string
	// used is set if a script requires it.
	used bool
}

// own finds the connectors among the scripts of the project: they declare themselves with
// the module connector.setup.
func (d *doctor) own() (list []ownConnector) {
	sources, _ := d.sources() // the check of scripts reports the error
	required := map[string]bool{}
	for _, s := range sources {
		chunk, err := compile.Parse(s.source, s.name)
		if err != nil {
			continue
		}
		visitor := syntax.Visitor{Expr: func(e ast.Expr) {
			if module, ok := syntax.Required(e); ok {
				required[module[strings.LastIndex(module, ".")+1:]] = true
			}
		}}
		visitor.Statements(chunk)
	}
	for _, s := range sources {
		if !bytes.Contains(s.source, []byte("connector.setup")) || !bytes.Contains(s.source, []byte(".add")) || strings.HasSuffix(s.name, "_test.lua") {
			continue
		}
		name := strings.TrimSuffix(path.Base(s.name), ".lua")
		if name == "init" {
			name = path.Base(path.Dir(s.name))
		}
		list = append(list, ownConnector{name: name, file: filepath.Join(d.loader.Dir, filepath.FromSlash(s.name)), used: required[name]})
	}
	return list
}

// probeOwn checks a connector that the user wrote, as far as it needs no settings.
func (d *doctor) probeOwn(ctx context.Context, o *host.Opened, c ownConnector) (found lines) {
	if !c.used {
		defer func() { // no run is stopped
			for i := range found {
				if found[i].Level == view.LevelError {
					found[i].Level = view.LevelWarning
				}
			}
		}()
	}
	env := *d.env
	env.StdinTTY = false // no login is started
	p, err := connect.ProbeFile(ctx, &env, o, c.file)
	switch {
	case err != nil && ctx.Err() != nil:
		found.fail("access", errors.New(c.name+" did not answer in time"), "check the network and the proxy")
	case err != nil:
		found.fail("access", err, "see 'phscript doc connectors#write-a-connector'")
	default:
		if len(p.Set) > 0 {
			found.ok("credentials", "set: %s", strings.Join(p.Set, ", "))
		}
		switch {
		case p.Settings:
			found.ok("access", "%s has settings that doctor does not know, so it was not asked; 'phscript connect %s' asks it", p.Title, c.file)
		case p.State == "ok":
			found.ok("access", "%s accepts the credentials", p.Title)
		case p.State == "missing":
			found.fail("credentials", errors.New("missing: set "+p.Message), "or run: phscript connect "+c.file)
		default:
			found.add(view.LevelError, "access", cmp.Or(p.Message, p.Title+" could not be read"), p.Hint)
		}
	}
	return found
}
