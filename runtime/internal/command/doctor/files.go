package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dustin/go-humanize/english"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/command/host"
	"github.com/phscript/phscript/runtime/internal/command/storage"
	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/editor"
	"github.com/phscript/phscript/runtime/internal/quota"
	"github.com/phscript/phscript/runtime/internal/schema"
	"github.com/phscript/phscript/runtime/internal/serve"
	"github.com/phscript/phscript/runtime/internal/sourcefile"
	"github.com/phscript/phscript/runtime/internal/store"
	"github.com/phscript/phscript/runtime/internal/suite"
	"github.com/phscript/phscript/runtime/internal/trust"
	"github.com/phscript/phscript/runtime/internal/view"
)

// mostUsers is how many scripts that use the quota one line names.
const mostUsers = 3

// quota shows who uses the quota, and what keeps scripts from using all of it.
func (d *doctor) quota(ctx context.Context, found *lines) {
	db, err := store.Open(ctx, d.location)
	if err != nil {
		found.fail("quota", err, "")
		return
	}
	defer func() { _ = db.Close() }()
	quotas, err := view.Quotas(ctx, db, planhat.LimiterConfig{CallsPerMinute: d.config.CallsPerMin}.WindowSpec())
	if err != nil {
		found.fail("quota", err, "")
		return
	}
	quotas = slices.DeleteFunc(quotas, func(q view.Quota) bool { return q.Used+q.Waiting == 0 && len(q.Warnings()) == 0 })
	if len(quotas) == 0 {
		found.ok("quota", "no script has called Planhat in the last minute")
	}
	for _, q := range quotas {
		found.ok("quota", "%s, token %.6s: %d of %d calls used in the last minute%s", q.Host, q.Tenant, q.Used, q.Limit, usedBy(q.Users))
		for _, warning := range q.Warnings() {
			found.warn("quota", warning, "see 'phscript quota'")
		}
	}
}

// usedBy names the scripts that use a quota.
func usedBy(users []quota.User) string {
	text, separator := "", "; "
	for _, u := range users[:min(len(users), mostUsers)] {
		text += fmt.Sprintf("%s%s (%s): %d", separator, u.Script, u.Run, u.Used)
		separator = ", "
	}
	if more := len(users) - mostUsers; more > 0 {
		text += fmt.Sprintf(", and %d more: see 'phscript quota'", more)
	}
	return text
}

// files checks who can read and change what holds secrets or decides what runs.
func (d *doctor) files(context.Context) (found lines) {
	for _, warning := range host.Exposed(d.env, d.config) {
		found.warn("secrets", warning, "")
	}
	var private []string
	if d.exists && !store.IsPostgres(d.location) {
		private = append(private, d.location, d.location+"-wal")
	}
	if dir := storage.Dir(d.env); dir != "" {
		key := filepath.Join(dir, host.KeyFile)
		private = append(private, key)
		if err := d.env.Trust.Kept(key); err != nil {
			found.fail("private", err, "")
		}
	}
	for _, name := range private {
		if info, err := os.Stat(name); err == nil && filepath.Separator == '/' && info.Mode().Perm()&0o077 != 0 {
			found.warn("private", fmt.Sprintf("%s can be used by other users of this machine (mode %04o)", name, info.Mode().Perm()), "run: chmod 600 "+name)
		}
	}
	for _, dir := range append(slices.Clone(d.config.AllowWrite), host.OutDir) {
		if err := d.env.Trust.Link(d.env.Path(dir)); err != nil {
			found.fail("folders", err, "")
		}
	}
	if len(found) == 0 {
		found.ok("private", "only you can read or change what holds tokens, the store and the folders that scripts write to")
	}
	return found
}

// newLoader returns what reads the schedules beside a configuration file.
func (d *doctor) newLoader(file string) *serve.Loader {
	dir := filepath.Dir(file)
	return &serve.Loader{
		Dir: dir, File: file,
		Read:  func() (config.Config, error) { return d.config, nil },
		Trust: func(path string) error { return d.env.Trust.Scheduled(dir, path) },
		Check: func(name string, source []byte) error {
			_, err := compile.Compile(source, name)
			return err
		},
	}
}

// script is a script of the project.
type script struct {
	name   string
	source []byte
}

// sources reads the scripts of the project.
func (d *doctor) sources() (list []script, err error) {
	names, err := d.loader.Scripts(d.config)
	for _, name := range names {
		text, failed := sourcefile.Read(filepath.Join(d.loader.Dir, filepath.FromSlash(name)))
		if failed != nil {
			err = errors.Join(err, failed)
			continue
		}
		list = append(list, script{name, text})
	}
	return list, err
}

// scripts checks that scripts can be read and compiled, and their schedules.
func (d *doctor) scripts(ctx context.Context) (found lines) {
	list, err := d.sources()
	if err != nil {
		found.warn("scripts", err.Error(), hintOf(err))
	}
	loaded, err := d.loader.Load()
	said := ""
	if err != nil {
		for _, one := range split(err) {
			said += one.Error() + "\n"
			found.fail("schedules", one, "see 'phscript doc deploy#schedules'")
		}
	}
	wrong := 0
	for _, s := range list {
		if ctx.Err() != nil {
			found.warn("scripts", "not all scripts were read: that took too long", "")
			return found
		}
		if _, err := compile.Compile(s.source, s.name); err != nil {
			if wrong++; !strings.Contains(said, err.Error()) {
				found.warn("scripts", err.Error(), "'phscript check "+s.name+"' shows the place; a run of this script would end at once")
			}
		}
	}
	if wrong == 0 {
		found.ok("scripts", "%s in %s, no syntax errors", english.Plural(len(list), "script", ""), d.loader.Dir)
	}
	if loaded == nil {
		return found
	}
	for _, text := range slices.Concat(loaded.Ignored, loaded.Doubts) {
		found.warn("schedules", text, "")
	}
	for _, folder := range loaded.Unread {
		found.warn("schedules", "the folder "+folder+" cannot be read, so schedules in its scripts are unknown", "")
	}
	found.ok("schedules", "%s; 'phscript serve --check' shows when each is due", english.Plural(len(loaded.Definitions), "schedule", ""))
	return found
}

// split returns the errors that one joins.
func split(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok { //nolint:errorlint // the join itself is meant
		var list []error
		for _, one := range joined.Unwrap() {
			list = append(list, split(one)...)
		}
		return list
	}
	return []error{err}
}

// schema checks the file with what the account has. It never stops a run.
func (d *doctor) schema(context.Context) (found lines) {
	file, err := schema.Load(d.config.SchemaPath(d.env.Dir))
	switch {
	case err != nil:
		found.warn("schema", err.Error(), hintOf(err))
	case file == nil:
		found.ok("schema", "there is none; 'phscript schema pull' lets phscript know your custom fields")
	case file.Old(d.env.Now()) != "":
		found.warn("schema", fmt.Sprintf("%s is %s old", file.Path, english.Plural(file.Age(d.env.Now()), "day", "")), "run 'phscript schema pull' if fields have changed in Planhat since")
	default:
		found.ok("schema", "%s: %s, %s old", file.Path, english.Plural(len(file.Fields), "custom field", ""), english.Plural(file.Age(d.env.Now()), "day", ""))
	}
	return found
}

// editor says whether code editors are set up. It never stops a run.
func (d *doctor) editor(context.Context) (found lines) {
	known, err := schema.Load(d.config.SchemaPath(d.env.Dir))
	if err != nil {
		known = nil // the group about the schema says so
	}
	plan, err := editor.NewPlan(d.env.Dir, d.env.Version, suite.Manual(), known.Known())
	_, untrusted := errors.AsType[*trust.Error](err)
	switch {
	case err != nil && !untrusted:
		found.warn("editor", "the editor setup cannot be checked: "+err.Error(), "")
	case err == nil && plan.Current():
		found.ok("editor", "code editors are set up for this version of phscript")
	default:
		found.warn("editor", "code editors are not set up here for this version of phscript, so they do not complete and check scripts", "run 'phscript setup' in this folder")
	}
	return found
}
