// Package list is phscript list: it shows scripts with what they say about themselves.
package list

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/params"
	"github.com/phscript/phscript/runtime/internal/command/printing"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/header"
	"github.com/phscript/phscript/runtime/internal/suite"
	"github.com/phscript/phscript/runtime/internal/view"
)

// New returns the command list.
func New(env *environment.Env) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "list [flags] [DIR]",
		Short: "List scripts with their descriptions and parameters",
		Long: "list shows the scripts in a folder and its subfolders, with the names, descriptions and parameters that\n" +
			"the comments at their top declare. It does not run them, and leaves out modules and tests.\n\n" +
			"'phscript help FILE.lua' shows everything that a script declares.",
		Example:           "  phscript list\n  phscript list --json scripts",
		ValidArgsFunction: usage.OneFolder,
		RunE: func(_ *cobra.Command, args []string) error {
			dir := "."
			if len(args) > 1 {
				return &usage.Error{Message: "list takes one folder, not " + strings.Join(args, " "), Hint: "name the folder that holds your scripts"}
			}
			if len(args) == 1 {
				dir = args[0]
			}
			return list(env, dir, asJSON)
		},
	}
	usage.AddJSON(cmd, &asJSON)
	return cmd
}

// found is a script with its header.
type found struct {
	view  view.Script
	flags []string
}

func list(env *environment.Env, dir string, asJSON bool) error {
	switch {
	case env.IsFile(dir) && strings.HasSuffix(dir, ".lua"):
		return &usage.Error{Message: dir + " is a script, not a folder", Hint: "to see what it says about itself: phscript help " + dir}
	case !env.IsDir(dir):
		return &usage.Error{Message: "there is no folder " + dir, Hint: "paths are relative to the working directory, " + env.Dir}
	}
	scripts, err := scriptsIn(env, dir)
	if err != nil {
		return err
	}
	if asJSON {
		var all []view.Script
		for _, s := range scripts {
			all = append(all, s.view)
		}
		return printing.JSON(env.Stdout, view.ScriptForm(all))
	}
	err = printing.List(env, scripts, "there are no scripts in "+dir, view.ScriptColumns, func(s found) []string { return view.ScriptCells(&s.view, s.flags) })
	for _, s := range scripts {
		if s.view.Error != "" {
			fmt.Fprintf(env.Stderr, "warning: %s; see 'phscript check %s'\n", s.view.Error, s.view.File)
		}
	}
	return err
}

// scriptsIn returns the scripts in a folder and below.
func scriptsIn(env *environment.Env, dir string) (scripts []found, err error) {
	root := env.Path(dir)
	files, err := suite.Walk(root, func(path string) bool {
		return strings.HasSuffix(path, ".lua") && !suite.IsTest(path) && env.IsFile(path)
	})
	if err != nil {
		return nil, &usage.Error{Message: fmt.Sprintf("cannot read the folder %s: %v", dir, err)}
	}
	for _, path := range files {
		source, err := env.ReadFile(path)
		if err != nil {
			return nil, &usage.Error{Message: fmt.Sprintf("cannot read the script: %v", err)}
		}
		relative, err := filepath.Rel(root, path)
		if err != nil {
			return nil, err
		}
		name := filepath.ToSlash(filepath.Join(dir, relative))
		says, wrong := header.Read(source)
		if isModule(source, name) && says.Name.Line == 0 && len(says.Params) == 0 {
			continue
		}
		if bad, ok := errors.AsType[*header.Error](wrong); ok {
			wrong = fmt.Errorf("%s:%d: %w", name, bad.Line, wrong)
		}
		one := found{view: view.ScriptOf(name, says, wrong)}
		for i := range says.Params {
			one.flags = append(one.flags, params.Usage(&says.Params[i]))
		}
		scripts = append(scripts, one)
	}
	return scripts, nil
}

// isModule reports whether a file returns a value at its end, as modules do.
func isModule(source []byte, name string) bool {
	chunk, err := compile.Parse(source, name)
	if err != nil || len(chunk) == 0 {
		return false
	}
	last, ok := chunk[len(chunk)-1].(*ast.ReturnStmt)
	return ok && len(last.Exprs) > 0
}
