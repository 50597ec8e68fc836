// Package doc is phscript doc: it shows and searches the reference and the guides.
package doc

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/printing"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/guide"
	"github.com/phscript/phscript/runtime/internal/manual"
	"github.com/phscript/phscript/runtime/internal/reference"
	"github.com/phscript/phscript/runtime/internal/suite"
)

type options struct {
	words  []string
	format string
	all    bool
	config string
}

// New returns the command doc.
func New(env *environment.Env) *cobra.Command {
	o := &options{}
	cmd := &cobra.Command{
		Use:   "doc [TOPIC...]",
		Short: "Show and search the reference and the guides",
		Long: "doc shows the page of a topic: a module, a function, a model, a property of its records, a table that\n" +
			"functions take and return, or a section of a guide. Without a topic, it lists what there is.\n" +
			"Any other words are searched for in the guides and in the reference.\n\n" +
			"--format json is for other programs: 'version' is the version of the format, 'topics' has the topics\n" +
			"of the reference and 'guides' the sections of guides. --all exports everything.",
		Example: "  phscript doc company\n" +
			"  phscript doc Company.externalId\n" +
			"  phscript doc planhat.company.bulk_upsert\n" +
			"  phscript doc dry run\n" +
			"  phscript doc script-guide#filter\n" +
			"  phscript doc --all --format json",
		ValidArgsFunction: func(_ *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
			m, _ := o.manual(env)
			return completeTopic(m, typed), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			o.words = strings.Fields(strings.Join(args, " "))
			if o.all && len(args) > 0 {
				return &usage.Error{Message: "--all means every topic, so it cannot be combined with " + args[0], Hint: "leave one of them out"}
			}
			return explain(env, o)
		},
	}
	usage.Choice(cmd, &o.format, "format", "text", "Print `FORMAT`: text, json or markdown", "text", "json", "markdown")
	cmd.Flags().BoolVar(&o.all, "all", false, "Print every topic")
	usage.AddConfig(cmd.Flags(), &o.config)
	return cmd
}

// manual returns the manual, with the models that the configuration declares. A
// configuration that no flag names is left out if it is invalid, since no topic
// but its models needs it.
func (o *options) manual(env *environment.Env) (*manual.Manual, error) {
	c, err := config.Load(o.config, env.Dir, env.ReadConfig, func(string) (string, bool) { return "", false })
	if err != nil && o.config != "" {
		return nil, err
	}
	return suite.Manual(c.Models...), nil
}

// completeTopic lists the topics that begin with what is typed, one level deep,
// and the guides; after a guide's #, its sections.
func completeTopic(m *manual.Manual, typed string) []cobra.Completion {
	var list []cobra.Completion
	for _, t := range m.Topics() {
		names := []string{t.Name}
		if short, ok := strings.CutPrefix(t.Name, "planhat."); ok {
			names = append(names, short)
		}
		for _, name := range names {
			rest, ok := strings.CutPrefix(name, typed)
			if ok && !strings.Contains(rest, ".") {
				list = append(list, cobra.CompletionWithDesc(name, t.Brief()))
			}
		}
	}
	for _, s := range guide.All().Sections() {
		if rest, ok := strings.CutPrefix(s.Name(), typed); ok && typed != "" && !strings.Contains(rest, "#") {
			list = append(list, cobra.CompletionWithDesc(s.Name(), s.Headline()))
		}
	}
	return list
}

// explain prints what there is about the words.
func explain(env *environment.Env, o *options) error {
	m, err := o.manual(env)
	if err != nil {
		return err
	}
	page := manual.PageOptions{Width: env.Width(), Color: env.StdoutColor()}
	if len(o.words) == 0 && o.format == "text" && !o.all {
		return printing.Text(env.Stdout, m.Overview(page))
	}
	a := &manual.Answer{}
	switch {
	case o.all:
		a.Topics, a.Sections = m.Topics(), guide.All().Sections()
	case len(o.words) == 0:
		a.Topics = slices.DeleteFunc(slices.Clone(m.Topics()), func(t *manual.Topic) bool {
			return t.Kind != manual.KindModule && t.Kind != manual.KindModel
		})
	default:
		text := strings.Join(o.words, " ")
		a = m.Ask(text)
		if a.Empty() {
			return &usage.Failure{
				Message: "there is nothing about '" + text + "'" + catalog.Aside(m.Suggestions(text)),
				Hint:    "'phscript doc' lists what there is",
			}
		}
	}
	switch o.format {
	case "json":
		return writeJSON(env, m, a, o.all)
	case "markdown":
		return printing.Text(env.Stdout, markdown(m, a, o.all))
	}
	if o.all {
		var pages []string
		for _, t := range a.Topics {
			pages = append(pages, m.Page(t, page))
		}
		return printing.Text(env.Stdout, strings.Join(pages, "\n"))
	}
	return printing.Text(env.Stdout, m.Show(a, page))
}

// writeJSON exports the topics and sections of an answer.
func writeJSON(env *environment.Env, m *manual.Manual, a *manual.Answer, all bool) error {
	topics, sections := a.Meant()
	export := m.Export(env.Version, topics, sections)
	if all {
		export = m.ExportAll(env.Version)
	}
	out, err := json.Marshal(export, json.Deterministic(true), jsontext.WithIndent("  "))
	if err != nil {
		return err
	}
	return printing.Text(env.Stdout, string(out)+"\n")
}

// markdown returns the topics and sections of an answer as Markdown: in full if one
// was named or all are wanted, else as a list.
func markdown(m *manual.Manual, a *manual.Answer, all bool) string {
	pages := reference.New(m.Modules(), m.Catalog())
	topics, sections := a.Meant()
	if !all && a.Topic == nil && a.Section == nil {
		text := pages.Topics(topics)
		for _, s := range sections {
			text += fmt.Sprintf("- `%s`: %s\n", s.Name(), s.Headline())
		}
		return text
	}
	var parts []string
	for _, t := range topics {
		parts = append(parts, pages.Topic(m, t))
	}
	for _, s := range sections {
		parts = append(parts, "# "+s.Headline()+"\n"+s.Text)
	}
	return strings.Join(parts, "\n")
}
