package command

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/phscript/phscript/runtime/internal/serve"
	"github.com/phscript/phscript/runtime/internal/store"
)

type backupOptions struct {
	stateOptions
	force bool
}

func newState(env *environment) *cobra.Command {
	group := commandGroup("state", "Back up and restore what phscript keeps",
		"state works on the file in which schedules, the history of runs, checkpoints and the shared quota are\n"+
			"kept. A PostgreSQL database is backed up with PostgreSQL's own pg_dump.")
	addStoreCommand(env, group, "backup FILE", "Write a copy of the store to a file", oneFile, backUp, nil).Long = "backup writes a copy of the store to FILE, which must not exist. It may be taken at any time, also while\n" +
		"'phscript serve' is at work."
	addStoreCommand(env, group, "restore FILE", "Put a copy in the place of the store", oneFile, restoreState, func(cmd *cobra.Command, o *backupOptions) {
		cmd.Flags().BoolVar(&o.force, "force", false, "also where a 'phscript serve' was seen just now, such as one on a machine that is gone")
	}).Long = "restore checks a copy that 'phscript state backup' has written, and puts it in the place of the store. The\n" +
		"old store is kept beside it. 'phscript serve' has to be stopped."
	return group
}

// file returns where the store's file is.
func (o *backupOptions) file(env *environment) (string, error) {
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
	location, err := o.file(env)
	if err != nil {
		return err
	}
	ctx := context.Background()
	size, err := store.Backup(ctx, location, env.path(o.args[0]))
	if err != nil {
		return err
	}
	fmt.Fprintf(env.stdout, "%s is a copy of %s (%d KiB)\n", o.args[0], location, (size+1023)/1024)
	return nil
}

func restoreState(env *environment, o *backupOptions) error {
	location, err := o.file(env)
	if err != nil {
		return err
	}
	ctx := context.Background()
	file := env.path(o.args[0])
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
	fmt.Fprintf(env.stdout, "%s is restored from %s\n", location, o.args[0])
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
