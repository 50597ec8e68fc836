package hooks

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/phscript/phscript/runtime/internal/store"
)

// State is what has happened to an event.
type State string

// The states of an event. It waits, is in a run, and was handled or parked at the end.
const (
	Waiting State = "waiting"
	Running State = "running"
	Handled State = "handled"
	// Parked events failed at every try. They stay until somebody replays or discards them.
	Parked State = "parked"
	// Discarded events were parked, and somebody has decided that no script handles them.
	Discarded State = "discarded"
)

// States are all states, in the order of an event's life.
var States = []State{Waiting, Running, Handled, Parked, Discarded}

// Event is a stored event.
type Event struct {
	ID   int64
	Hook string
	// Delivery is the sender's id of the event, or a hash.
	Delivery string
	// content is as in identity, and before the id that a repetition may have.
	content, before string
	// digest is a hash of the body, unless that may differ in a repetition. differs reports
	// whether this is a repetition, and does.
	digest   string
	differs  bool
	Key      string
	Received time.Time
	// Address is the network address that it came from.
	Address string
	// Method, Path, Header and Body are as they were received, without the shared secret.
	Method, Path string
	Header       http.Header
	Body         []byte
	Size         int64
	// NoBody reports whether the body was deleted.
	NoBody bool
	// Secret names the secret that fitted.
	Secret string

	State State
	// Tries counts the tries that have ended. Due is when the next one may begin.
	Tries int
	Due   time.Time
	// Run is the last run with it, 0 for none.
	Run    int64
	Reason string
	// Repeats counts the repetitions that were not stored.
	Repeats int64
	// Differing counts those among them that had another body.
	Differing int64
	// Replays counts the times that somebody asked for it again, ReplayedBy says who was
	// the last.
	Replays    int64
	ReplayedBy string
	// DiscardedBy says who has discarded it, and DiscardedWhy for what reason.
	DiscardedBy, DiscardedWhy string
	Ended                     time.Time
}

// ErrNoEvent is the error for an event that does not exist.
var ErrNoEvent = errors.New("there is no such event")

// Events are the events in a store. It is safe for concurrent use.
type Events struct{ db *store.DB }

// NewEvents returns the events in a store.
func NewEvents(db *store.DB) *Events { return &Events{db} }

// reads is where lists and counts are read, apart from what is written.
func (s *Events) reads() (store.Source, error) { return s.db.Reader() }

const briefColumns = `id, hook, delivery, order_key, received_at, address, method, path, size, secret, state, tries, due_at, run, reason, repeats, differing, replays, replayed_by, discarded_by, discarded_why, ended_at, headers, body IS NULL`

func (e *Event) scan(row *sql.Rows, more ...any) error {
	var received, due, ended *int64
	var header string
	err := row.Scan(append([]any{&e.ID, &e.Hook, &e.Delivery, &e.Key, &received, &e.Address, &e.Method, &e.Path, &e.Size, &e.Secret, &e.State, &e.Tries, &due, &e.Run, &e.Reason,
		&e.Repeats, &e.Differing, &e.Replays, &e.ReplayedBy, &e.DiscardedBy, &e.DiscardedWhy, &ended, &header, &e.NoBody}, more...)...)
	if err != nil {
		return err
	}
	e.Received, e.Due, e.Ended = store.Time(received), store.Time(due), store.Time(ended)
	return json.Unmarshal([]byte(header), &e.Header)
}

// Get returns an event with its body, or ErrNoEvent.
func (s *Events) Get(ctx context.Context, id int64) (*Event, error) {
	list, err := s.withBodies(ctx, `id = ?`, id)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, ErrNoEvent
	}
	return list[0], nil
}

func (s *Events) withBodies(ctx context.Context, condition string, args ...any) (list []*Event, err error) {
	err = store.Each(ctx, s.db, func(row *sql.Rows) error {
		e := &Event{}
		list = append(list, e)
		return e.scan(row, &e.Body)
	}, `SELECT `+briefColumns+`, body FROM phscript_hook_event WHERE `+condition, args...)
	return list, err
}

// Filter selects events. Empty fields select all.
type Filter struct {
	Hook   string
	States []State
	// Since is the earliest time at which they were received.
	Since time.Time
	// Before, if not 0, is the number that all are below.
	Before int64
	// Run, if not 0, is their last run.
	Run int64
	// IDs, if not nil, are their numbers.
	IDs []int64
	// Text is in their id, their key or their reason, whatever the case of A to Z.
	Text string
	// Limit is the maximum number of events, 0 for all.
	Limit int
}

// where returns the condition of a filter.
func (f Filter) where(q interface{ Matches(column string) string }) (condition string, args []any) {
	where := []string{"1 = 1"}
	add := func(condition string, values ...any) {
		where, args = append(where, condition), append(args, values...)
	}
	if f.Hook != "" {
		add("hook = ?", f.Hook)
	}
	if f.indexed() {
		add(`state = '` + string(f.States[0]) + `'`) // in this form, there is an index
		if f.Hook == "" && f.States[0] != Handled {
			add(`hook IN (SELECT name FROM phscript_hook)`)
		}
	} else if len(f.States) > 0 {
		var values []any
		for _, s := range f.States {
			values = append(values, s)
		}
		add(`state IN (?`+strings.Repeat(`, ?`, len(values)-1)+`)`, values...)
	}
	if !f.Since.IsZero() {
		add("received_at >= ?", f.Since.UnixMicro())
	}
	if f.Before > 0 {
		add("id < ?", f.Before)
	}
	if f.Run > 0 {
		add("run = ?", f.Run)
	}
	if f.IDs != nil {
		values := []any{0} // which no event has
		for _, id := range f.IDs {
			values = append(values, id)
		}
		add("id IN (?"+strings.Repeat(", ?", len(values)-1)+")", values...)
	}
	if f.Text != "" {
		part := store.Containing(f.Text)
		add("("+q.Matches("delivery")+" OR "+q.Matches("order_key")+" OR "+q.Matches("reason")+")", part, part, part)
	}
	return strings.Join(where, " AND "), args
}

// indexed reports whether a filter selects events in one state.
func (f Filter) indexed() bool { return len(f.States) == 1 && slices.Contains(States, f.States[0]) }

// List returns events without their bodies, the newest first.
func (s *Events) List(ctx context.Context, f Filter) (list []*Event, err error) {
	from, err := s.reads()
	if err != nil {
		return nil, err
	}
	statement, args := f.list(from)
	err = store.Each(ctx, from, func(row *sql.Rows) error {
		e := &Event{}
		list = append(list, e)
		return e.scan(row)
	}, statement, args...)
	return list, err
}

// list is the statement that lists what a filter selects.
func (f Filter) list(q store.Source) (statement string, args []any) {
	condition, args := f.where(q)
	order := " ORDER BY id DESC"
	if f.Limit > 0 {
		order += fmt.Sprintf(" LIMIT %d", f.Limit)
	}
	if f.indexed() && f.States[0] != Handled {
		// Their numbers come from an index; the events themselves are large.
		first := order
		if f.States[0] == Running { // SQLite would go through all events for the order
			first = strings.Replace(order, "BY id", "BY id + 0", 1)
		}
		condition = `id IN (SELECT id FROM phscript_hook_event WHERE ` + condition + first + `)`
	}
	return `SELECT ` + briefColumns + ` FROM phscript_hook_event WHERE ` + condition + order, args
}
