// Package newscript is phscript new: it writes a script and its test.
package newscript

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/run"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/proposal"
	"github.com/phscript/phscript/runtime/internal/scaffold"
)

type options struct {
	template string
	// from is the file that an import is proposed for, and the others say how.
	from, model, key, sheet string
	skip                    int
	decimal                 string
	set                     []string
	constants               map[string]string
}

// New returns the command new.
func New(env *environment.Env) *cobra.Command {
	o := &options{}
	cmd := &cobra.Command{
		Use:   "new NAME",
		Short: "Write a new script and its test",
		Long: "new writes NAME.lua and its test, from a template:\n\n" +
			"  import     imports a file\n" +
			"  sync       keeps records in step with an export of another system, and sends only changes\n" +
			"  report     reads records and writes a file for spreadsheets\n" +
			"  connector  connects another system that has an API\n" +
			"  webhook    handles an event from another system, which it reads as JSON\n" +
			"  test       only the test, for an existing script\n\n" +
			"It never overwrites a file. The test passes as it is. Change both to fit your needs.\n\n" +
			"With --from, new reads a CSV file or a workbook, and proposes the model, the property for each column,\n" +
			"the key, and how to read numbers and dates. It uses the custom fields that 'phscript schema pull'\n" +
			"saved, and tells you what it is not sure about. The file stays on this machine.",
		Example: "  phscript new accounts --template import\n" +
			"  phscript new accounts --template import --from accounts.csv\n" +
			"  phscript new licenses --from licenses.xlsx --model license --set _currency=EUR\n" +
			"  phscript new reports/weekly --template report",
		Args: cobra.ArbitraryArgs,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &usage.Error{Message: "new takes one name", Hint: "such as: phscript new accounts --template import"}
			}
			if err := usage.Needs(cmd.Flags(), "from", "model", "key", "set", "sheet", "skip", "decimal"); err != nil {
				return err
			}
			if o.from != "" && cmd.Flags().Changed("template") && o.template != "import" {
				return &usage.Error{Message: "--from is for the template import, not " + o.template, Hint: "leave --template out"}
			}
			if o.from != "" {
				o.template = "import"
			}
			if o.skip < 0 {
				return &usage.Error{Message: "--skip must be at least 0"}
			}
			return o.write(env, args[0])
		},
	}
	usage.Choice(cmd, &o.template, "template", "", "Start from `TEMPLATE`: "+strings.Join(scaffold.Templates, ", ")+" (required without --from)", scaffold.Templates...)
	f := cmd.Flags()
	f.StringVar(&o.from, "from", "", "Propose a script that imports `FILE` (.csv or .xlsx)")
	f.StringVar(&o.model, "model", "", "With --from: import the rows into `MODEL`, such as company (default guessed from the columns)")
	f.StringVar(&o.key, "key", "", "With --from: identify rows by `PROPERTY` (default guessed from the columns)")
	f.StringArrayVar(&o.set, "set", nil, "With --from: give all rows `PROPERTY=VALUE`")
	f.StringVar(&o.sheet, "sheet", "", "With --from: read the `SHEET` of a workbook (default the first one)")
	usage.Choice(cmd, &o.decimal, "decimal", "", "With --from: read numbers that could have either decimal sign with this one: . or ,", ".", ",")
	f.IntVar(&o.skip, "skip", 0, "With --from: skip `LINES` above the header")
	usage.Complete(cmd, "model", func(*cobra.Command, []string, string) (names []cobra.Completion, _ cobra.ShellCompDirective) {
		for _, m := range proposal.Importable() {
			names = append(names, m.Snake)
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	})
	usage.CompleteNothing(cmd, "key", "set", "sheet", "skip")
	return cmd
}

// write writes the files of a template.
func (o *options) write(env *environment.Env, given string) error {
	name := strings.TrimSuffix(filepath.ToSlash(filepath.Clean(given)), ".lua")
	if err := scaffold.Named(name); err != nil {
		return &usage.Error{Message: err.Error(), Hint: "such as: phscript new accounts --template import"}
	}
	if o.template == "" {
		return &usage.Error{Message: "no template given", Hint: "choose one with --template: " + strings.Join(scaffold.Templates, ", ") + "; to import a file, name it with --from"}
	}
	dir, shown := filepath.Dir(env.Path(filepath.FromSlash(name))), filepath.Dir(filepath.FromSlash(name))
	var files []scaffold.File
	var err error
	switch {
	case o.template == "test":
		files, err = o.test(env, name)
	case o.from != "":
		base := filepath.Base(name)
		if err := free(dir, shown, []scaffold.File{{Name: base + ".lua"}, {Name: base + "_test.lua"}}); err != nil {
			return err // before questions are asked
		}
		files, err = o.propose(env, name)
	default:
		if files, err = scaffold.Script(o.template, filepath.Base(name)); err != nil {
			err = &usage.Error{Message: err.Error()}
		}
	}
	if err != nil {
		return err
	}
	return create(env, dir, shown, files, o.next(env, name))
}

// free returns an error if one of the files exists.
func free(dir, shown string, files []scaffold.File) error {
	names := scaffold.Existing(dir, files)
	if len(names) == 0 {
		return nil
	}
	return &usage.Error{
		Message: fmt.Sprintf("%s already exists; nothing was written", filepath.Join(shown, names[0])),
		Hint:    "choose another name, or move the file away",
	}
}

// create writes files and says which, and what to do next. shown is the folder as the user
// gave it.
func create(env *environment.Env, dir, shown string, files []scaffold.File, next []string) error {
	if err := free(dir, shown, files); err != nil {
		return err
	}
	if err := scaffold.Write(dir, files); err != nil {
		return &usage.Failure{Message: "nothing was written: " + err.Error()}
	}
	for _, f := range files {
		fmt.Fprintf(env.Stdout, "created %s\n", filepath.Join(shown, f.Name))
	}
	fmt.Fprintln(env.Stdout, "\nNext:")
	for _, line := range next {
		fmt.Fprintln(env.Stdout, "  "+line)
	}
	return nil
}

// next are the commands that follow.
func (o *options) next(env *environment.Env, name string) []string {
	name = filepath.FromSlash(name)
	script, test := run.Quoted(name+".lua"), "phscript test "+run.Quoted(name+"_test.lua")
	switch o.template {
	case "import", "sync":
		file, flags := "FILE.csv", ""
		if o.from != "" {
			file = run.Quoted(o.from)
			if !readable(env, o.from, name) {
				flags = run.Quoted("--allow-read="+filepath.Dir(o.from)) + " "
			}
		}
		return []string{test, "phscript plan " + flags + script + " --path " + file, "phscript run " + flags + script + " --path " + file}
	case "connector":
		return []string{"edit " + script + " and its test", "phscript test " + run.Quoted(name+"_sync_test.lua"), "phscript connect " + run.Quoted("./"+name+".lua")}
	case "webhook":
		return []string{test, "phscript run --simulate --event " + run.Quoted(name+"_event.json") + " " + script}
	case "test":
		return []string{test}
	}
	return []string{test, "phscript run " + script}
}

// readable reports whether a script can read a file without --allow-read: it is in the working
// folder, or in that of the script.
func readable(env *environment.Env, file, script string) bool {
	real := func(name string) string {
		if path, err := filepath.EvalSymlinks(name); err == nil {
			return path
		}
		return name
	}
	path := real(env.Path(file))
	for _, dir := range []string{env.Dir, filepath.Dir(env.Path(filepath.FromSlash(script)))} {
		if rel, err := filepath.Rel(real(dir), path); err == nil && filepath.IsLocal(rel) {
			return true
		}
	}
	return false
}

// test returns the test of a script that exists: it holds what the script does now, on an
// empty Planhat and without arguments.
func (o *options) test(env *environment.Env, name string) ([]scaffold.File, error) {
	if !env.IsFile(filepath.FromSlash(name) + ".lua") {
		return nil, usage.NoFile(env, "there is no script "+name+".lua to test", name+".lua")
	}
	ctx, release := env.UntilInterrupted()
	defer release()
	base := filepath.Base(name)
	body, err := observe(ctx, env, filepath.Dir(env.Path(filepath.FromSlash(name))), base)
	if err != nil {
		return nil, err
	}
	return []scaffold.File{scaffold.Test(base, body)}, nil
}
