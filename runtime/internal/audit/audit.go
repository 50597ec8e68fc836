// Package audit records who asked for what: runs, pauses, cancellations, and other acts
// of people.
package audit

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"time"

	"github.com/phscript/phscript/runtime/internal/store"
)

// Actor is a person or a program that asks for something. The zero value is phscript
// itself, whose acts are not recorded.
type Actor struct {
	// Name is what people know it by.
	Name string `json:"name"`
	// Role is what it may do, such as operator; CommandLine for who uses the commands.
	Role string `json:"role"`
	// Address is where the request came from: a network address, or the name of a machine.
	Address string `json:"address"`
}

// CommandLine is the role of those who use phscript's commands. The store itself decides
// what they may do.
const CommandLine = "command line"

// Entry is one act.
type Entry struct {
	ID int64     `json:"id"`
	At time.Time `json:"time"`
	Actor
	// Action is a verb, such as pause. Target is what it was done to, such as schedule
	// nightly or run 12.
	Action string `json:"action"`
	Target string `json:"target"`
	// Detail is what else is known, such as the reason that the actor gave.
	Detail string `json:"detail,omitempty"`
}

// Schedule is the Target for a schedule.
func Schedule(name string) string { return "schedule " + name }

// Run is the Target for a run.
func Run(id int64) string { return "run " + strconv.FormatInt(id, 10) }

// longest is how many bytes of a text are kept.
const longest = 1000

// Record stores an act, usually in the transaction that carries it out. It stores
// nothing for the zero Actor.
func Record(ctx context.Context, tx *store.Tx, e Entry) error {
	if e.Actor == (Actor{}) {
		return nil
	}
	return store.Exec(ctx, tx, `INSERT INTO phscript_audit (at, actor, role, address, action, target, detail) VALUES (`+tx.DB.Now()+`, ?, ?, ?, ?, ?, ?)`,
		Clean(e.Name), Clean(e.Role), Clean(e.Address), Clean(e.Action), Clean(e.Target), Clean(e.Detail))
}

// Clean returns a text that a store accepts: valid UTF-8 without zero bytes, and not too
// long.
func Clean(text string) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
	if len(text) <= longest {
		return text
	}
	return strings.ToValidUTF8(text[:longest], "") + "…"
}

// Filter selects acts. Empty fields select all.
type Filter struct {
	Target string
	// Before is the number of an entry: only earlier ones are listed.
	Before int64
	// Limit is the maximum number of entries, 100 if it is 0.
	Limit int
}

// List returns acts, the latest first.
func List(ctx context.Context, q store.Queryer, f Filter) (list []Entry, err error) {
	where, args := []string{"1 = 1"}, []any{}
	if f.Target != "" {
		where, args = append(where, "target = ?"), append(args, f.Target)
	}
	if f.Before > 0 {
		where, args = append(where, "id < ?"), append(args, f.Before)
	}
	if f.Limit <= 0 {
		f.Limit = 100
	}
	err = store.Each(ctx, q, func(row *sql.Rows) error {
		var e Entry
		var at int64
		err := row.Scan(&e.ID, &at, &e.Name, &e.Role, &e.Address, &e.Action, &e.Target, &e.Detail)
		e.At = time.UnixMicro(at)
		list = append(list, e)
		return err
	}, `SELECT id, at, actor, role, address, action, target, detail FROM phscript_audit WHERE `+strings.Join(where, " AND ")+` ORDER BY id DESC LIMIT `+strconv.Itoa(f.Limit), args...)
	return list, err
}

// kept is how long acts are kept.
const kept = 365 * 24 * time.Hour

// mostPruned is how many acts one statement deletes, so that others can use the store.
const mostPruned = 1000

// Prune deletes acts that are more than a year old.
func Prune(ctx context.Context, db *store.DB) error {
	for {
		// Entries have the order of their time.
		more, err := store.Changed(ctx, db, `DELETE FROM phscript_audit WHERE at < `+db.Now()+` - ? AND id < (SELECT min(id) + ? FROM phscript_audit)`, kept.Microseconds(), mostPruned)
		if err != nil || !more {
			return err
		}
	}
}
