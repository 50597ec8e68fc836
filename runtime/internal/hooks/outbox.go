package hooks

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/phscript/phscript/runtime/internal/audit"
	"github.com/phscript/phscript/runtime/internal/store"
	"github.com/phscript/phscript/runtime/internal/webhook"
)

// Target says where a message goes, without secrets: those are in variables of the service.
type Target struct {
	// URL is the address, unless URLEnv names the variable that holds it.
	URL    string `json:"url,omitempty"`
	URLEnv string `json:"url_env,omitempty"`
	// SecretEnv names the variable with the secret, "" for none.
	SecretEnv string      `json:"secret_env,omitempty"`
	Header    http.Header `json:"header,omitempty"`
	// Rules are the hosts and addresses that the run may reach, as somebody allowed them.
	Rules []string `json:"rules,omitempty"`
}

// Message is a stored message to another system.
type Message struct {
	ID int64
	// Message is its id for the receiver, and Run the run that has made it.
	Message      string
	Run          int64
	Script, Host string
	Target       Target
	Body         []byte
	Tries        int
	Failed       bool
	Made, Due    time.Time
	Reason       string
}

// Put stores a message, unless there is one with its id.
func Put(ctx context.Context, db *store.DB, m Message) error {
	target, err := json.Marshal(m.Target)
	if err != nil {
		return err
	}
	return store.Exec(ctx, db, `INSERT INTO phscript_hook_message (message, run, script, host, target, made_at, due_at, body) VALUES (?, ?, ?, ?, ?, `+db.Now()+`, `+db.Now()+`, ?) ON CONFLICT (message) DO NOTHING`,
		m.Message, m.Run, m.Script, m.Host, string(target), m.Body)
}

// Messages returns the messages that wait or have failed, without their bodies, the newest
// first.
func (s *Events) Messages(ctx context.Context) ([]Message, error) {
	from, err := s.reads()
	if err != nil {
		return nil, err
	}
	return messages(ctx, from, `1 = 1 ORDER BY id DESC`, `''`)
}

// CountMessages counts the messages that wait and those that were given up.
func CountMessages(ctx context.Context, q store.Queryer) (waiting, failed int64, err error) {
	err = q.QueryRowContext(ctx, `SELECT count(*), coalesce(sum(CASE WHEN state = 'failed' THEN 1 ELSE 0 END), 0) FROM phscript_hook_message`).Scan(&waiting, &failed)
	return waiting - failed, failed, err
}

// Resend makes messages due at once: those with the numbers, or all that were given up if ids
// is nil. Those that were given up have all of their tries again. It returns how many there
// were: what is about to be sent anyway is left out.
func (s *Events) Resend(ctx context.Context, ids []int64, by audit.Actor) (n int64, err error) {
	condition, args, target := "state = 'failed'", []any{}, "messages that were given up"
	if ids != nil {
		f := Filter{IDs: ids}
		condition, args = f.where(s.db)
		target = strings.Replace(f.target(), "event", "message", 1)
	}
	err = s.db.InTx(ctx, func(tx *store.Tx) error {
		// One that is being sent, or is about to be, is due before the second limit.
		result, err := tx.ExecContext(ctx, `UPDATE phscript_hook_message SET tries = CASE WHEN state = 'failed' THEN 0 ELSE tries END, state = 'waiting', due_at = `+s.db.Now()+`, ended_at = NULL
			WHERE (state = 'failed' OR due_at > `+s.db.Now()+` + ?) AND `+condition, append([]any{(2 * outTime).Microseconds()}, args...)...)
		if err == nil {
			n, err = result.RowsAffected()
		}
		if err != nil || n == 0 {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{Actor: by, Action: "resend", Target: target, Detail: strconv.FormatInt(n, 10)})
	})
	return n, err
}

func messages(ctx context.Context, db store.Queryer, condition, body string, args ...any) (list []Message, err error) {
	err = store.Each(ctx, db, func(row *sql.Rows) error {
		var m Message
		var made, due *int64
		var target, state string
		var text []byte
		if err := row.Scan(&m.ID, &m.Message, &m.Run, &m.Script, &m.Host, &target, &state, &m.Tries, &made, &due, &m.Reason, &text); err != nil {
			return err
		}
		m.Made, m.Due, m.Failed, m.Body = store.Time(made), store.Time(due), state == "failed", text
		list = append(list, m)
		return json.Unmarshal([]byte(target), &list[len(list)-1].Target)
	}, `SELECT id, message, run, script, host, target, state, tries, made_at, due_at, reason, `+body+` FROM phscript_hook_message WHERE `+condition, args...)
	return list, err
}

// pauses are those between the tries of a message, by Standard Webhooks.
var pauses = []time.Duration{
	5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
}

const (
	outEvery = time.Second
	// outTime is how long a try may take. After twice that, another process tries.
	outTime = 30 * time.Second
	mostOut = 20
	// longestWish is how long a receiver may ask to wait.
	longestWish = time.Hour
)

// Outbox sends stored messages. Several processes may do that with one store.
type Outbox struct {
	DB     *store.DB
	Getenv func(string) (string, bool)
	Log    *slog.Logger
	// Send sends a request to an address that the rules allow.
	Send func(r *http.Request, rules []string) (*http.Response, error)
	// Pause is the pause before the second try, 0 for the default.
	Pause time.Duration
}

// Run sends messages until ctx ends.
func (o *Outbox) Run(ctx context.Context) {
	tick := time.NewTicker(outEvery)
	defer tick.Stop()
	for failed := false; ; {
		err := o.pass(ctx)
		if err != nil && !failed && ctx.Err() == nil {
			o.Log.Error("sending messages failed; retrying", "reason", err.Error())
		}
		failed = err != nil
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (o *Outbox) pass(ctx context.Context) error {
	due, err := messages(ctx, o.DB, `state = 'waiting' AND due_at <= `+o.DB.Now()+` ORDER BY due_at LIMIT ?`, `body`, mostOut)
	for _, m := range due {
		err = errors.Join(err, o.deliver(ctx, m))
	}
	if err == nil {
		err = store.Exec(ctx, o.DB, `DELETE FROM phscript_hook_message WHERE ended_at < `+o.DB.Now()+` - ?`, keepIDs.Microseconds())
	}
	return err
}

// deliver sends one message unless another process does.
func (o *Outbox) deliver(ctx context.Context, m Message) error {
	taken, err := store.Changed(ctx, o.DB, `UPDATE phscript_hook_message SET tries = tries + 1, due_at = `+o.DB.Now()+` + ? WHERE id = ? AND tries = ? AND state = 'waiting'`, (2 * outTime).Microseconds(), m.ID, m.Tries)
	if err != nil || !taken {
		return err
	}
	log := o.Log.With("message", m.Message, "host", m.Host, "run", m.Run)
	wish, final, failed := o.try(ctx, m)
	keep, done := context.WithTimeout(context.WithoutCancel(ctx), storeTime)
	defer done()
	switch {
	case failed == nil:
		log.Info("message sent")
		return store.Exec(keep, o.DB, `DELETE FROM phscript_hook_message WHERE id = ?`, m.ID)
	case final || m.Tries >= len(pauses):
		log.Error("message given up", "tries", m.Tries+1, "reason", failed.Error())
		return store.Exec(keep, o.DB, `UPDATE phscript_hook_message SET state = 'failed', reason = ?, ended_at = `+o.DB.Now()+` WHERE id = ?`, storable(failed.Error()), m.ID)
	}
	pause := pauses[m.Tries]
	if o.Pause > 0 {
		pause = o.Pause
	}
	pause = max(pause+time.Duration(rand.Int64N(int64(pause)/10+1)), min(wish, longestWish))
	log.Warn("message not sent; it will be sent again", "in", pause.Round(time.Second).String(), "reason", failed.Error())
	return store.Exec(keep, o.DB, `UPDATE phscript_hook_message SET due_at = `+o.DB.Now()+` + ?, reason = ? WHERE id = ?`, pause.Microseconds(), storable(failed.Error()), m.ID)
}

// try sends a message once. wish is how long the receiver wants to be left alone, and final
// says that it wants no more messages.
func (o *Outbox) try(ctx context.Context, m Message) (wish time.Duration, final bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, outTime)
	defer cancel()
	variable := func(name string) (string, error) {
		if value, ok := o.Getenv(name); ok && value != "" {
			return value, nil
		}
		return "", fmt.Errorf("the environment variable %s is not set", name)
	}
	to := m.Target.URL
	if m.Target.URLEnv != "" {
		if to, err = variable(m.Target.URLEnv); err != nil {
			return 0, false, err
		}
	}
	message := webhook.Message{Method: http.MethodPost, URL: to, Header: m.Target.Header.Clone(), Body: m.Body}
	message.Header.Set("webhook-id", m.Message)
	now := time.Now()
	message.Header.Set("webhook-timestamp", strconv.FormatInt(now.Unix(), 10))
	if m.Target.SecretEnv != "" {
		secret, err := variable(m.Target.SecretEnv)
		if err != nil {
			return 0, false, err
		}
		v, err := webhook.New("standard", []string{secret}, "")
		if err != nil {
			return 0, false, err
		}
		v.Sign(&message, m.Message, now)
		sum := hmac.New(sha256.New, []byte(secret))
		_, _ = sum.Write(m.Body)
		message.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(sum.Sum(nil)))
	}
	a, err := request(ctx, message, func(r *http.Request) (*http.Response, error) { return o.Send(r, m.Target.Rules) })
	switch {
	case err != nil:
		return 0, false, errors.New(m.Host + " cannot be reached: " + cmp.Or(withoutAddress(err), "no answer"))
	case a.Status >= 200 && a.Status < 300:
		return 0, false, nil
	}
	if n, err := strconv.Atoi(a.RetryAfter); err == nil && n > 0 {
		wish = time.Duration(n) * time.Second
	}
	return wish, a.Status == http.StatusGone, fmt.Errorf("%s responded with %d %s", m.Host, a.Status, http.StatusText(a.Status))
}
