// Package schema is phscript schema: it reads what the tenant has (custom fields, phases,
// users and workflows) into a file of the project.
package schema

import (
	"cmp"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/dustin/go-humanize/english"
	"github.com/spf13/cobra"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/host"
	"github.com/phscript/phscript/runtime/internal/command/printing"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/display"
	tenant "github.com/phscript/phscript/runtime/internal/schema"
	"github.com/phscript/phscript/runtime/internal/view"
)

// exitDifferences is the exit code of diff if there are differences.
const exitDifferences = 10

// New returns the command schema.
func New(env *environment.Env) *cobra.Command {
	cmd := usage.Group("schema", "Save the custom fields and values of your Planhat account in a file",
		"schema reads the custom fields, phases, users and workflows of your Planhat account into a file,\n"+
			tenant.FileName+" beside phscript.toml. Commit it: 'phscript check', completion, editors and runs\n"+
			"use it to find misspelled custom fields and wrong values before a call is made.")
	cmd.Example = "  phscript schema pull\n  phscript schema diff\n  phscript schema show company"
	cmd.AddCommand(newPull(env), newDiff(env), newShow(env))
	return cmd
}

type pullOptions struct {
	host.Options
	emails, force bool
}

func newPull(env *environment.Env) *cobra.Command {
	o := &pullOptions{}
	cmd := &cobra.Command{
		Use:   "pull",
		Short: "Read the account's custom fields, phases, users and workflows into the file",
		Long: "pull reads custom fields, users and workflows, and the phases that companies have, and writes them to\n" +
			tenant.FileName + " beside phscript.toml, or to the file that the setting schema names. An unchanged\n" +
			"account gives the same file. It holds the names of your team, but no e-mail addresses without --emails.\n\n" +
			"It makes one call each for custom fields, users and workflows, and one for each 5,000 companies.",
		Example: "  phscript schema pull\n  phscript schema pull --emails",
		Args:    usage.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.Given(cmd.Flags()); err != nil {
				return err
			}
			return o.pull(env)
		},
	}
	o.AddConnectionFlags(cmd)
	cmd.Flags().BoolVar(&o.emails, "emails", false, "Keep the e-mail addresses of users as well")
	cmd.Flags().BoolVar(&o.force, "force", false, "Replace the schema of another account")
	return cmd
}

// read returns the file as it is, nil if there is none, and what the account has now.
func read(env *environment.Env, o *host.Options, p pulling) (path string, before *tenant.File, now *tenant.Schema, err error) {
	c, err := o.Settings(env)
	if err != nil {
		return "", nil, nil, err
	}
	path = c.SchemaPath(env.Dir)
	if before, err = tenant.Load(path); err != nil && !p.replaces {
		return path, nil, nil, err
	}
	h, err := o.Open(env, c)
	if err != nil {
		return path, before, nil, err
	}
	defer h.Close()
	ctx, stopped, release := env.Interruptible()
	defer release()
	client, done, err := h.Client(ctx, "schema")
	if err != nil {
		return path, before, nil, err
	}
	defer done()
	if before != nil {
		p.before = before.Schema
	}
	p.host = planhatHost(h)
	if o.Simulated {
		p.host = "simulated"
	}
	p.tell = func(text string) { fmt.Fprintln(env.Stderr, "note: "+h.Secrets.String(display.OneLine(text))) }
	if now, err = p.pull(ctx, client); err != nil {
		if by := stopped(); by != nil {
			return path, before, nil, by
		}
		return path, before, nil, err
	}
	return path, before, now, nil
}

// planhatHost is the host of the account.
func planhatHost(h *host.Opened) string {
	u, err := url.Parse(cmp.Or(strings.TrimSpace(h.Config.APIURL), planhat.DefaultBaseURL))
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

func (o *pullOptions) pull(env *environment.Env) error {
	path, before, now, err := read(env, &o.Options, pulling{emails: o.emails, replaces: true})
	if err != nil {
		return err
	}
	name := shortened(env, path)
	if before != nil && !o.force && other(before.Schema, now) {
		return &usage.Failure{
			Message: fmt.Sprintf("%s is the schema of another account (%s); it was not changed", name, before.Tenant.Host),
			Hint:    "name another file with the setting schema, or replace it with --force",
		}
	}
	text := now.Format()
	if before != nil && string(before.Format()) == string(text) {
		if err := os.Chtimes(path, env.Now(), env.Now()); err != nil {
			return printing.NotWritten(name, "the schema", err)
		}
		fmt.Fprintf(env.Stdout, "%s is up to date: %s\n", name, counted(now))
		return nil
	}
	if !env.IsDir(filepath.Dir(path)) {
		return &usage.Error{Message: "there is no folder " + filepath.Dir(path), Hint: "the setting schema needs a file in a folder that exists"}
	}
	if err := printing.WriteWhole(path, text, 0o644, "the schema"); err != nil {
		return err
	}
	if before != nil {
		for _, change := range tenant.Diff(before.Schema, now, true) {
			fmt.Fprintln(env.Stdout, display.OneLine(change.String()))
		}
	}
	fmt.Fprintf(env.Stdout, "wrote %s: %s\n", name, counted(now))
	if env.IsDir(".phscript/types") {
		fmt.Fprintln(env.Stdout, "run 'phscript setup' to update the types of your editor")
	}
	return nil
}

// other reports whether two schemas are not of the same account. An account whose users can
// be read, and that has none, is not the one that had some.
func other(before, now *tenant.Schema) bool {
	return before.Other(now.Tenant.FirstUser) || before.Tenant.FirstUser != "" && now.Tenant.FirstUser == ""
}

func counted(s *tenant.Schema) string {
	return english.WordSeries([]string{
		english.Plural(len(s.Fields), "custom field", ""), english.Plural(len(s.Phases), "phase", ""),
		english.Plural(len(s.Users), "user", ""), english.Plural(len(s.Workflows), "workflow", ""),
	}, "and")
}

// shortened is a path as seen from the working directory, if it is in it.
func shortened(env *environment.Env, path string) string {
	if rel, err := filepath.Rel(env.Dir, path); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return path
}

type diffOptions struct {
	host.Options
	json bool
}

func newDiff(env *environment.Env) *cobra.Command {
	o := &diffOptions{}
	cmd := &cobra.Command{
		Use:   "diff",
		Short: "Show what changed in the account since the last pull",
		Long: "diff reads the account as 'phscript schema pull' does, and prints what is different from the file: + was\n" +
			"added, - was removed, ~ changed. It writes nothing.\n\n" +
			"Exit codes: 0 no differences, 10 differences, and as for 'phscript run' if Planhat cannot be read.",
		Example: "  phscript schema diff\n  phscript schema diff --json",
		Args:    usage.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.Given(cmd.Flags()); err != nil {
				return err
			}
			return o.diff(env)
		},
	}
	o.AddConnectionFlags(cmd)
	usage.AddJSON(cmd, &o.json)
	return cmd
}

func (o *diffOptions) diff(env *environment.Env) error {
	path, before, now, err := read(env, &o.Options, pulling{})
	if err != nil {
		return err
	}
	name := shortened(env, path)
	switch {
	case before == nil:
		return missing(name)
	case other(before.Schema, now):
		return &usage.Failure{
			Message: fmt.Sprintf("%s is the schema of another account (%s)", name, before.Tenant.Host),
			Hint:    "check the token and the setting schema",
		}
	}
	changes := tenant.Diff(before.Schema, now, false)
	if o.json {
		if err := printing.JSON(env.Stdout, view.SchemaDiffForm(changes)); err != nil {
			return err
		}
	} else {
		for _, change := range changes {
			fmt.Fprintln(env.Stdout, display.OneLine(change.String()))
		}
	}
	if len(changes) > 0 {
		fmt.Fprintf(env.Stderr, "%s in the account since the last pull\n", english.Plural(len(changes), "change", ""))
		return &usage.Finished{Code: exitDifferences}
	}
	if !o.json {
		fmt.Fprintf(env.Stdout, "no differences: %s is up to date\n", name)
	}
	return nil
}

func missing(name string) error {
	return &usage.Failure{Message: "there is no schema: " + name + " does not exist", Hint: "run 'phscript schema pull'"}
}
