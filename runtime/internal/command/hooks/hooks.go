// Package hooks is phscript hooks: it shows, repeats and sends events of webhooks.
package hooks

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/printing"
	"github.com/phscript/phscript/runtime/internal/command/storage"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/hooks"
	"github.com/phscript/phscript/runtime/internal/serve"
	"github.com/phscript/phscript/runtime/internal/store"
	"github.com/phscript/phscript/runtime/internal/view"
)

type options struct {
	storage.Options
	json    bool
	state   []string
	since   string
	limit   int
	refused bool
	// outgoing lists messages to other systems.
	outgoing bool

	recipe string
	body   bool

	webhook string
	all     bool
	resume  string
	reason  string

	file    string
	headers []string
	id      string
	url     string
	to      string
}

// New returns the command hooks.
func New(env *environment.Env) *cobra.Command {
	group := usage.Group("hooks", "List, replay and send webhook events",
		"hooks shows and replays the events that 'phscript serve' has received. Give it the same --state.")
	asJSON := func(cmd *cobra.Command, o *options) { usage.AddJSON(cmd, &o.json) }
	storage.AddCommand(env, group, "list [WEBHOOK]", "List the webhooks, or the events of one", cobra.MaximumNArgs(1), list, func(cmd *cobra.Command, o *options) {
		f := cmd.Flags()
		f.StringSliceVar(&o.state, "status", nil, "Only events with `STATUS`: "+stateNames())
		f.StringVar(&o.since, "since", "", "Only events since `TIME`: 24h or 7d ago, or a date")
		f.IntVarP(&o.limit, "number", "n", 20, "List at most `N` events, 0 for all")
		f.BoolVar(&o.refused, "refused", false, "List the last messages that were not accepted, and why")
		f.BoolVar(&o.outgoing, "outgoing", false, "List the messages of webhook.send that wait, or were given up")
		asJSON(cmd, o)
		usage.Complete(cmd, "status", cobra.FixedCompletions(strings.Split(stateNames(), ", "), cobra.ShellCompDirectiveNoFileComp))
	})
	storage.AddCommand(env, group, "show [EVENT]", "Show an event, or what to enter at its sender", cobra.MaximumNArgs(1), show, func(cmd *cobra.Command, o *options) {
		f := cmd.Flags()
		f.StringVar(&o.recipe, "recipe", "", "Print what to enter at the sender of the webhook `NAME`")
		f.BoolVar(&o.body, "body", false, "Print only the body, as for 'phscript run --event'")
		asJSON(cmd, o)
	})
	storage.AddCommand(env, group, "replay [EVENT...]", "Replay events", cobra.ArbitraryArgs, replay, func(cmd *cobra.Command, o *options) {
		f := cmd.Flags()
		f.StringVar(&o.webhook, "webhook", "", "Replay the parked events of the webhook `NAME`")
		f.StringVar(&o.since, "since", "", "Only events since `TIME`: 24h or 7d ago, or a date")
		f.BoolVar(&o.all, "all", false, "With --webhook, also replay events that were handled")
		usage.Choice(cmd, &o.resume, "resume", "", "`WHAT` to do with rows without keys that may already be stored: send or skip them", "send", "skip")
	})
	storage.AddCommand(env, group, "discard [EVENT...]", "Discard parked events", cobra.ArbitraryArgs, discard, func(cmd *cobra.Command, o *options) {
		f := cmd.Flags()
		f.StringVar(&o.reason, "reason", "", "Say `WHY`; required, because others read it")
		f.StringVar(&o.webhook, "webhook", "", "Discard the parked events of the webhook `NAME`")
		f.StringVar(&o.since, "since", "", "Only events since `TIME`: 24h or 7d ago, or a date")
	})
	storage.AddCommand(env, group, "send WEBHOOK", "Send a test event to a webhook of the running service", usage.AtLeastOne("webhook"), send, func(cmd *cobra.Command, o *options) {
		f := cmd.Flags()
		f.StringVar(&o.file, "file", "-", "Send the body in `FILE`, - for standard input")
		f.StringArrayVar(&o.headers, "header", nil, "Add the header `NAME: VALUE`")
		f.StringVar(&o.id, "id", "", "Use `ID` as the id of the event (default a new one)")
		f.StringVar(&o.url, "url", "", "Send it to the service at `URL` (default where [webhooks] listens)")
	})
	storage.AddCommand(env, group, "forward EVENT", "Send a stored event to another address", usage.AtLeastOne("event"), forward, func(cmd *cobra.Command, o *options) {
		cmd.Flags().StringVar(&o.to, "to", "", "The `URL` to send it to, such as http://localhost:3000/hooks")
	})
	for _, c := range group.Commands() {
		c.Example = examples[c.Name()]
	}
	return group
}

var examples = map[string]string{
	"list":    "  phscript hooks list\n  phscript hooks list jira --status parked",
	"show":    "  phscript hooks show 17\n  phscript hooks show 17 --body > event.json\n  phscript hooks show --recipe jira",
	"replay":  "  phscript hooks replay 17 18\n  phscript hooks replay --webhook jira --since 24h",
	"discard": "  phscript hooks discard 17 18 --reason \"test data\"\n  phscript hooks discard --webhook jira --reason \"the vendor has sent them again\"",
	"send":    "  phscript hooks send jira --file event.json",
	"forward": "  phscript hooks forward 17 --to http://localhost:3000/hooks",
}

func stateNames() string {
	var names []string
	for _, s := range hooks.States {
		names = append(names, string(s))
	}
	return strings.Join(names, ", ")
}

// configured returns the webhooks of a configuration, without those that are invalid.
func configured(c config.Config) (list []hooks.Hook) {
	for _, w := range c.Hooks {
		if h, err := hooks.New(w, c.Webhooks, c.File); err == nil {
			list = append(list, h)
		}
	}
	return list
}

// one returns a webhook by its name or path. Its error is about the configuration, or names
// those that there are.
func (o *options) one(c config.Config, name string) (*hooks.Hook, error) {
	var names []string
	for _, w := range c.Hooks {
		names = append(names, w.Name)
		h, err := hooks.New(w, c.Webhooks, c.File)
		if w.Name != name && (err != nil || h.Path != name) {
			continue
		}
		return &h, err
	}
	hint := "write [[webhook]] in phscript.toml; see 'phscript doc webhooks'"
	if len(names) > 0 {
		hint = "the webhooks are: " + strings.Join(names, ", ")
	}
	return nil, &usage.Error{Message: "there is no webhook '" + name + "'" + catalog.DidYouMean(name, names), Hint: hint}
}

// eventID reads the number of an event.
func (o *options) eventID(text string) (int64, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 {
		return 0, &usage.Error{Message: "'" + text + "' is not the number of an event", Hint: "'phscript hooks list WEBHOOK" + o.Again() + "' lists events with their numbers"}
	}
	return id, nil
}

// found turns a missing event into advice.
func (o *options) found(id int64, err error) error {
	if errors.Is(err, hooks.ErrNoEvent) {
		return &usage.Error{Message: fmt.Sprintf("there is no event %d", id), Hint: "'phscript hooks list WEBHOOK" + o.Again() + "' lists events with their numbers. Repetitions use up numbers, and events are deleted 7 days after they were handled"}
	}
	return err
}

// filter reads the flags that choose events.
func (o *options) filter(now time.Time) (hooks.Filter, error) {
	f := hooks.Filter{Limit: o.limit}
	known := strings.Split(stateNames(), ", ")
	for _, name := range o.state {
		if !slices.Contains(known, name) {
			return f, &usage.Error{Message: "unknown status '" + name + "'" + catalog.DidYouMean(name, known), Hint: "the statuses are " + stateNames()}
		}
		f.States = append(f.States, hooks.State(name))
	}
	var err error
	if o.since != "" {
		f.Since, err = usage.Since(o.since, now)
	}
	return f, err
}

func list(env *environment.Env, o *options) error {
	f, err := o.filter(env.Now())
	if err != nil {
		return err
	}
	return o.WithStore(env, func(ctx context.Context, _ *serve.Schedules, db *store.DB) error {
		events := hooks.NewEvents(db)
		if o.outgoing {
			return o.listOutgoing(ctx, env, events)
		}
		var name *string
		if len(o.Args) == 1 {
			h, err := o.known(ctx, events, o.Args[0])
			if err != nil {
				return err
			}
			name, f.Hook = &h, h
		}
		if o.refused {
			return o.listRefused(ctx, env, events, name)
		}
		if name == nil && len(f.States) == 0 && f.Since.IsZero() {
			return o.listWebhooks(ctx, env, events)
		}
		if o.limit > 0 {
			f.Limit = o.limit + 1 // to know whether there are more
		}
		found, err := events.List(ctx, f)
		if err != nil {
			return err
		}
		more := o.limit > 0 && len(found) > o.limit
		if more {
			found = found[:o.limit]
		}
		if o.json {
			return printing.JSON(env.Stdout, view.EventsForm(found))
		}
		err = printing.List(env, found, o.None("no events found in"), view.EventColumns, func(e *hooks.Event) []string { return view.EventOf(e).Cells() })
		if more {
			fmt.Fprintln(env.Stderr, "there are more events; -n 0 lists all of them")
		}
		return err
	})
}

// known returns the name of a webhook that is configured or has events, given its name or path.
func (o *options) known(ctx context.Context, events *hooks.Events, name string) (string, error) {
	totals, err := events.Totals(ctx)
	if err != nil {
		return "", err
	}
	if _, ok := totals[name]; ok {
		return name, nil
	}
	h, err := o.one(o.Config, name)
	if err != nil {
		return "", err
	}
	return h.Name, nil
}

func (o *options) listWebhooks(ctx context.Context, env *environment.Env, events *hooks.Events) error {
	totals, err := events.Totals(ctx)
	if err != nil {
		return err
	}
	all := view.Webhooks(configured(o.Config), totals, env.Now())
	if o.json {
		return printing.JSON(env.Stdout, view.WebhookForm(all))
	}
	return printing.List(env, all, "no webhooks: write [[webhook]] in phscript.toml; see 'phscript doc webhooks'", view.WebhookColumns, view.Webhook.Cells)
}

func (o *options) listRefused(ctx context.Context, env *environment.Env, events *hooks.Events, name *string) error {
	refused, err := events.Refusals(ctx, name)
	if err != nil {
		return err
	}
	if o.json {
		return printing.JSON(env.Stdout, view.RefusedForm(refused))
	}
	return printing.List(env, refused, o.None("no message was refused, according to"), view.RefusedColumns, func(r hooks.Refusal) []string { return view.RefusedOf(r).Cells() })
}

func (o *options) listOutgoing(ctx context.Context, env *environment.Env, events *hooks.Events) error {
	found, err := events.Messages(ctx)
	if err != nil {
		return err
	}
	list := view.OutgoingOf(found)
	if o.json {
		return printing.JSON(env.Stdout, view.OutgoingForm(list))
	}
	return printing.List(env, list, o.None("no outgoing messages in"), view.OutgoingColumns, view.Outgoing.Cells)
}

func show(env *environment.Env, o *options) error {
	if o.recipe != "" {
		if len(o.Args) > 0 {
			return &usage.Error{Message: "--recipe is about a webhook and not about an event", Hint: "leave out " + o.Args[0]}
		}
		c, _, err := o.Look(env)
		if err != nil {
			return err
		}
		h, err := o.one(c, o.recipe)
		if err != nil {
			return err
		}
		return printing.Text(env.Stdout, h.Recipe())
	}
	if len(o.Args) == 0 {
		return &usage.Error{Message: "no event given", Hint: "give the number of an event, which 'phscript hooks list WEBHOOK' shows, or --recipe NAME"}
	}
	id, err := o.eventID(o.Args[0])
	if err != nil {
		return err
	}
	return o.WithStore(env, func(ctx context.Context, _ *serve.Schedules, db *store.DB) error {
		e, err := hooks.NewEvents(db).Get(ctx, id)
		if err != nil {
			return o.found(id, err)
		}
		switch {
		case o.body && e.NoBody:
			return &usage.Error{Message: fmt.Sprintf("the body of event %d was deleted", id)}
		case o.body:
			plain, err := hooks.Inflate(hooks.Encoding(e.Header), e.Body, hooks.LargestBody)
			if err == nil {
				_, err = env.Stdout.Write(plain)
			}
			return err
		case o.json:
			return printing.JSON(env.Stdout, view.EventForm(e))
		}
		return printing.Lines(env, view.EventLines(e))
	})
}
