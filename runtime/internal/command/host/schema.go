package host

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/dustin/go-humanize/english"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/schema"
)

// What is said about one field, and in all, so that an import with many wrong rows does not
// fill the log.
const (
	mostOfField = 3
	mostDoubts  = 50
)

// identifying is how long the judge waits for Planhat to say whose account it is.
const identifying = 30 * time.Second

// judge says what the account's schema finds in writes, before they are sent. It refuses
// none, since the account may have changed since.
type judge struct {
	// file reads the file when the script first writes; nil if there is none.
	file  func() *schema.File
	log   *slog.Logger
	now   func() time.Time
	first func(context.Context) (string, error)
	more  []*catalog.Model

	mu sync.Mutex
	// asked is set once the account is known, other if it is not that of the schema.
	asked, other bool
	said         map[string]bool
	counts       map[string]int
}

// judge returns what looks at the writes of runs.
func (h *Opened) judge(env *environment.Env, path string, log *slog.Logger) func(context.Context, planhat.Write) {
	j := &judge{log: log, now: env.Now, first: h.firstUser, more: h.Config.Models, said: map[string]bool{}, counts: map[string]int{}}
	j.file = sync.OnceValue(func() *schema.File {
		file, err := schema.Load(path)
		if err != nil {
			log.Warn(err.Error() + "; it is not used")
		}
		return file
	})
	return j.look
}

// firstUser returns the id of the account's first user.
func (h *Opened) firstUser(ctx context.Context) (string, error) {
	client, release, err := h.Client(ctx, "schema")
	if err != nil {
		return "", err
	}
	defer release()
	ctx, cancel := context.WithTimeout(planhat.WithRetryFor(ctx, identifying), identifying)
	defer cancel()
	users, err := client.Resource(catalog.Load().With(catalog.TeamMember)).GetList(ctx, planhat.ListOptions{Sort: "_id", Limit: 1, Select: []string{"_id"}})
	if err != nil || len(users) == 0 {
		return "", err
	}
	return users[0].ID(), nil
}

// look judges one request.
func (j *judge) look(ctx context.Context, w planhat.Write) {
	m := catalog.Load().Model(w.Model)
	if i := slices.IndexFunc(j.more, func(one *catalog.Model) bool { return one.Snake == w.Model }); i >= 0 {
		m = j.more[i]
	}
	if m == nil || len(w.Body) == 0 || !slices.Contains([]string{"create", "update", "bulk_upsert"}, w.Operation) {
		return
	}
	file := j.file()
	if file == nil {
		return
	}
	rows := []planhat.Record{w.Body}
	if list, err := planhat.SplitList(w.Body); err == nil {
		rows = list
	}
	for _, row := range rows {
		created := w.Operation == "create" || w.Operation == "bulk_upsert" && !keyed(m, row)
		for _, d := range file.Record(m, row, created) {
			j.say(ctx, m, &d)
		}
	}
}

// keyed reports whether a row has a key by which Planhat may find a record.
func keyed(m *catalog.Model, row planhat.Record) bool {
	var room [32]planhat.Member
	for _, member := range row.AppendMembers(room[:0]) {
		if slices.Contains(m.Keyables.Bulk, string(row[member.Name:member.NameEnd])) {
			return true
		}
	}
	return false
}

func (j *judge) say(ctx context.Context, m *catalog.Model, d *schema.Doubt) {
	j.mu.Lock()
	defer j.mu.Unlock()
	key := m.Snake + " " + string(d.Kind) + " " + d.Subject
	if j.other || j.said[d.Message] || j.counts[key] == mostOfField || len(j.said) == mostDoubts || !j.own(ctx) {
		return
	}
	j.said[d.Message] = true
	j.counts[key]++
	message := d.Message
	if d.Hint != "" && !d.Stale() {
		message += "; " + d.Hint
	}
	if j.counts[key] == mostOfField {
		message += " (further warnings about this field are not shown)"
	}
	level := slog.LevelWarn
	if d.Kind == schema.Locked {
		level = slog.LevelInfo
	}
	j.log.Log(ctx, level, message)
	if len(j.said) == 1 {
		age := "today"
		if days := j.file().Age(j.now()); days > 0 {
			age = english.Plural(days, "day", "") + " ago"
		}
		j.log.InfoContext(ctx, fmt.Sprintf("this warning comes from %s, pulled %s; the request is sent anyway. If the account has changed since, run 'phscript schema pull'", filepath.Base(j.file().Path), age))
	}
}

// own reports whether the account is that of the schema, as far as Planhat tells. It is
// asked once, before the first doubt is told.
func (j *judge) own(ctx context.Context) bool {
	if j.asked {
		return !j.other
	}
	j.asked = true
	user, err := j.first(ctx)
	if err == nil && j.file().Other(user) {
		j.other = true
		j.log.WarnContext(ctx, fmt.Sprintf("%s is the schema of another account (%s), so it is not used; name the file of this one with the setting schema", filepath.Base(j.file().Path), j.file().Tenant.Host))
	}
	return !j.other
}
