// Package state is phscript state: it backs the store up, and restores it.
package state

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/dustin/go-humanize/english"
	"github.com/spf13/cobra"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/storage"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/serve"
	"github.com/phscript/phscript/runtime/internal/store"
)

type options struct {
	storage.Options
	force bool
}

// New returns the command state.
func New(env *environment.Env) *cobra.Command {
	group := usage.Group("state", "Back up and restore what phscript keeps",
		"state works on the file that holds schedules, the history of runs, checkpoints and the shared quota.\n"+
			"Back up a PostgreSQL database with pg_dump.")
	storage.AddCommand(env, group, "backup FILE", "Write a copy of the store to a file", usage.OneFile, backUp, nil).Long = "backup writes a copy of the store to FILE, which must not exist. You can run it at any time, even while\n" +
		"'phscript serve' is running."
	storage.AddCommand(env, group, "restore FILE", "Replace the store with a copy", usage.OneFile, restoreState, func(cmd *cobra.Command, o *options) {
		cmd.Flags().BoolVar(&o.force, "force", false, "Restore even if a 'phscript serve' was seen within the last minute")
	}).Long = "restore checks a copy that 'phscript state backup' wrote and replaces the store with it. The old store is\n" +
		"kept beside it. Stop 'phscript serve' first."
	return group
}

// file returns where the store's file is.
func (o *options) file(env *environment.Env) (string, error) {
	_, location, err := o.Look(env)
	if err == nil && store.IsPostgres(location) {
		err = &usage.Error{
			Message: "the store is a PostgreSQL database; use its own tools",
			Hint:    "pg_dump --format=custom --file=phscript.dump writes a copy, pg_restore --clean restores it",
		}
	}
	return location, err
}

func backUp(env *environment.Env, o *options) error {
	location, err := o.file(env)
	if err != nil {
		return err
	}
	ctx := context.Background()
	size, err := store.Backup(ctx, location, env.Path(o.Args[0]))
	if err != nil {
		return err
	}
	fmt.Fprintf(env.Stdout, "%s is a copy of %s (%d KiB)\n", o.Args[0], location, (size+1023)/1024)
	return nil
}

func restoreState(env *environment.Env, o *options) error {
	location, err := o.file(env)
	if err != nil {
		return err
	}
	ctx := context.Background()
	file := env.Path(o.Args[0])
	if err := store.Verify(ctx, file); err != nil {
		return err
	}
	if !o.force {
		if err := nobodyServes(ctx, location); err != nil {
			return err
		}
	}
	old, err := store.Restore(ctx, file, location, env.Now())
	if err != nil {
		return err
	}
	lost, err := settle(ctx, location)
	if err != nil {
		return err
	}
	fmt.Fprintf(env.Stdout, "restored %s from %s\n", location, o.Args[0])
	if lost > 0 {
		fmt.Fprintf(env.Stdout, "%s in progress when the backup was made: now marked as lost\n", english.Plural(lost, "run was", "runs were"))
	}
	if old != "" {
		fmt.Fprintf(env.Stdout, "the old store is kept as %s\n", old)
	}
	return nil
}

// settle ends what a restored store says is in progress.
func settle(ctx context.Context, location string) (lost int, err error) {
	db, err := store.Open(ctx, location)
	if err != nil {
		return 0, err
	}
	engine, err := serve.NewEngine(ctx, db, slog.New(slog.DiscardHandler))
	if err == nil {
		lost, err = serve.NewSchedules(db, engine).Restored(ctx)
	}
	return lost, errors.Join(err, db.Close())
}

// nobodyServes fails while a process serves the store. A store that cannot be
// read is served by nobody.
func nobodyServes(ctx context.Context, location string) error {
	if !store.FileExists(location) {
		return nil
	}
	db, err := store.Open(ctx, location)
	if err != nil {
		if _, ok := errors.AsType[*store.Error](err); ok {
			return nil
		}
		return err
	}
	servers, err := serve.Servers(ctx, db)
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	for _, s := range servers {
		if s.Live {
			return &usage.Error{
				Message: "'phscript serve' is using the store: " + s.Name,
				Hint:    "stop it first; if it crashed, wait a minute or add --force",
			}
		}
	}
	return nil
}
