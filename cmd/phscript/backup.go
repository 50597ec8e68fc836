package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/phscript/phscript/runtime/serve"
	"github.com/phscript/phscript/runtime/store"
)

type backupOptions struct {
	stateOptions
	file  string
	force bool
}

func newState(env *environment) *cobra.Command {
	parent := &cobra.Command{
		Use:   "state",
		Short: "Back up and restore what phscript keeps",
		Long: "state works on the file in which schedules, the history of runs, checkpoints and the shared quota are\n" +
			"kept. A PostgreSQL database is backed up with PostgreSQL's own pg_dump.",
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	add := func(use, short, long string, run func(*environment, *backupOptions) error) (*cobra.Command, *backupOptions) {
		o := &backupOptions{}
		cmd := &cobra.Command{Use: use, Short: short, Long: long, Args: oneFile, RunE: func(_ *cobra.Command, args []string) error {
			o.file = args[0]
			return run(env, o)
		}}
		o.addFlags(cmd.Flags())
		parent.AddCommand(cmd)
		return cmd, o
	}
	add("backup FILE", "Write a copy of the store to a file",
		"backup writes a copy of the store to FILE, which must not exist. It may be taken at any time, also while\n"+
			"'phscript serve' is at work.", backUp)
	restore, o := add("restore FILE", "Put a copy in the place of the store",
		"restore checks a copy that 'phscript state backup' has written, and puts it in the place of the store. The\n"+
			"old store is kept beside it. 'phscript serve' has to be stopped.", restoreState)
	restore.Flags().BoolVar(&o.force, "force", false, "also where a 'phscript serve' was seen just now, such as one on a machine that is gone")
	return parent
}

// oneFile demands the name of a file.
func oneFile(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return &usageError{message: "one file has to be named", hint: "write " + cmd.UseLine()}
	}
	return nil
}

// location returns where the store's file is.
func (o *backupOptions) location(env *environment) (string, error) {
	_, location, err := o.look(env)
	if err == nil && store.IsPostgres(location) {
		err = &usageError{
			message: "the store is a PostgreSQL database, which has its own tools",
			hint:    "pg_dump --format=custom --file=phscript.dump writes a copy, pg_restore --clean brings it back",
		}
	}
	return location, err
}

func backUp(env *environment, o *backupOptions) error {
	location, err := o.location(env)
	if err != nil {
		return err
	}
	ctx := context.Background()
	size, err := store.Backup(ctx, location, env.path(o.file))
	if err != nil {
		return err
	}
	fmt.Fprintf(env.stdout, "%s is a copy of %s (%d KiB)\n", o.file, location, (size+1023)/1024)
	return nil
}

func restoreState(env *environment, o *backupOptions) error {
	location, err := o.location(env)
	if err != nil {
		return err
	}
	ctx := context.Background()
	file := env.path(o.file)
	if err := store.Verify(ctx, file); err != nil {
		return err
	}
	if !o.force {
		if err := nobodyServes(ctx, location); err != nil {
			return err
		}
	}
	old, err := store.Restore(ctx, file, location, env.now())
	if err != nil {
		return err
	}
	fmt.Fprintf(env.stdout, "%s is restored from %s\n", location, o.file)
	if old != "" {
		fmt.Fprintf(env.stdout, "the store that was there is kept as %s\n", old)
	}
	return nil
}

// nobodyServes fails while a process serves the store. A store that cannot be
// read is served by nobody.
func nobodyServes(ctx context.Context, location string) error {
	if !store.Exists(location) {
		return nil
	}
	db, err := store.Open(ctx, location)
	if err != nil {
		var final *store.Error
		if errors.As(err, &final) {
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
			return &usageError{
				message: "'phscript serve' is at work with the store: " + s.Name,
				hint:    "stop it first; where it is gone without having been stopped, wait a minute or add --force",
			}
		}
	}
	return nil
}
