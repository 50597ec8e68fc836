// Package connect is phscript connect: it connects another system, and writes the script
// that synchronizes it.
package connect

import (
	"bufio"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/builtins"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/host"
	"github.com/phscript/phscript/runtime/internal/command/usage"
)

type options struct {
	host.Options
	system string
	set    []string
	base   string
	way    string
}

// New returns the command connect.
func New(env *environment.Env) *cobra.Command {
	o := &options{}
	cmd := &cobra.Command{
		Use:   "connect [SYSTEM]",
		Short: "Connect another system, such as HubSpot, to Planhat",
		Long: "connect says what to do in the other system, asks for its credentials, and reads a few records to check\n" +
			"them. It stores the credentials encrypted in the state directory, and writes a script, with a schedule,\n" +
			"and a test. Nothing is written to Planhat or to the system.\n\n" +
			"Without SYSTEM, it lists the systems. SYSTEM can also be the file or module of a connector that you\n" +
			"wrote. Credentials in environment variables are used and not stored.",
		Example: "  phscript connect\n" +
			"  phscript connect hubspot\n" +
			"  phscript connect ./harbor.lua",
		Args: cobra.MaximumNArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return Systems(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return list(env)
			}
			o.system = args[0]
			return connect(env, o)
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&o.set, "set", nil, "Give a setting of the account as `NAME=VALUE`")
	f.StringVar(&o.way, "way", "", "Connect in the way `NAME`, if the system has several")
	f.StringVar(&o.State, "state", "", "Store the credentials in `FILE` or a postgres:// address (default a file in the state directory)")
	f.StringVar(&o.base, "base", "", "Connect to `URL` in place of the system's own address")
	f.StringSliceVar(&o.AllowNet, "allow-net", nil, "Let the connector send HTTP requests to `HOST`, for --base")
	usage.AddConfig(f, &o.ConfigFile)
	usage.AddProfile(f, &o.ProfileName)
	usage.CompleteNothing(cmd, "set", "base", "allow-net", "way")
	return cmd
}

// Systems are the names of the systems that can be connected.
func Systems() []string {
	connected, _ := builtins.Connectors()
	return connected
}

// unconnected says what to do with a connector that needs no connection.
func unconnected(name string) (message, hint string) {
	return name + " needs no connection", "write a script that uses it, see 'phscript doc connectors/" + name + "'"
}

func list(env *environment.Env) error {
	connected, others := builtins.Connectors()
	for _, name := range connected {
		fmt.Fprintln(env.Stdout, name)
	}
	fmt.Fprintln(env.Stdout, "\nTo connect one: phscript connect NAME")
	for _, name := range others {
		message, hint := unconnected(name)
		fmt.Fprintf(env.Stdout, "%s: %s\n", message, hint)
	}
	return nil
}

// system is how a system is connected, as the module connector.setup describes it.
type system struct {
	*source
	title, base, script, test string
	ways                      []way
	settings                  []entry
	// hosts are those that it reaches.
	hosts []string
}

// way is what to do in the system, and which credentials are needed then.
type way struct {
	name, title string
	steps       []string
	credentials []entry
	settings    []entry
	// set are settings that choose this way.
	set map[string]string
}

// entry is a credential or a setting. A credential can be shown while it is typed, or be
// the text of a file.
type entry struct {
	name, what  string
	shown, file bool
}

func connect(env *environment.Env, o *options) error {
	from, err := find(env, o.system)
	if err != nil {
		return err
	}
	c, err := o.Settings(env)
	if err != nil {
		return err
	}
	opened, err := o.Open(env, c)
	if err != nil {
		return err
	}
	defer opened.Close()
	ctx, _, release := env.Interruptible()
	defer release()
	rt, err := from.runtime(ctx, env, opened, way{}, opened.Credentials().Get)
	if err != nil {
		return err
	}
	s, err := describe(ctx, rt, from)
	if err != nil {
		return err
	}
	fmt.Fprintf(env.Stdout, "Connect %s\n\n", s.title)
	if s.own() {
		fmt.Fprintf(env.Stdout, "%s gets what you enter, and reaches %s\n\n", s.file, strings.Join(s.hosts, ", "))
	}
	in := bufio.NewReader(env.Typed(ctx))
	w, err := o.choose(ctx, env, opened, s, in)
	if err != nil {
		return err
	}
	for i, step := range w.steps {
		fmt.Fprintf(env.Stdout, "%d. %s\n", i+1, step)
	}
	fmt.Fprintln(env.Stdout)
	given, err := ask(ctx, env, opened, s, w, in)
	if err != nil {
		return err
	}
	settings, err := o.settings(env, s, w, in)
	if err != nil {
		return err
	}
	if o.base != "" {
		settings["base"] = o.base
	}
	if err := o.check(ctx, env, opened, s, w, given, settings); err != nil {
		return err
	}
	for _, one := range given {
		if err := s.credentials(opened).Set(ctx, one.name, one.what); err != nil {
			return err
		}
		fmt.Fprintf(env.Stdout, "stored %s, encrypted\n", one.name)
	}
	if err := forgetOthers(ctx, env, opened, s, w); err != nil {
		return err
	}
	return o.write(env, s, w, settings)
}

// describe asks the connector how its system is connected.
func describe(ctx context.Context, rt *runtime.Runtime, from *source) (*system, error) {
	module := "nil"
	if from.own() {
		module = fmt.Sprintf("%q", from.module)
	}
	result, err := rt.Run(ctx, from.script(fmt.Sprintf("return require('connector.setup').describe(%q, %s)", from.name, module), nil))
	if err != nil {
		return nil, err
	}
	t, _ := result.Values[0].(map[string]any)
	if t["missing"] == true {
		return nil, &usage.Error{
			Message: fmt.Sprintf("%s does not say how %s is connected", from.file, from.name),
			Hint:    fmt.Sprintf("declare it there with connector.setup, under the name %s: see 'phscript doc connectors#write-a-connector'", from.name),
		}
	}
	text := func(name string) string { s, _ := t[name].(string); return s }
	s := &system{source: from, title: text("title"), base: text("base"), script: text("script"), test: text("test")}
	ways, _ := t["ways"].([]any)
	for _, one := range ways {
		t, _ := one.(map[string]any)
		w := way{credentials: entries(t["credentials"]), settings: entries(t["settings"]), set: map[string]string{}}
		set, _ := t["set"].(map[string]any)
		for name, value := range set {
			w.set[name] = fmt.Sprint(value)
		}
		w.name, _ = t["name"].(string)
		w.title, _ = t["title"].(string)
		steps, _ := t["steps"].([]any)
		for _, step := range steps {
			w.steps = append(w.steps, fmt.Sprint(step))
		}
		s.ways = append(s.ways, w)
	}
	s.settings = entries(t["settings"])
	hosts, _ := t["hosts"].([]any)
	for _, host := range hosts {
		s.hosts = append(s.hosts, fmt.Sprint(host))
	}
	return s, from.permitted(s.ways)
}

func entries(v any) (list []entry) {
	all, _ := v.([]any)
	for _, one := range all {
		if t, ok := one.(map[string]any); ok {
			list = append(list, entry{fmt.Sprint(t["name"]), fmt.Sprint(t["what"]), t["shown"] == true, t["file"] == true})
		}
	}
	return list
}

// settings returns the settings of the account, from the flags or the terminal.
func (o *options) settings(env *environment.Env, s *system, w way, in *bufio.Reader) (map[string]string, error) {
	values, asked := maps.Clone(w.set), slices.Concat(s.settings, w.settings)
	for _, text := range o.set {
		name, value, ok := strings.Cut(text, "=")
		if !ok || !slices.ContainsFunc(asked, func(e entry) bool { return e.name == name }) {
			return nil, &usage.Error{Message: fmt.Sprintf("--set %s: write it as NAME=VALUE with a setting of %s", text, s.title)}
		}
		values[name] = strings.TrimSpace(value)
	}
	for _, one := range asked {
		if values[one.name] != "" {
			continue
		}
		if !env.OnTerminal() {
			return nil, &usage.Error{Message: "the setting " + one.name + " is missing", Hint: fmt.Sprintf("pass its value with --set: %s", one.what)}
		}
		fmt.Fprintf(env.Stdout, "%s (%s): ", one.name, one.what)
		line, err := in.ReadString('\n')
		if err != nil {
			return nil, err
		}
		values[one.name] = strings.TrimSpace(line)
	}
	return values, nil
}

// check reads the first records of each stream with what was given.
func (o *options) check(ctx context.Context, env *environment.Env, opened *host.Opened, s *system, w way, given []entry, settings map[string]string) error {
	stored := s.credentials(opened)
	rt, err := s.runtime(ctx, env, opened, w, func(ctx context.Context, name string) (string, error) {
		for _, one := range given {
			if one.name == name {
				return one.what, nil
			}
		}
		if slices.Contains(s.others(w), name) {
			return "", nil
		}
		return stored.Get(ctx, name)
	})
	if err != nil {
		return err
	}
	var hosts []string
	if s.own() {
		hosts = s.hosts
	}
	result, err := rt.Run(ctx, s.source.script(fmt.Sprintf("return require('connector.setup').check(%q, %s)", s.name, table(settings)), hosts))
	if err != nil {
		return err
	}
	results, _ := result.Values[0].([]any)
	failed := 0
	for _, one := range results {
		t, _ := one.(map[string]any)
		ok, _ := t["ok"].(bool)
		mark := "ok    "
		if !ok {
			mark = "failed"
			failed++
		}
		fmt.Fprintf(env.Stdout, "%s  %v: %v\n", mark, t["stream"], t["message"])
		if hint, _ := t["hint"].(string); hint != "" {
			fmt.Fprintf(env.Stdout, "        %s\n", hint)
		}
	}
	if failed > 0 {
		return &usage.Failure{Message: fmt.Sprintf("%s is not connected: nothing was stored or written", s.title), Hint: "correct what failed, and run the command again"}
	}
	return nil
}
