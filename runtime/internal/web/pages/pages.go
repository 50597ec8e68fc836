// Package pages is what the pages of phscript serve show.
package pages

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"net/url"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"

	"github.com/phscript/phscript/runtime/internal/access"
	"github.com/phscript/phscript/runtime/internal/audit"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/follow"
	"github.com/phscript/phscript/runtime/internal/hooks"
	"github.com/phscript/phscript/runtime/internal/overview"
	"github.com/phscript/phscript/runtime/internal/plans"
	"github.com/phscript/phscript/runtime/internal/serve"
	"github.com/phscript/phscript/runtime/internal/store"
	"github.com/phscript/phscript/runtime/internal/web"
)

//go:embed templates
var files embed.FS

// Options are where the pages find what they show, and what carries out what people ask for.
type Options struct {
	Accounts  *access.Accounts
	Overview  *overview.Overview
	Schedules *serve.Schedules
	Events    *hooks.Events
	Plans     *plans.Plans
	// Limit is the calls to Planhat that are allowed in a minute.
	Limit int
	// Reads answers what only reads.
	Reads store.Queryer
	// Size returns how many bytes the store takes, nil if that is not known.
	Size func(ctx context.Context) (int64, error)
	// Config returns the configuration in effect, and why that on disk is not, or nil.
	Config func() (config.Config, error)

	logs     *follow.Logs
	settings *settings
	contents *contents
}

// page is a page of the site.
type page struct {
	// title is its name in the navigation, where it is if nav is set.
	title, path, file string
	nav               bool
	// fill returns what the template shows.
	fill func(q *web.Request) (any, error)
	// acts reports whether the page is for operators.
	acts bool
}

// lively is data that may change by itself or not.
type lively interface{ lives() bool }

// Add adds the pages to a site.
func Add(s *web.Site, o Options) error {
	s.Funcs(functions)
	o.logs, o.settings, o.contents = follow.New(o.Overview.History()), &settings{}, newContents()
	list := []page{
		{title: "Overview", path: "/{$}", file: "overview.html", nav: true, fill: o.overview},
		{title: "Runs", path: "/runs", file: "runs.html", nav: true, fill: o.runs},
		{title: "Schedules", path: "/schedules", file: "schedules.html", nav: true, fill: o.schedules},
		{title: "Schedule", path: "/schedules/{name}", file: "schedule.html", fill: o.schedule},
		{title: "Run", path: "/runs/{id}", file: "run.html", fill: o.run},
		{title: "Plans", path: "/plans", file: "plans.html", nav: true, fill: o.plans},
		{title: "Plan", path: "/plans/{id}", file: "plan.html", fill: o.plan},
		{title: "Webhooks", path: "/webhooks", file: "webhooks.html", nav: true, fill: o.webhooks},
		{title: "Event", path: "/webhooks/events/{id}", file: "event.html", fill: o.event},
		{title: "Outgoing messages", path: "/webhooks/outgoing", file: "outgoing.html", fill: o.outgoing},
		{title: "Quota", path: "/quota", file: "quota.html", nav: true, fill: o.quota},
		{title: "Configuration", path: "/configuration", file: "configuration.html", nav: true, fill: o.configuration},
		{title: "Access", path: "/access", file: "access.html", nav: true, fill: o.access},
		{title: "Schedules", path: "/confirm/schedules", file: "confirm.html", fill: o.confirmSchedules, acts: true},
		{title: "Events", path: "/confirm/events", file: "confirm.html", fill: o.confirmEvents, acts: true},
		{title: "Messages", path: "/confirm/messages", file: "confirm.html", fill: o.confirmMessages, acts: true},
	}
	for _, p := range list {
		parsed, err := s.Page(files, "templates/parts.html", "templates/"+p.file)
		if err != nil {
			return err
		}
		if p.nav {
			s.Nav(p.title, strings.TrimSuffix(p.path, "{$}"))
		}
		role := access.Viewer
		if p.acts {
			role = access.Operator
		}
		s.Get(p.path, role, func(q *web.Request) error { return o.show(q, p, parsed) })
	}
	s.Get("/webhooks/live", access.Viewer, o.hookChanges)
	s.Get("/runs/{id}/log", access.Viewer, o.follow)
	s.Get("/runs/{id}/log/download", access.Viewer, o.download)
	s.Get("/runs/{id}/rejected", access.Viewer, o.rejected)
	for path, do := range map[string]func(*web.Request) error{
		"/runs/{id}/cancel": o.cancel, "/runs/{id}/retry": o.retry,
		"/schedules/{name}/pause": o.pause, "/schedules/{name}/resume": o.resume, "/schedules/{name}/run": o.runNow,
		"/schedules/pause": o.manySchedules(func(q *web.Request, name string, ask serve.Ask) error {
			return o.Schedules.Pause(q.Context(), name, ask)
		}),
		"/schedules/resume": o.manySchedules(func(q *web.Request, name string, ask serve.Ask) error {
			return o.Schedules.Resume(q.Context(), name, ask)
		}),
		"/webhooks/events/{id}/replay": o.replayOne, "/webhooks/replay": o.replayEvents, "/webhooks/discard": o.discardEvents, "/webhooks/resend": o.resend,
		"/plans/{id}/approve": o.approvePlan, "/plans/{id}/refuse": o.refusePlan,
		"/access/revoke": o.revoke,
	} {
		s.Post(path, access.Operator, func(q *web.Request) error {
			// Whoever acts sees what it changed at once.
			defer o.Overview.Forget()
			return do(q)
		})
	}
	return nil
}

func (o Options) show(q *web.Request, p page, parsed *web.Page) error {
	// The version is older than what is shown, never newer.
	snapshot, err := o.Overview.Snapshot(q.Context())
	if err != nil {
		return err
	}
	data, err := p.fill(q)
	if err != nil {
		return err
	}
	title := p.title
	if named, ok := data.(interface{ title() string }); ok {
		title = named.title()
	}
	if one, ok := data.(lively); ok && !one.lives() {
		return q.Show(parsed, title, data)
	}
	if one, ok := data.(interface {
		follows(s *overview.Snapshot) (path, at string)
	}); ok {
		path, at := one.follows(snapshot)
		return q.ShowLiveOf(parsed, title, path, at, data)
	}
	return q.ShowLive(parsed, title, version(snapshot), data)
}

// What does not change while it is looked at.
func (accessData) lives() bool        { return false }
func (configurationData) lives() bool { return false }

// title and lives are those of the page of a run: it lives until the run has ended.
func (d *runData) title() string { return fmt.Sprintf("%s, run %d", d.Run.Name, d.Run.ID) }
func (d *runData) lives() bool   { return d.Live && d.Follow != "" }

func (d *scheduleData) title() string { return d.Name }

// functions are what templates use besides those of the site.
var functions = template.FuncMap{
	"count": func(n any) string { return count(whole(n)) },
	"word":  func(n any, one, many string) string { return english.PluralWord(int(whole(n)), one, many) },
	"plus":  func(a, b int) int { return a + b },
	"minus": func(a, b int) int { return a - b },
	"times": func(a, b int) int { return a * b },
	"query": url.QueryEscape,
	// args hands two values to a template, and others by their names.
	"args": func(view, data any, more ...any) map[string]any {
		all := map[string]any{"View": view, "Data": data}
		for i := 0; i+1 < len(more); i += 2 {
			all[fmt.Sprint(more[i])] = more[i+1]
		}
		return all
	},
}

func whole(n any) int64 {
	switch n := n.(type) {
	case int:
		return int64(n)
	case int64:
		return n
	}
	return -1
}

// accessData is what the access page shows.
type accessData struct {
	Accounts []access.Account
	// Acts are what people asked for, the latest first.
	Acts []audit.Entry
}

// mostActs is how many acts the access page shows.
const mostActs = 50

func (o Options) access(q *web.Request) (any, error) {
	if !q.User.Role.May(access.Operator) {
		return accessData{}, nil
	}
	list, err := o.Accounts.List(q.Context())
	if err != nil {
		return nil, err
	}
	acts, err := audit.List(q.Context(), o.Reads, audit.Filter{Limit: mostActs})
	return accessData{list, acts}, err
}

func (o Options) revoke(q *web.Request) error {
	name, err := q.Form("name")
	if err != nil {
		return err
	}
	found, err := o.Accounts.Revoke(q.Context(), name, q.Actor())
	if err != nil {
		return err
	}
	if !found {
		return web.NotFound("account named " + name)
	}
	return q.Back("/access")
}

// configurationData is what the configuration page shows.
type configurationData struct {
	File, Problem string
	// Size is what the store takes, Oldest when the oldest run in it was due.
	Size   string
	Oldest time.Time
	Set    []config.Setting
	// Unset are the names of the settings that have their default.
	Unset []string
}

func (o Options) configuration(q *web.Request) (any, error) {
	c, problem := o.Config()
	data := configurationData{File: c.File}
	var oldest *int64
	if err := o.Reads.QueryRowContext(q.Context(), `SELECT min(due_at) FROM phscript_run`).Scan(&oldest); err != nil {
		return nil, err
	}
	data.Oldest = store.Time(oldest)
	if o.Size != nil {
		size, err := o.Size(q.Context())
		if err != nil {
			return nil, err
		}
		data.Size = humanize.IBytes(uint64(max(0, size)))
	}
	if problem != nil {
		data.Problem = problem.Error()
		if hint, ok := errors.AsType[interface {
			error
			ErrorHint() string
		}](problem); ok && hint.ErrorHint() != "" {
			data.Problem += " (" + hint.ErrorHint() + ")"
		}
	}
	for _, one := range o.settings.of(c) {
		if one.Set {
			data.Set = append(data.Set, one)
		} else {
			data.Unset = append(data.Unset, one.Name)
		}
	}
	return data, nil
}
