// Package pages is what the pages of phscript serve show.
package pages

import (
	"embed"
	"errors"
	"strings"

	"github.com/phscript/phscript/runtime/internal/access"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/web"
)

//go:embed templates
var files embed.FS

// Options are where the pages find what they show.
type Options struct {
	Accounts *access.Accounts
	// Config returns the configuration in effect, and why that on disk is not, or nil.
	Config func() (config.Config, error)
}

// page adds a page to the site and to its navigation.
type page struct {
	title, path, file string
	role              access.Role
	// fill returns what the template shows.
	fill func(q *web.Request) (any, error)
}

// Add adds the pages to a site.
func Add(s *web.Site, o Options) error {
	list := []page{
		{"Configuration", "/configuration", "configuration.html", access.Viewer, o.configuration},
		{"Access", "/access", "access.html", access.Viewer, o.access},
	}
	for _, p := range list {
		parsed, err := s.Page(files, "templates/"+p.file)
		if err != nil {
			return err
		}
		s.Nav(p.title, p.path)
		s.Get(p.path, p.role, func(q *web.Request) error {
			data, err := p.fill(q)
			if err != nil {
				return err
			}
			return q.Show(parsed, p.title, data)
		})
	}
	s.Get("/{$}", access.Viewer, func(q *web.Request) error { return q.Back(list[0].path) })
	s.Post("/access/revoke", access.Operator, o.revoke)
	return nil
}

// accessData is what the access page shows.
type accessData struct{ Accounts []access.Account }

func (o Options) access(q *web.Request) (any, error) {
	if !q.User.Role.May(access.Operator) {
		return accessData{}, nil
	}
	list, err := o.Accounts.List(q.Context())
	return accessData{list}, err
}

func (o Options) revoke(q *web.Request) error {
	name, err := q.Form("name")
	if err != nil {
		return err
	}
	found, err := o.Accounts.Revoke(q.Context(), name)
	if err != nil {
		return err
	}
	if !found {
		return web.NotFound("account named " + name)
	}
	q.Log("revoked an account", "account", name)
	return q.Back("/access")
}

// configurationData is what the configuration page shows.
type configurationData struct {
	File, Problem string
	Groups        []group
}

// group are the settings of one table of phscript.toml.
type group struct {
	Name     string
	Settings []config.Setting
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
	byName := map[string]int{}
	for _, s := range c.Settings() {
		table := "phscript.toml"
		if i := strings.LastIndexByte(s.Name, '.'); i > 0 {
			table = s.Name[:i]
			s.Name = s.Name[i+1:]
		}
		at, ok := byName[table]
		if !ok {
			at = len(data.Groups)
			byName[table] = at
			data.Groups = append(data.Groups, group{Name: table})
		}
		data.Groups[at].Settings = append(data.Groups[at].Settings, s)
	}
	return data, nil
}
