// Package soak runs random scripts against a simulator that misbehaves at random
// while others change the same records, and compares what the scripts were told
// with the simulator's own log of what it stored.
//
//	go test ./tests/faults/soak -soak.runs 100000
//	go test ./tests/faults/soak -soak.seed 4711 -soak.runs 1
package soak

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/phscript/phscript/planhat/simulator"
)

// scenario is a script with the server that it meets. Everything about it follows
// from its seed.
type scenario struct {
	seed     int64
	lua      bool
	switches simulator.Switches
	faults   []string
	// timeouts is the chance that an attempt times out, and others the chance that
	// another client acts before a request.
	timeouts, others float64
	// attempts bounds the attempts of a call, 0 for no bound.
	attempts            int
	companies, children int
	ops                 []op
}

// op is one call of the script.
type op struct {
	Kind, Model string
	ID          string           `json:",omitempty"`
	Rows        []map[string]any `json:",omitempty"`
	Sort        string           `json:",omitempty"`
	PageSize    int              `json:",omitempty"`
	Limit       int              `json:",omitempty"`
	Company     string           `json:",omitempty"` // the filter companyId
	Chunk       int              `json:",omitempty"`
	Do          string           `json:",omitempty"` // what a sweep does with each record
}

func (s *scenario) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d, lua %t, attempts %d, timeouts %.2f, others %.2f\nswitches %v\nfaults %s\n%d companies, %d of each other model\n",
		s.seed, s.lua, s.attempts, s.timeouts, s.others, s.switches, strings.Join(s.faults, ";"), s.companies, s.children)
	for i, o := range s.ops {
		text, _ := json.Marshal(o)
		fmt.Fprintf(&b, "  op %d: %s\n", i, text)
	}
	return b.String()
}

// dice is a seeded source of chance.
type dice struct{ *rand.Rand }

func newDice(seed int64, part uint64) dice { return dice{rand.New(rand.NewPCG(uint64(seed), part))} }

func (d dice) chance(p float64) bool { return d.Float64() < p }

func (d dice) one(of ...string) string { return of[d.IntN(len(of))] }

// upTo returns a number from 1 to n.
func (d dice) upTo(n int) int { return 1 + d.IntN(n) }

// models are what the scripts work on; all but companies belong to one.
var models = []string{"company", "enduser", "task", "license", "asset"}

// idOf is the _id of a fixture.
func idOf(model string, i int) string {
	return fmt.Sprintf("5a%02x%020x", slices.Index(models, model)+1, i+1)
}

func newScenario(seed int64) *scenario {
	d := newDice(seed, 1)
	s := &scenario{
		seed: seed, lua: seed%8 == 7, switches: d.switches(), faults: d.faults(),
		companies: 3 + d.IntN(20), children: d.IntN(12),
	}
	if d.chance(0.5) {
		s.others = d.Float64() * 0.5
	}
	if d.chance(0.3) {
		s.timeouts = d.Float64() * 0.2
	}
	if d.chance(0.6) {
		s.attempts = 2 + d.IntN(5)
	}
	if d.chance(0.04) {
		s.companies = 100 + d.IntN(160)
		s.switches["lean-pages"] = fmt.Sprint(100 + d.IntN(60))
		s.switches["page-cap"] = fmt.Sprint(100 + d.IntN(60))
	}
	for i := range 3 + d.IntN(6) {
		s.ops = append(s.ops, s.newOp(newDice(seed, uint64(100+i)), i))
	}
	return s
}

func (d dice) switches() simulator.Switches {
	out := simulator.Switches{}
	for _, doc := range simulator.SwitchDocs() {
		if len(doc.Values) == 2 && doc.Values[1] == simulator.AnyNumber || slices.Contains(fixed, doc.Name) || !d.chance(0.15) {
			continue
		}
		out[doc.Name] = d.one(doc.Values...)
	}
	if d.chance(0.3) {
		out["page-cap"] = fmt.Sprint(1 + d.upTo(12))
	}
	return out
}

// fixed are switches whose other values are outside what the judge knows.
var fixed = []string{"metric-same-day", "unknown-tenant", "custom-undefined", "unknown-properties"}

func (d dice) faults() []string {
	var out []string
	for range d.IntN(4) {
		f := d.one(
			"reset-before", "reset-after", "truncate", "html", "html:applied=true,status=504", "500", "500:applied=true", "503", "503:applied=true",
			"429", "429", "odd", "odd", "odd:applied=true", "odd:shape=empty,applied=true", "odd:shape=rows", "odd:shape=counts",
			"404", "400:applied=true", "LATE", "LATE", "others", "others", "others:do=delete",
		)
		if f == "LATE" {
			f = d.one("504", "503", "reset-before", "html", "odd:shape=empty") + fmt.Sprintf(",late=%d", d.upTo(12))
		}
		if strings.HasPrefix(f, "404") || strings.HasPrefix(f, "400") {
			continue // such an answer is taken at its word
		}
		f += fmt.Sprintf(",p=%.2f", 0.03+0.3*d.Float64())
		if d.chance(0.2) {
			f += ",model=" + d.one(models...)
		}
		kind, settings, _ := strings.Cut(strings.Replace(f, ":", ",", 1), ",")
		out = append(out, kind+":"+settings)
	}
	return out
}

// tagged gives a row its mark, which tells it from all others in the log.
func (s *scenario) tagged(row map[string]any, op, i int) map[string]any {
	row["custom"] = map[string]any{"Tag": fmt.Sprintf("t%d-%d", op, i)}
	return row
}

func (s *scenario) newOp(d dice, n int) op {
	o := op{Model: d.one(models...), Kind: d.one("create", "create", "update", "update", "delete", "get", "list", "list", "list", "lean", "bulk", "bulk", "bulk", "metrics", "activities", "sweep")}
	switch o.Kind {
	case "create":
		o.Rows = []map[string]any{s.tagged(s.row(d, o.Model), n, 0)}
	case "update":
		o.ID = s.target(d, o.Model)
		row := s.row(d, o.Model)
		for _, key := range []string{"_id", "externalId", "sourceId", "email", "companyId", "mainType"} {
			delete(row, key)
		}
		o.Rows = []map[string]any{s.tagged(row, n, 0)}
	case "delete", "get":
		o.ID = s.target(d, o.Model)
		if o.Kind == "delete" {
			o.ID = idOf(o.Model, d.IntN(max(s.companies, s.children)+1))
		}
	case "list", "sweep":
		o.Sort = d.one("", "", "", "_id", "-_id", "name", "-name", "createdAt")
		if s.small() || d.chance(0.5) {
			o.PageSize = 2 + d.IntN(9)
		}
		if o.Kind == "list" && d.chance(0.2) {
			o.Limit = d.upTo(15)
		}
		if o.Model != "company" && d.chance(0.3) {
			o.Company = idOf("company", d.IntN(3))
		}
		if o.Kind == "sweep" {
			o.Do = d.one("delete", "update", "create", "archive")
			if o.Do == "create" {
				// Without keys, so that each is another record.
				row := s.row(d, o.Model)
				for _, key := range []string{"externalId", "sourceId"} {
					delete(row, key)
				}
				if o.Model == "enduser" {
					row["email"] = "copy@x.example"
				}
				o.Rows = []map[string]any{s.tagged(row, n, 0)}
			}
			if o.Do == "archive" && o.Model != "enduser" && o.Model != "task" {
				o.Do = "delete"
			}
		}
	case "lean":
		o.Model = "company"
	case "bulk":
		o.Chunk = d.upTo(12)
		s.bulkRows(d, n, &o)
	case "metrics":
		o.Model = "metrics"
		o.Chunk = d.upTo(6)
		for i := range d.upTo(10) {
			row := map[string]any{"dimensionId": d.one("logins", "seats"), "value": n*1000 + i, "externalId": fmt.Sprintf("c%d", d.IntN(s.companies+2)), "model": "Company"}
			if d.chance(0.1) {
				row["value"] = "many"
			}
			o.Rows = append(o.Rows, row)
		}
	case "activities":
		o.Model = "user_activity"
		o.Chunk = d.upTo(6)
		for i := range d.upTo(8) {
			row := map[string]any{"email": fmt.Sprintf("e%d@x.example", d.IntN(s.children+3)), "action": "login", "info": map[string]any{"Tag": fmt.Sprintf("t%d-%d", n, i)}}
			if d.chance(0.7) {
				row["companyExternalId"] = fmt.Sprintf("c%d", d.IntN(s.companies+1))
			}
			o.Rows = append(o.Rows, row)
		}
	}
	return o
}

// small reports whether the server's pages are so small that a list without a page
// size ends too early, as the guide says.
func (s *scenario) small() bool {
	return len(s.switches["page-cap"]) > 0 && len(s.switches["page-cap"]) < 3
}

// target is the id of a record that may exist.
func (s *scenario) target(d dice, model string) string {
	i := d.IntN(max(s.companies, s.children) + 1)
	switch {
	case d.chance(0.3):
		return "srcid-" + fmt.Sprintf("%s-s%d", model, i)
	case model == "company" && d.chance(0.3):
		return fmt.Sprintf("extid-c%d", i)
	}
	return idOf(model, i)
}

// row is a record without a mark. Values repeat, so that lists have ties and
// records are taken for each other if anybody is careless.
func (s *scenario) row(d dice, model string) map[string]any {
	name := "N" + d.one("1", "2", "3", "4", "5")
	row := map[string]any{}
	if d.chance(0.5) {
		row["sourceId"] = fmt.Sprintf("%s-s%d", model, d.IntN(40))
	}
	if model != "company" {
		row["companyId"] = idOf("company", d.IntN(s.companies))
		if d.chance(0.2) {
			row["companyId"] = fmt.Sprintf("extid-c%d", d.IntN(s.companies+1))
		}
	}
	if model != "task" && d.chance(0.4) {
		row["externalId"] = fmt.Sprintf("%s%d", model[:1], d.IntN(40))
	}
	switch model {
	case "task":
		row["action"], row["mainType"] = name, "task"
	case "license":
		row["product"], row["_currency"], row["value"], row["fromDate"] = name, "USD", d.IntN(5), "2026-01-01"
	case "enduser":
		row["name"] = name
		if d.chance(0.6) || row["sourceId"] == nil && row["externalId"] == nil {
			row["email"] = fmt.Sprintf("e%d@x.example", d.IntN(60))
		}
	default:
		row["name"] = name
	}
	return row
}

func (s *scenario) bulkRows(d dice, n int, o *op) {
	for i := range d.upTo(25) {
		row := s.row(d, o.Model)
		switch {
		case d.chance(0.06):
			delete(row, "name")
			delete(row, "product")
			delete(row, "companyId")
		case d.chance(0.05):
			row["sourceId"] = ""
		case d.chance(0.04):
			row["_id"] = idOf(o.Model, d.IntN(40))
		case d.chance(0.03):
			row["companyId"] = "extid-nowhere"
		}
		o.Rows = append(o.Rows, s.tagged(row, n, i))
	}
	if len(s.ops) > 0 && d.chance(0.3) {
		// The same rows as in an earlier call: some are unchanged now.
		if before := s.ops[d.IntN(len(s.ops))]; before.Kind == "bulk" {
			o.Model, o.Rows = before.Model, before.Rows
		}
	}
}
