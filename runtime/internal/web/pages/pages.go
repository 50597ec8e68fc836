// Package pages is what the pages of phscript serve show.
package pages

import (
	"embed"
	"errors"
	"fmt"
	"html/template"
	"strings"

	"github.com/dustin/go-humanize/english"

	"github.com/phscript/phscript/runtime/internal/access"
	"github.com/phscript/phscript/runtime/internal/audit"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/follow"
	"github.com/phscript/phscript/runtime/internal/overview"
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
	// Limit is the calls to Planhat that are allowed in a minute.
	Limit int
	// Reads answers what only reads.
	Reads store.Queryer
	// Config returns the configuration in effect, and why that on disk is not, or nil.
	Config func() (config.Config, error)

	logs     *follow.Logs
	settings *settings
}

// page is a page of the site.
type page struct {
	// title is its name in the navigation, where it is if nav is set.
	title, path, file string
	nav               bool
	// fill returns what the template shows.
	fill func(q *web.Request) (any, error)
}

// lively is data that may change by itself or not.
type lively interface{ lives() bool }

// Add adds the pages to a site.
func Add(s *web.Site, o Options) error {
	s.Funcs(functions)
	o.logs, o.settings = follow.New(o.Overview.History()), &settings{}
	list := []page{
		{"Overview", "/{$}", "overview.html", true, o.overview},
		{"Runs", "/runs", "runs.html", true, o.runs},
		{"Schedules", "/schedules", "schedules.html", true, o.schedules},
		{"Schedule", "/schedules/{name}", "schedule.html", false, o.schedule},
		{"Run", "/runs/{id}", "run.html", false, o.run},
		{"Quota", "/quota", "quota.html", true, o.quota},
		{"Configuration", "/configuration", "configuration.html", true, o.configuration},
		{"Access", "/access", "access.html", true, o.access},
	}
	for _, p := range list {
		parsed, err := s.Page(files, "templates/parts.html", "templates/"+p.file)
		if err != nil {
			return err
		}
		if p.nav {
			s.Nav(p.title, strings.TrimSuffix(p.path, "{$}"))
		}
		s.Get(p.path, access.Viewer, func(q *web.Request) error { return o.show(q, p, parsed) })
	}
	s.Get("/runs/{id}/log", access.Viewer, o.follow)
	s.Get("/runs/{id}/log/download", access.Viewer, o.download)
	s.Get("/runs/{id}/rejected", access.Viewer, o.rejected)
	for path, do := range map[string]func(*web.Request) error{
		"/runs/{id}/cancel": o.cancel, "/runs/{id}/retry": o.retry,
		"/schedules/{name}/pause": o.pause, "/schedules/{name}/resume": o.resume, "/schedules/{name}/run": o.runNow,
		"/access/revoke": o.revoke,
	} {
		s.Post(path, access.Operator, do)
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
	// args hands two values to a template.
	"args": func(view, data any) map[string]any { return map[string]any{"View": view, "Data": data} },
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
	Set           []config.Setting
	// Unset are the names of the settings that have their default.
	Unset []string
}

func (o Options) configuration(*web.Request) (any, error) {
	c, problem := o.Config()
	data := configurationData{File: c.File}
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
