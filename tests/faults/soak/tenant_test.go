package soak

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/simulator"
)

// entry is one change in the log of what the tenant stored.
type entry struct {
	simulator.Change
	tag               string
	archived, deleted bool
	company           string
	value             float64
}

// tenant is a simulated Planhat whose every change is logged, and in which other
// people work.
type tenant struct {
	*simulator.Server
	scenario *scenario
	others   dice

	acting sync.Mutex
	mu     sync.Mutex
	log    []entry
	// calls counts the requests of the script.
	calls int
}

func newTenant(s *scenario) (*tenant, error) {
	t := &tenant{scenario: s, others: newDice(s.seed, 2)}
	parsed, err := simulator.ParseFaults(strings.Join(s.faults, ";"))
	if err != nil {
		return nil, err
	}
	t.Server, err = simulator.New(simulator.Options{
		Seed: s.seed, Switches: s.switches, CallsPerMinute: -1, PerSecond: -1, Parallel: -1,
		Clock:   func() time.Time { return time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC) },
		Changes: t.changed,
	})
	if err != nil {
		return nil, err
	}
	d := newDice(s.seed, 3)
	for _, model := range models {
		rows := make([]map[string]any, s.fixtures(model))
		for i := range rows {
			row := s.row(d, model)
			delete(row, "externalId")
			row["_id"], row["sourceId"] = idOf(model, i), fmt.Sprintf("%s-s%d", model, i)
			if model == "company" {
				row["externalId"] = fmt.Sprintf("c%d", i)
			} else {
				row["companyId"] = idOf("company", d.IntN(s.companies))
			}
			row["custom"] = map[string]any{"Tag": "fixture"}
			rows[i] = row
		}
		if err := t.Put(model, rows...); err != nil {
			return nil, err
		}
	}
	return t, t.InjectFaults(parsed...)
}

func (s *scenario) fixtures(model string) int {
	if model == "company" {
		return s.companies
	}
	return s.children
}

// changed adds a change to the log.
func (t *tenant) changed(c simulator.Change) {
	e := entry{Change: c, deleted: c.Record == nil}
	var record struct {
		Custom struct{ Tag string }
		Info   struct{ Tag string }

		Archived, IsArchived bool
		CompanyID            string `json:"companyId"`
		Value                any
	}
	if c.Record != nil && json.Unmarshal(c.Record, &record) == nil {
		e.tag, e.archived, e.company = record.Custom.Tag+record.Info.Tag, record.Archived || record.IsArchived, record.CompanyID
		e.value, _ = record.Value.(float64)
		if c.Model == "company" {
			e.company = c.ID
		}
	}
	e.Record = nil
	t.mu.Lock()
	defer t.mu.Unlock()
	t.log = append(t.log, e)
}

// place is the current position in the log.
func (t *tenant) place() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.log)
}

// ServeHTTP answers a request of the script.
func (t *tenant) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	t.mu.Lock()
	t.calls++
	t.mu.Unlock()
	t.act()
	t.Server.ServeHTTP(w, r)
}

// act is what another client does now and then.
func (t *tenant) act() {
	t.acting.Lock()
	defer t.acting.Unlock()
	s, d := t.scenario, t.others
	if !d.chance(s.others) {
		return
	}
	for range d.upTo(2) {
		model := d.one(models...)
		path := map[string]string{"company": "companies", "enduser": "endusers", "task": "tasks", "license": "licenses", "asset": "assets"}[model]
		row := s.row(d, model)
		row["custom"] = map[string]any{"Tag": fmt.Sprintf("other%d", d.Uint32())}
		one := path + "/" + idOf(model, d.IntN(max(1, s.fixtures(model))))
		switch d.IntN(5) {
		case 0:
			t.ask("POST", path, row)
		case 1:
			delete(row, "companyId")
			t.ask("PUT", one, row)
		case 2:
			t.ask("DELETE", one, nil)
		case 3:
			t.ask("PUT", path, []any{row})
		case 4:
			t.ask("PUT", one, map[string]any{"archived": true, "isArchived": true})
		}
	}
}

func (t *tenant) ask(method, path string, body any) {
	text, _ := json.Marshal(body)
	r := httptest.NewRequest(method, "/"+path, strings.NewReader(string(text)))
	r.Header.Set("Authorization", "Bearer "+t.APIToken())
	defer func() { _ = recover() }() // a fault that cuts the connection
	t.Server.ServeHTTP(httptest.NewRecorder(), r)
}

// settle lets late writes land.
func (t *tenant) settle() {
	t.ClearFaults()
	for range 15 {
		t.ask("GET", "users?limit=1", nil)
	}
}

// lane is a server on the loopback that answers for one tenant after the other,
// and the connections to it.
type lane struct {
	*httptest.Server
	transport *http.Transport

	mu     sync.Mutex
	tenant *tenant
}

func newLane() *lane {
	l := &lane{transport: &http.Transport{MaxIdleConnsPerHost: 8}}
	l.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		t := l.tenant
		l.mu.Unlock()
		t.ServeHTTP(w, r)
	}))
	l.Config.ErrorLog = silent
	l.Start()
	return l
}

func (l *lane) serve(t *tenant) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tenant = t
}

func (l *lane) close() {
	l.transport.CloseIdleConnections()
	l.Close()
}

// config is a client's configuration for a tenant, whose pauses take no time.
func (l *lane) config(t *tenant) planhat.Config {
	return planhat.Config{
		APIToken: t.APIToken(), TenantToken: t.TenantToken(), BaseURL: l.URL, AnalyticsURL: l.URL,
		HTTPClient: &http.Client{Transport: &impatient{RoundTripper: l.transport, d: newDice(t.scenario.seed, 4), chance: t.scenario.timeouts}},
		Retry:      planhat.RetryPolicy{InitialInterval: time.Nanosecond, MaxInterval: time.Nanosecond, MaxAttempts: t.scenario.attempts, MaxPauses: 20},
	}
}

// impatient is a transport that gives up at random, before the request is sent or
// after it was carried out.
type impatient struct {
	http.RoundTripper
	mu     sync.Mutex
	d      dice
	chance float64
}

type timedOut struct{ error }

func (timedOut) Timeout() bool   { return true }
func (timedOut) Temporary() bool { return true }

func (i *impatient) RoundTrip(r *http.Request) (*http.Response, error) {
	i.mu.Lock()
	late, early := i.d.chance(i.chance/2), i.d.chance(i.chance/2)
	i.mu.Unlock()
	if early {
		return nil, timedOut{errors.New("too slow to connect")}
	}
	resp, err := i.RoundTripper.RoundTrip(r)
	if err != nil || !late {
		return resp, err
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	return nil, timedOut{errors.New("too slow")}
}

// unhurried is a context under which nothing waits.
func unhurried(ctx context.Context) context.Context {
	return planhat.WithPause(ctx, func(ctx context.Context, _ time.Duration) error { return ctx.Err() })
}
