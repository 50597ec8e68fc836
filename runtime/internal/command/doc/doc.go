// Package doc is phscript doc: it explains modules, functions, models and
// properties.
package doc

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/printing"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/manual"
	"github.com/phscript/phscript/runtime/internal/reference"
	"github.com/phscript/phscript/runtime/internal/suite"
)

type options struct {
	words  []string
	format string
	all    bool
}

// docFormats are the values of --format.
var docFormats = []string{"text", "json", "markdown"}

// New returns the command doc.
func New(env *environment.Env) *cobra.Command { return newCommand(env, explain) }

// newCommand returns the command; tests of its flags replace runF.
func newCommand(env *environment.Env, runF func(*environment.Env, *options) error) *cobra.Command {
	o := &options{}
	cmd := &cobra.Command{
		Use:   "doc [TOPIC...]",
		Short: "Explain modules, functions, models and properties",
		Long: "doc shows what there is to know about a topic: a module, a function, a model, a property of its\n" +
			"records, or a table that functions take and return. Without one, it lists everything there is.\n" +
			"A name that is no topic, or several words, are looked for everywhere.\n\n" +
			"With --format json, other programs can read it: 'version' is the version of the form, 'topics' holds\n" +
			"the topics in full. With --all that is the whole manual.",
		Example: "  phscript doc company\n" +
			"  phscript doc Company.externalId\n" +
			"  phscript doc planhat.company.bulk_upsert\n" +
			"  phscript doc import csv\n" +
			"  phscript doc --all --format json",
		ValidArgsFunction: func(_ *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return completeTopic(typed), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			o.words = strings.Fields(strings.Join(args, " "))
			if !slices.Contains(docFormats, o.format) {
				return &usage.Error{Message: fmt.Sprintf("the format is one of %s, not %q", strings.Join(docFormats, ", "), o.format)}
			}
			if o.all && len(args) > 0 {
				return &usage.Error{Message: "--all stands for every topic, but there is " + args[0] + " as well", Hint: "leave one of them out"}
			}
			return runF(env, o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.format, "format", "text", "`FORMAT`: text, json or markdown")
	f.BoolVar(&o.all, "all", false, "every topic")
	usage.CompleteValues(cmd, "format", docFormats...)
	return cmd
}

// completeTopic lists the topics that begin with what is typed, one level
// deep.
func completeTopic(typed string) []cobra.Completion {
	var list []cobra.Completion
	for _, t := range suite.Manual().Topics() {
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
	return list
}

func explain(env *environment.Env, o *options) error {
	m := suite.Manual()
	page := pageOptions(env)
	if !o.all && len(o.words) == 0 && o.format == "text" {
		return printing.Text(env.Stdout, m.Overview(page))
	}
	topics, single, err := o.topics(m)
	if err != nil {
		return err
	}
	book := reference.New(m.Modules(), nil, m.Catalog())
	switch o.format {
	case "json":
		export := m.Export(env.Version, topics)
		if o.all {
			export = m.ExportAll(env.Version)
		}
		var out strings.Builder
		if err := json.MarshalWrite(&out, export, json.Deterministic(true), jsontext.WithIndent("  ")); err != nil {
			return err
		}
		return printing.Text(env.Stdout, out.String()+"\n")
	case "markdown":
		if !single && !o.all {
			return printing.Text(env.Stdout, book.Topics(topics))
		}
		return writeEach(env, topics, func(t *manual.Topic) string { return book.Topic(m, t) })
	}
	if !single && !o.all {
		return printing.Text(env.Stdout, m.Results(o.words, page))
	}
	return writeEach(env, topics, func(t *manual.Topic) string { return m.Page(t, page) })
}

// topics returns the topics that are meant, and whether that is one by its
// name.
func (o *options) topics(m *manual.Manual) (topics []*manual.Topic, single bool, err error) {
	if o.all {
		return m.Topics(), false, nil
	}
	if len(o.words) == 0 {
		return slices.DeleteFunc(slices.Clone(m.Topics()), func(t *manual.Topic) bool {
			return t.Kind != manual.KindModule && t.Kind != manual.KindModel
		}), false, nil
	}
	if t := m.Find(strings.Join(o.words, ".")); t != nil {
		return []*manual.Topic{t}, true, nil
	}
	if topics = m.Search(o.words...); len(topics) > 0 {
		return topics, false, nil
	}
	name := strings.Join(o.words, " ")
	message := "there is nothing about '" + name + "'"
	if near := m.Suggestions(name); len(near) > 0 {
		message += " (did you mean '" + strings.Join(near, "' or '") + "'?)"
	}
	return nil, false, &unknownTopic{message}
}

// unknownTopic says that the manual knows nothing of the kind.
type unknownTopic struct{ message string }

func (e *unknownTopic) Error() string { return e.message }

// ErrorHint says where to look.
func (e *unknownTopic) ErrorHint() string { return "'phscript doc' lists what there is" }

// pageOptions sets pages for the terminal that standard output is.
func pageOptions(env *environment.Env) manual.PageOptions {
	return manual.PageOptions{Width: env.Width(), Color: env.StdoutColor()}
}

func writeEach(env *environment.Env, topics []*manual.Topic, text func(*manual.Topic) string) error {
	var parts []string
	for _, t := range topics {
		parts = append(parts, text(t))
	}
	return printing.Text(env.Stdout, strings.Join(parts, "\n"))
}
