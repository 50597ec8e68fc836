package history

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/store"
)

// CommandLost is how long a command may be silent before its run counts as lost.
const CommandLost = time.Minute

// Begin stores the run of a command, which has begun, and sets its number. The worker is
// the process.
func (h *History) Begin(ctx context.Context, r *Run, worker string) error {
	return h.db.InTx(ctx, func(tx *store.Tx) error {
		var now int64
		if err := tx.QueryRowContext(ctx, "SELECT "+h.db.Now()).Scan(&now); err != nil {
			return err
		}
		r.Due, r.Status, r.Definition = time.UnixMicro(now), Queued, config.Schedule{Script: r.Script, Profile: r.Definition.Profile}
		added, err := h.Add(ctx, tx, r)
		if err == nil && !added {
			err = fmt.Errorf("the run of %s could not be added", r.Script)
		}
		if err == nil {
			err = store.Exec(ctx, tx, `UPDATE phscript_run SET script_hash = ? WHERE id = ?`, r.ScriptHash, r.ID)
		}
		if err == nil {
			_, err = h.Claim(ctx, tx, r.ID, worker)
		}
		return err
	})
}

// LoseCommands marks the runs of commands as lost whose process has been silent too long,
// such as after kill -9.
func (h *History) LoseCommands(ctx context.Context) error {
	silent := ` WHERE ` + open + ` AND status = ? AND seen_at < ` + h.db.Now() + ` - ? AND cause IN (?` + strings.Repeat(`, ?`, len(commands)-1) + `)`
	values := []any{Running, CommandLost.Microseconds()}
	for _, c := range commands {
		values = append(values, c)
	}
	if some, err := store.Exists(ctx, h.db, `FROM phscript_run`+silent, values...); err != nil || !some {
		return err
	}
	return h.db.InTx(ctx, func(tx *store.Tx) error {
		return store.Exec(ctx, tx, `UPDATE phscript_run SET status = ?, reason = 'its process, ' || worker || ', is gone; the run''s progress is unknown',
			calls = ?, written = ?, rejected = ?, ended_at = `+h.db.Now()+silent, append([]any{Lost, Unknown, Unknown, Unknown}, values...)...)
	})
}

// Conclude stores how the run of a command ended, also if it was taken for lost.
func (h *History) Conclude(ctx context.Context, id int64, e End) error {
	e.Reason, e.Error, e.Hint = storable(e.Reason), storable(e.Error), storable(e.Hint)
	done, err := h.Finish(ctx, h.db, id, e, Running)
	if err == nil && !done {
		_, err = h.Finish(ctx, h.db, id, e, Lost)
	}
	return err
}

// storable replaces what a database does not accept in text.
func storable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}
