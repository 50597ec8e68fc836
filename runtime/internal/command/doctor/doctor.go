// Package doctor is phscript doctor: it checks what runs need, and says what to do about
// what is missing.
package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/dustin/go-humanize/english"
	"github.com/spf13/cobra"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/host"
	"github.com/phscript/phscript/runtime/internal/command/printing"
	"github.com/phscript/phscript/runtime/internal/command/storage"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/display"
	"github.com/phscript/phscript/runtime/internal/fault"
	"github.com/phscript/phscript/runtime/internal/redact"
	"github.com/phscript/phscript/runtime/internal/serve"
	"github.com/phscript/phscript/runtime/internal/store"
	"github.com/phscript/phscript/runtime/internal/view"
)

// box is how long one check may take, and whole how long all may take together. Reading a
// page of each stream of a connector may take longer.
const (
	box    = 5 * time.Second
	whole  = 2 * time.Minute
	bigBox = 30 * time.Second
	// patience is for a program that prints the token, and may ask a person.
	patience = 35 * time.Second
	leeway   = time.Second
	mostAge  = time.Minute
)

type options struct {
	storage.Options
	profile             string
	allowHost, allowNet []string
	connectors, json    bool
	// These are not shown: tests do not wait for seconds.
	box time.Duration
}

// New returns the command doctor.
func New(env *environment.Env) *cobra.Command {
	o := &options{}
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check that scripts can run here, and say what to do if not",
		Long: "doctor checks the configuration, Planhat's token and hosts, this machine's clock, the store and the quota,\n" +
			"the permissions of files, the scripts and their schedules, the account's schema, the editor setup, and\n" +
			"the connectors that scripts use or whose credentials are set.\n\n" +
			"It changes nothing. Planhat gets one small request, and each other system one for a page of records.\n" +
			"With --connectors, doctor reads a page of each stream, maps its records and looks some up in Planhat.\n\n" +
			"Exit codes: 0 no errors, 1 errors, which stop runs, 2 usage.",
		Example: "  phscript doctor\n  phscript doctor --connectors\n  phscript doctor --json",
		Args:    usage.NoArguments,
		RunE:    func(*cobra.Command, []string) error { return examine(env, o) },
	}
	f := cmd.Flags()
	f.BoolVar(&o.connectors, "connectors", false, "Read the first records of each stream of the connectors")
	host.AddAllowHost(cmd, &o.allowHost)
	f.StringSliceVar(&o.allowNet, "allow-net", nil, "Let connectors send HTTP requests to `HOST`")
	o.AddPlaces(f)
	usage.AddProfile(f, &o.profile)
	usage.AddJSON(cmd, &o.json)
	usage.Duration(f, &o.box, "box", box, "")
	_ = f.MarkHidden("box")
	usage.CompleteNothing(cmd, "allow-net")
	return cmd
}

// doctor makes the checks of one call.
type doctor struct {
	env     *environment.Env
	options *options
	// config is empty if it cannot be read, and unread is why.
	config config.Config
	unread error
	// tokens are where the tokens are, and unchosen is why there is no profile, or why a
	// token cannot be read.
	tokens   host.Sources
	unchosen error
	// refused is set if Planhat cannot be asked, or does not accept the token.
	refused atomic.Bool
	// location is where the store is, "" if that cannot be told or if there is none, for
	// the reason unstored. exists reports whether it has been created.
	location string
	unstored error
	exists   bool
	loader   *serve.Loader
	// current is set if the store has the tables of this program.
	current atomic.Bool
	secrets *redact.Secrets
	groups  []view.CheckupGroup
}

// lines collects what the checks of a group find.
type lines []view.CheckupLine

func (l *lines) add(level view.Level, check, message, hint string) {
	*l = append(*l, view.CheckupLine{Check: check, Level: level, Message: message, Hint: hint})
}

func (l *lines) ok(check, format string, args ...any) {
	l.add(view.LevelOK, check, fmt.Sprintf(format, args...), "")
}

func (l *lines) warn(check, message, hint string) { l.add(view.LevelWarning, check, message, hint) }

// fail adds an error with its own advice, or else with the hint.
func (l *lines) fail(check string, err error, hint string) {
	l.add(view.LevelError, check, err.Error(), cmp.Or(hintOf(err), hint))
}

func hintOf(err error) string {
	var hinter interface{ ErrorHint() string }
	if errors.As(err, &hinter) {
		return hinter.ErrorHint()
	}
	return ""
}

// examine makes all checks and prints what they found.
func examine(env *environment.Env, o *options) error {
	ctx, cancel := context.WithTimeout(context.Background(), whole)
	defer cancel()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	signals, ignore := env.Interrupts()
	defer ignore()
	go func() {
		select {
		case s := <-signals:
			stop(fault.StoppedBy(s))
		case <-ctx.Done():
		}
	}()
	d := &doctor{env: env, options: o, secrets: &redact.Secrets{}}
	d.secrets.Keep()
	d.load()
	d.group(ctx, "configuration", max(o.box, patience), d.configuration)
	d.group(ctx, "store", 2*o.box, d.store)
	d.group(ctx, "planhat", 3*o.box, d.planhat)
	d.group(ctx, "files", o.box, d.files)
	d.group(ctx, "scripts", 2*o.box, d.scripts)
	d.group(ctx, "schema", o.box, d.schema)
	d.group(ctx, "editor", o.box, d.editor)
	d.connectors(ctx)
	if stopped, ok := errors.AsType[fault.Exiter](context.Cause(ctx)); ok {
		return &usage.Finished{Code: stopped.ExitCode()}
	}
	found := view.CheckupForm(d.groups)
	if err := d.print(found); err != nil {
		return err
	}
	if !found.OK {
		return &usage.Finished{Code: fault.ExitScript}
	}
	return nil
}

// load reads the configuration and finds the store.
func (d *doctor) load() {
	d.config, d.unread = config.Load(d.options.ConfigFile, d.env.Dir, d.env.ReadConfig, d.env.Getenv)
	if d.unread != nil {
		// What the environment says still holds.
		file := d.config.File
		d.config, _ = config.Load("", d.env.Dir, func(string) ([]byte, error) { return nil, fs.ErrNotExist }, d.env.Getenv)
		d.config.File = file
	}
	if d.unread == nil {
		d.tokens, d.unchosen = host.Choose(d.env, &d.config, d.options.profile, false)
	}
	c := d.config
	d.location, d.unstored = storage.Location(d.env, d.options.State, c)
	for _, secret := range []string{c.APIToken, c.TenantToken, store.Password(c.State), store.Password(d.location)} {
		d.secrets.Add(secret)
	}
	d.exists = d.unstored == nil && (store.IsPostgres(d.location) || store.FileExists(d.location))
	file := c.File
	if file == "" {
		file = filepath.Join(d.env.Dir, config.FileName)
	}
	d.loader = d.newLoader(file)
}

// group makes the checks of a group. If they take too long, the group says so, and they
// are left behind.
func (d *doctor) group(ctx context.Context, name string, limit time.Duration, check func(ctx context.Context) lines) {
	if ctx.Err() != nil {
		d.groups = append(d.groups, view.CheckupGroup{Name: name, Checks: lines{{Check: name, Level: view.LevelWarning, Message: "not checked: the other checks took too long"}}})
		return
	}
	bounded, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	done := make(chan lines, 1)
	go func() { done <- check(bounded) }()
	late := time.NewTimer(limit + leeway)
	defer late.Stop()
	var found lines
	select {
	case found = <-done:
	case <-ctx.Done():
		return
	case <-late.C:
		found.warn(name, fmt.Sprintf("not checked: it took longer than %s", limit+leeway), "")
	}
	for i := range found {
		found[i].Message, found[i].Hint = d.secrets.String(found[i].Message), d.secrets.String(found[i].Hint)
	}
	d.groups = append(d.groups, view.CheckupGroup{Name: name, Checks: append(lines{}, found...)})
}

// marks are how levels are shown to people.
var marks = map[view.Level]string{view.LevelOK: "OK   ", view.LevelWarning: "WARN ", view.LevelError: "ERROR"}

func (d *doctor) print(found view.Checkup) error {
	if d.options.json {
		return printing.JSON(d.env.Stdout, found)
	}
	var b strings.Builder
	for i, g := range found.Groups {
		if i > 0 {
			b.WriteString("\n")
		}
		b.WriteString(title(g.Name) + "\n")
		for _, line := range g.Checks {
			fmt.Fprintf(&b, "  %s  %s\n", marks[line.Level], strings.ReplaceAll(display.Text(line.Message), "\n", "\n         "))
			if line.Hint != "" {
				fmt.Fprintf(&b, "         %s\n", display.Text(line.Hint))
			}
		}
	}
	if found.Errors+found.Warnings == 0 {
		b.WriteString("\nEverything is in order.\n")
	} else {
		fmt.Fprintf(&b, "\n%s, %s.\n", english.Plural(found.Errors, "error", ""), english.Plural(found.Warnings, "warning", ""))
	}
	return printing.Text(d.env.Stdout, b.String())
}

// title is the name of a group for people.
func title(group string) string {
	if system, ok := strings.CutPrefix(group, connectorGroup); ok {
		return "Connector " + system
	}
	return strings.ToUpper(group[:1]) + group[1:]
}
