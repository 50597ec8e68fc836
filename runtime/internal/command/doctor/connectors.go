package doctor

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/command/connect"
	"github.com/phscript/phscript/runtime/internal/command/host"
	"github.com/phscript/phscript/runtime/internal/command/storage"
	"github.com/phscript/phscript/runtime/internal/luatext"
	"github.com/phscript/phscript/runtime/internal/store"
	"github.com/phscript/phscript/runtime/internal/view"
)

// connectorGroup begins the names of the groups about connectors.
const connectorGroup = "connectors."

// soon is how long before the end of a version or a credential the checks warn.
const soon = 90 * 24 * time.Hour

// system is what a connector declares, as the module connector.setup describes it.
type system struct {
	Name, Title, Version, Sunset string
	// Missing is set if nothing is declared.
	Missing bool
	Ways    list[struct {
		Credentials list[struct{ Name string }]
	}]
	Settings list[struct{ Name, What string }]
	// Expires are dates, by variables.
	Expires map[string]string
	Streams list[stream]
}

// list is a list of Lua. If it is empty, Lua does not tell it from a table of names.
type list[T any] []T

// UnmarshalJSON implements json.Unmarshaler.
func (l *list[T]) UnmarshalJSON(text []byte) error {
	if string(text) == "{}" {
		return nil
	}
	return json.Unmarshal(text, (*[]T)(l))
}

type stream struct {
	Stream, Model string
	Permissions   []string
}

// variables are the variables of the credentials.
func (s *system) variables() (names []string) {
	for _, w := range s.Ways {
		for _, c := range w.Credentials {
			names = append(names, c.Name)
		}
	}
	for name := range s.Expires {
		names = append(names, name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// needs says which permissions the streams need, "" if none are declared.
func (s *system) needs() string {
	var needed []string
	for _, one := range s.Streams {
		needed = append(needed, one.Permissions...)
	}
	slices.Sort(needed)
	return strings.Join(slices.Compact(needed), ", ")
}

// connected is a system to check, and how it is used.
type connected struct {
	system
	// set are the variables of credentials that are set or stored.
	set  []string
	uses []use
}

// connectors checks the connectors that scripts use or whose credentials are set.
func (d *doctor) connectors(ctx context.Context) {
	var opened atomic.Pointer[host.Opened]
	var plan atomic.Pointer[[]connected]
	var owned atomic.Pointer[[]ownConnector]
	d.group(ctx, "connectors", 2*d.options.box, func(ctx context.Context) (found lines) {
		o, err := d.open()
		if err != nil {
			found.fail("connectors", err, "")
			return found
		}
		opened.Store(o)
		all, err := d.plan(ctx, o, &found)
		if err != nil {
			found.fail("connectors", err, "")
			return found
		}
		plan.Store(&all)
		var titles []string
		for _, c := range all {
			titles = append(titles, c.Title)
		}
		own := d.own()
		owned.Store(&own)
		for _, c := range own {
			titles = append(titles, c.name)
		}
		if len(titles) == 0 {
			found.ok("connectors", "no script uses a connector, and no credentials of other systems are set")
		} else {
			found.ok("connectors", "in use: %s", strings.Join(titles, ", "))
		}
		return found
	})
	if o := opened.Load(); o != nil {
		defer o.Close()
		all := plan.Load()
		if all == nil {
			return
		}
		for _, c := range *all {
			limit := d.options.box
			if d.options.connectors {
				limit = max(limit, bigBox)
			}
			d.group(ctx, connectorGroup+c.Name, limit*time.Duration(max(1, len(c.uses))), func(ctx context.Context) lines { return d.connector(ctx, o, c) })
		}
		if own := owned.Load(); own != nil {
			for _, c := range *own {
				d.group(ctx, connectorGroup+c.name, d.options.box, func(ctx context.Context) lines { return d.probeOwn(ctx, o, c) })
			}
		}
	}
}

// open makes a host that reads other systems and writes nothing. Without --connectors, it
// does not know Planhat.
func (d *doctor) open() (*host.Opened, error) {
	env := *d.env
	env.StdinTTY = false // no login is started
	env.Stdout, env.Stderr = io.Discard, io.Discard
	c := d.config
	if !d.options.connectors || d.refused.Load() {
		c.APIToken, c.TenantToken, c.APIURL, c.AnalyticsURL = "", "", "", ""
	}
	c.AllowNet = append(slices.Clone(c.AllowNet), d.options.allowNet...)
	o := host.Options{State: storage.InMemory, DryRun: true, AllowHost: d.options.allowHost, LogLevel: "error"}
	if d.current.Load() {
		o.State = d.location
	}
	return o.Open(&env, c)
}

// call returns what a function of connector.setup returns.
func call(ctx context.Context, o *host.Opened, into any, function string, args ...string) error {
	source := fmt.Sprintf("return json.encode(require('connector.setup').%s(%s))", function, strings.Join(args, ", "))
	result, err := o.Runtime.Run(ctx, runtime.Script{Name: "doctor", Source: []byte(source)})
	if err != nil {
		return err
	}
	text, _ := result.Values[0].(string)
	return json.Unmarshal([]byte(text), into)
}

// plan returns the connectors that scripts use or whose credentials are set.
func (d *doctor) plan(ctx context.Context, o *host.Opened, found *lines) (all []connected, err error) {
	sources, err := d.sources()
	if err != nil {
		found.warn("connectors", "not all scripts could be read: "+err.Error(), "")
	}
	uses := map[string][]use{}
	for _, s := range sources {
		for _, u := range usesIn(s) {
			if !slices.ContainsFunc(uses[u.system], u.same) {
				uses[u.system] = append(uses[u.system], u)
			}
		}
	}
	for _, name := range connect.Systems() {
		c := connected{uses: uses[name]}
		if err := call(ctx, o, &c.system, "describe", luatext.Quoted(name)); err != nil {
			return nil, err
		}
		if c.Missing {
			continue
		}
		for _, variable := range c.variables() {
			value, _ := d.env.Getenv(variable)
			if value == "" && o.Credentials() != nil {
				if value, err = o.Credentials().Get(ctx, variable); err != nil && len(c.uses) > 0 {
					found.warn("connectors", fmt.Sprintf("the stored %s cannot be read: %v", variable, err), hintOf(err))
				}
			}
			if value != "" {
				d.secrets.Add(value)
				c.set = append(c.set, variable)
			}
		}
		if len(c.set)+len(c.uses) > 0 {
			all = append(all, c)
		}
	}
	return all, nil
}

// connector checks one system.
func (d *doctor) connector(ctx context.Context, o *host.Opened, c connected) (found lines) {
	if len(c.uses) == 0 {
		defer func() { // no run is stopped
			for i := range found {
				if found[i].Level == view.LevelError {
					found[i].Level = view.LevelWarning
				}
			}
		}()
	}
	d.dates(&found, c)
	needs := c.needs()
	if needs != "" {
		found.ok("permissions", "the credentials need: %s", needs)
	}
	if len(c.set) > 0 {
		found.ok("credentials", "set: %s", strings.Join(c.set, ", "))
	}
	if len(c.uses) == 0 {
		if len(c.Settings) > 0 {
			found.ok("access", "no script uses the connector, so its settings are unknown and %s was not asked", c.Title)
			return found
		}
		c.uses = []use{{}}
	}
	for _, u := range c.uses {
		u.several = len(c.uses) > 1
		switch {
		case u.computed && len(c.Settings) > 0:
			found.ok("access", "%s computes its settings, so %s was not asked; 'phscript run --dry-run %s' asks it", u.script, c.Title, u.script)
		case d.options.connectors:
			d.read(ctx, o, c, u, &found)
		default:
			d.probe(ctx, o, c, u, &found)
		}
	}
	return found
}

// dates checks when the version of the API and the credentials end.
func (d *doctor) dates(found *lines, c connected) {
	if c.Version != "" && c.Sunset == "" {
		found.ok("version", "version %s of the API", c.Version)
	}
	check := func(name, what, date, hint string) {
		end, err := time.Parse(time.DateOnly, date)
		if err != nil {
			return
		}
		left := end.Sub(d.env.Now())
		switch {
		case left <= 0:
			found.fail(name, fmt.Errorf("%s ended on %s", what, date), hint)
		case left <= soon:
			found.warn(name, fmt.Sprintf("%s ends on %s, in %d days", what, date, int(left.Hours()/24)), hint)
		default:
			found.ok(name, "%s ends on %s", what, date)
		}
	}
	check("version", fmt.Sprintf("version %s of the API", c.Version), c.Sunset, "look for a newer phscript")
	for _, variable := range c.set {
		check("expires", "support for "+variable, c.Expires[variable], "use another kind of credential: see 'phscript doc "+c.Name+"'")
	}
}

// place says which script a use is in, if that tells it from others.
func (u use) place() string {
	if !u.several {
		return ""
	}
	return ", with the settings of " + u.script
}

// probe asks the system for one page of its first stream.
func (d *doctor) probe(ctx context.Context, o *host.Opened, c connected, u use, found *lines) {
	var said struct {
		State, Stream, Message, Hint string
		Status                       int
		Skew                         float64
	}
	switch err := call(ctx, o, &said, "probe", luatext.Quoted(c.Name), u.table()); {
	case err != nil:
		found.fail("access", d.tooLate(ctx, c, err), "check the network and the proxy")
	case said.State == "missing":
		found.fail("credentials", errors.New("missing: set "+said.Message), "or run: phscript connect "+c.Name)
	case said.State == "ok":
		found.ok("access", "%s accepts the credentials%s", c.Title, u.place())
		if skew := time.Duration(said.Skew * float64(time.Second)); skew.Abs() > mostAge {
			found.warn("clock", fmt.Sprintf("this machine's clock and that of %s differ by %s", c.Title, skew.Abs().Round(time.Second)), "set the clock, preferably with a time service (NTP)")
		}
	default:
		found.refused("access", c, said.Stream, said.Message, said.Hint, said.Status)
	}
}

// tooLate replaces the error of a check that was cut short.
func (d *doctor) tooLate(ctx context.Context, c connected, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%s did not answer in time", c.Title)
	}
	return err
}

// refused reports a stream that could not be read.
func (l *lines) refused(check string, c connected, name, message, hint string, status int) {
	if status == 403 {
		for _, s := range c.Streams {
			if s.Stream == name && len(s.Permissions) > 0 {
				hint = strings.TrimPrefix(hint+"; "+name+" needs: "+strings.Join(s.Permissions, ", "), "; ")
			}
		}
	}
	l.add(view.LevelError, check, cmp.Or(message, c.Title+" could not be read"), hint)
}

// read reads a page of each stream, and looks whether another program fills its ids.
func (d *doctor) read(ctx context.Context, o *host.Opened, c connected, u use, found *lines) {
	if d.config.APIToken != "" && d.refused.Load() {
		found.warn("streams", "the streams were not read, because mapping them takes Planhat, which cannot be used", "correct what is wrong with Planhat first")
		d.probe(ctx, o, c, u, found)
		return
	}
	if d.config.APIToken == "" {
		found.warn("streams", "the streams were not read, because mapping them takes a Planhat token", "set PLANHAT_API_TOKEN")
		d.probe(ctx, o, c, u, found)
		return
	}
	fresh := !d.ran(ctx, c.Name)
	var said list[struct {
		Stream, Message, Hint string
		OK                    bool
		Status                int
		Taken                 []string
	}]
	if err := call(ctx, o, &said, "check", luatext.Quoted(c.Name), u.table(), fmt.Sprint(fresh)); err != nil {
		found.fail("access", d.tooLate(ctx, c, err), "check the network and the proxy")
		return
	}
	for i, s := range said {
		check := "stream." + s.Stream
		if !s.OK {
			found.refused(check, c, s.Stream, s.Stream+": "+s.Message, s.Hint, s.Status)
			continue
		}
		found.ok(check, "%s: %s%s", s.Stream, s.Message, u.place())
		if len(s.Taken) > 0 && i < len(c.Streams) {
			found.warn("owner", fmt.Sprintf("Planhat already has records of %s with the sourceIds %s of %s, and no run of this connector is recorded here", c.Streams[i].Model, strings.Join(s.Taken, ", "), c.Title),
				"Planhat's own integration, or another program, probably fills sourceId: let only one of them do that")
		}
	}
}

// ran reports whether a run of the connector has left something in the store, or may have.
func (d *doctor) ran(ctx context.Context, name string) bool {
	if !d.current.Load() {
		return false
	}
	db, err := store.Open(ctx, d.location)
	if err != nil {
		return true
	}
	defer func() { _ = db.Close() }()
	found, err := store.Exists(ctx, db, "FROM phscript_state WHERE space LIKE ?", "%connector "+name+" %")
	return err != nil || found
}
