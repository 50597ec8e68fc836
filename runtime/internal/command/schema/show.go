package schema

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/printing"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/display"
	tenant "github.com/phscript/phscript/runtime/internal/schema"
	"github.com/phscript/phscript/runtime/internal/view"
)

type showOptions struct {
	configFile, profile string
	json                bool
}

func newShow(env *environment.Env) *cobra.Command {
	o := &showOptions{}
	cmd := &cobra.Command{
		Use:   "show [MODEL]",
		Short: "Print the schema in the file",
		Long: "show prints what 'phscript schema pull' wrote: the custom fields with their types, values and marks, as a\n" +
			"script writes them, then phases, users and workflows. With a model, it prints its custom fields.",
		Example: "  phscript schema show\n  phscript schema show company\n  phscript schema show --json",
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return &usage.Error{Message: "show takes one model, not also " + args[1], Hint: "see 'phscript schema show --help'"}
			}
			return o.show(env, args)
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) (list []cobra.Completion, _ cobra.ShellCompDirective) {
			if len(args) == 0 {
				for _, m := range catalog.Load().Models {
					if m.Property("custom") != nil {
						list = append(list, m.Snake)
					}
				}
			}
			return list, cobra.ShellCompDirectiveNoFileComp
		},
	}
	usage.AddConfig(cmd.Flags(), &o.configFile)
	usage.AddProfile(cmd.Flags(), &o.profile)
	usage.AddJSON(cmd, &o.json)
	return cmd
}

func (o *showOptions) show(env *environment.Env, args []string) error {
	c, err := config.Load(o.configFile, env.Dir, env.ReadConfig, env.Getenv)
	if err != nil {
		return err
	}
	if err := c.ChooseSchema(o.profile, env.Getenv); err != nil {
		return err
	}
	path := c.SchemaPath(env.Dir)
	file, err := tenant.Load(path)
	if err != nil {
		return err
	}
	if file == nil {
		return missing(shortened(env, path))
	}
	model := ""
	if len(args) == 1 {
		model = tenant.ModelName(args[0])
		if err := known(file.Schema, model, args[0], c.Models); err != nil {
			return err
		}
	}
	if o.json {
		return printing.JSON(env.Stdout, view.SchemaForm(file.Schema, fieldsOf(file.Schema, model)))
	}
	if old := file.Old(env.Now()); old != "" {
		fmt.Fprintln(env.Stderr, "note: "+old)
	}
	return o.text(env, file, model)
}

// known refuses a model that does not exist.
func known(s *tenant.Schema, model, given string, declared []*catalog.Model) error {
	var names []string
	for _, m := range slices.Concat(catalog.Load().Models, declared) {
		names = append(names, m.Snake)
	}
	for i := range s.Fields {
		names = append(names, s.Fields[i].Model)
	}
	if slices.Contains(names, model) {
		return nil
	}
	slices.Sort(names)
	names = slices.Compact(names)
	return &usage.Error{Message: "there is no model '" + given + "'" + catalog.DidYouMean(given, names)}
}

func fieldsOf(s *tenant.Schema, model string) []tenant.Field {
	fields := []tenant.Field{}
	if m := catalog.Load().Model(model); m != nil {
		for _, f := range s.Custom(m) {
			fields = append(fields, *f)
		}
		return fields
	}
	for i := range s.Fields {
		if model == "" || s.Fields[i].Model == model {
			fields = append(fields, s.Fields[i])
		}
	}
	return fields
}

// columns are those of the table of fields.
var columns = []view.Column{{Name: "model"}, {Name: "field"}, {Name: "type"}, {Name: "values and marks", Least: 20}}

func (o *showOptions) text(env *environment.Env, file *tenant.File, model string) error {
	var rows [][]string
	for _, f := range fieldsOf(file.Schema, model) {
		about := f.Marks()
		if len(f.Values) > 0 {
			about = append(about, strings.Join(f.Values, " | "))
		}
		rows = append(rows, []string{f.Model, display.OneLine(tenant.Access(f.Name)), display.OneLine(f.Type), display.OneLine(strings.Join(about, ", "))})
	}
	if len(rows) == 0 {
		fmt.Fprintln(env.Stdout, "no custom fields")
	} else if err := printing.Table(env, columns, rows); err != nil {
		return err
	}
	if model != "" {
		return nil
	}
	var users []string
	for i := range file.Users {
		u := &file.Users[i]
		text := u.Name + " (" + u.ID + ")"
		if u.Inactive {
			text += ", inactive"
		}
		users = append(users, text)
	}
	for _, part := range []struct {
		title string
		items []string
	}{{"phases", file.Phases}, {"users", users}, {"workflows", file.Workflows}} {
		fmt.Fprintf(env.Stdout, "\n%s: %d\n", part.title, len(part.items))
		for _, item := range part.items {
			fmt.Fprintln(env.Stdout, "  "+display.OneLine(item))
		}
	}
	return nil
}
