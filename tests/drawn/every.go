package drawn

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/tests/sample"
)

// Every returns scripts by model that call each operation that writes: on listed records and on
// new ones, by all keys. None of it fails or is rejected.
func Every(planhat *simulator.Server) map[string]string {
	all := map[string]string{}
	for _, m := range catalog.Load().Models {
		e := &every{planhat: planhat, m: m}
		e.maker = sample.Maker{
			Ref:     func(m *catalog.Model) any { return lua(fmt.Sprintf("old(%q, 3)", m.Snake)) },
			Company: func() any { return planhat.Records(catalog.Load().With(catalog.Account).Snake)[2]["externalId"] },
			Domain:  "every.example",
			Prefix:  "every ",
		}
		if body := e.script(); body != "" {
			all[m.Snake] = open(body) + body
		}
	}
	return all
}

// open returns the opening of a script with these statements.
func open(body string) string {
	var names []string
	for _, m := range catalog.Load().Models {
		if m.Operation("get_list") != nil && strings.Contains(body, fmt.Sprintf("%q", m.Snake)) {
			names = append(names, fmt.Sprintf("%q", m.Snake))
		}
	}
	return fmt.Sprintf(opening, strings.Join(names, ", "))
}

type every struct {
	planhat *simulator.Server
	m       *catalog.Model
	maker   sample.Maker
	n       int
}

func (e *every) script() string {
	var b strings.Builder
	for _, op := range e.m.Operations {
		call := "planhat." + e.m.Snake + "." + op.Name
		switch {
		case op.Method == http.MethodGet:
		case op.Name == "create":
			for _, row := range []map[string]any{e.without(e.maker.Record(e.m)), e.without(e.maker.Record(e.m)), e.maker.Record(e.m)} {
				fmt.Fprintf(&b, "keep(%q, %s(%s)._id)\n", e.m.Snake, call, object(row))
			}
		case op.Name == "update":
			fmt.Fprintf(&b, "%s(old(%q, 1), %s)\n%s(new(%q, 3, 1), %s)\n", call, e.m.Snake, object(e.change()), call, e.m.Snake, object(e.change()))
			for prefix, name := range map[string]string{"extid-": e.m.ExternalID(), "srcid-": "sourceId"} {
				if key := e.key(1, name); key != "" && slices.Contains(e.m.Keyables.Update, prefix) {
					fmt.Fprintf(&b, "%s(%q, %s)\n", call, prefix+key, object(e.change()))
				}
			}
		case op.Name == "bulk_upsert":
			rows := []string{object(e.maker.Record(e.m)), object(e.maker.Record(e.m))}
			for i, name := range e.m.Keyables.Bulk {
				if key := e.key(i, name); key != "" {
					rows = append(rows, object(e.keyed(i, name, key)))
				}
			}
			fmt.Fprintf(&b, "local r = %s{ %s }\nassert(r.rejected == 0 and r.created + r.updated == %d, r.rejected .. \" rejected\")\n", call, strings.Join(rows, ", "), len(rows))
		case op.Name == "duplicate":
			fmt.Fprintf(&b, "%s{ old(%q, 1), new(%q, 3, 1) }\n", call, e.m.Snake, e.m.Snake)
		case op.Name == "delete":
			fmt.Fprintf(&b, "%s(old(%q, %d))\n", call, e.m.Snake, known)
		case op.Name == "segment":
			fmt.Fprintf(&b, "%s(%s)\n", call, object(e.maker.Segment(e.m)))
		case strings.HasPrefix(op.Name, "bulk_"):
			fmt.Fprintf(&b, "%s{ %s, %s }\n", call, object(e.maker.Record(e.m)), object(e.maker.Record(e.m)))
		default:
			fmt.Fprintf(&b, "%s(%s)\n", call, object(e.maker.Record(e.m)))
		}
	}
	return b.String()
}

// without leaves the keys out that a record need not have.
func (e *every) without(row map[string]any) map[string]any {
	for _, name := range []string{"externalId", "extId", "sourceId"} {
		if !slices.Contains(slices.Concat(e.m.RequiredOnCreate, e.m.RequiredOneOf), name) {
			delete(row, name)
		}
	}
	return row
}

// key is that of the i-th record.
func (e *every) key(i int, name string) string {
	key, _ := e.planhat.Records(e.m.Snake)[i][name].(string)
	return key
}

// keyed is a row of a bulk upsert that changes the i-th record, with what it needs for that.
func (e *every) keyed(i int, name, key string) map[string]any {
	row, record := e.change(), e.planhat.Records(e.m.Snake)[i]
	row[name] = key
	for _, needed := range append(slices.Clone(e.m.DroppedWithout), e.m.CompanyRef()) {
		if p := e.m.Property(needed); p != nil && !p.ReadOnly && record[needed] != nil && row[needed] == nil {
			row[needed] = record[needed]
		}
	}
	return row
}

// change is a new value of a property.
func (e *every) change() map[string]any {
	e.n++
	for _, kind := range []catalog.Type{catalog.String, catalog.Number, catalog.Days} {
		for _, name := range changeable(e.m) {
			p := e.m.Property(name)
			if p.Type != kind || len(p.Enum) > 0 {
				continue
			}
			if kind == catalog.String {
				return map[string]any{name: fmt.Sprint("changed ", e.n)}
			}
			return map[string]any{name: 20_100 + e.n}
		}
	}
	return map[string]any{}
}
