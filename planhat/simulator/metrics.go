package simulator

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat/catalog"
)

var dimensionName = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)

// insertMetrics answers POST /dimensiondata/{tenantUUID}.
func (s *Server) insertMetrics(x *exchange) (*answer, *failure) {
	rows, _, refused := payload(x.body)
	if refused != nil {
		return nil, refused
	}
	x.call.Rows = len(rows)
	return ok(processedBody(s.each(rows, s.insertMetric))), nil
}

func processedBody(processed int, errors []jsontext.Value) jsontext.Value {
	return object("processed", jsontext.Value(itoa(processed)), "errors", array(errors))
}

// metricError follows the switch bulk-errors, with a metric's own keys.
func (s *Server) metricError(i int, row fields, message string) jsontext.Value {
	if !s.switches.is(swBulkErrors, "keys") || row == nil {
		return s.rowError(i, row, message)
	}
	entry := row.pick([]string{"dimensionId", "externalId", "email", "action"})
	entry.setText("message", message)
	return entry.encode()
}

func (s *Server) insertMetric(row fields) *failure {
	if row == nil {
		return invalid("Every row must be an object.")
	}
	dimension := row.text("dimensionId")
	value, isNumber := row.number("value")
	external := row.text("externalId")
	if external == "" {
		external = row.text("companyExternalId") // the older name
	}
	switch {
	case dimension == "":
		return invalid("Missing required field: dimensionId.")
	case s.switches.is(swDimensionNames, "strict") && !dimensionName.MatchString(dimension):
		return invalid(fmt.Sprintf("dimensionId %q contains spaces or special characters.", dimension))
	case !isNumber || value != value:
		return invalid("value must be a number.")
	case external == "":
		return invalid("Missing required field: externalId.")
	}
	return s.storeMetric(row, dimension, external)
}

func (s *Server) storeMetric(row fields, dimension, external string) *failure {
	kind := s.store.metrics.model.Property("model")
	given := row.text("model")
	if given == "" {
		given = textOf(kind.Default)
	}
	i := slices.IndexFunc(kind.Enum, func(known string) bool { return strings.EqualFold(known, given) })
	if i < 0 {
		return invalid(fmt.Sprintf("model must be one of %s, not %q.", strings.Join(kind.Enum, ", "), given))
	}
	owners := s.store.of(catalog.Load().ModelNamed(kind.Enum[i]))
	parent := owners.first(owners.external, external)
	if parent == nil {
		return invalid(fmt.Sprintf("No %s has the externalId %q.", owners.model.Name, external))
	}
	at := s.options.Clock()
	if date := row.get("date"); present(date) {
		parsed, isDate := parseDate(textOf(date))
		if !isDate {
			return invalid(fmt.Sprintf("date %s is not an ISO 8601 date.", brief(date)))
		}
		at = parsed
	}
	company := parent
	if !owners.model.Has(catalog.Account) {
		company = s.store.with(catalog.Account).byID[parent.company]
	}
	value, _ := castNumber(row.get("value"))
	f := fields{
		{"_id", nil}, {"dimensionId", quote(dimension)}, {"time", stamp(at)}, {"value", value},
		{"model", quote(kind.Enum[i])},
		{"parentId", quote(parent.id)},
	}
	if company != nil {
		f = append(f, field{"companyId", quote(company.id)}, field{"companyName", company.get("name")})
	}
	s.putMetric(f, parent.id, dimension, epochDay(at))
	return nil
}

// putMetric stores a value, in place of the day's earlier one where the switch
// says so.
func (s *Server) putMetric(f fields, parent, dimension string, day int) {
	c := s.store.metrics
	id := ""
	if s.switches.is(swMetricSameDay, "replace") {
		for _, have := range c.company[f.text("companyId")] {
			r := c.byID[have]
			at, _ := parseDate(r.text("time"))
			if r.text("parentId") == parent && r.text("dimensionId") == dimension && epochDay(at) == day {
				id = r.id
				break
			}
		}
	}
	if id == "" {
		id = s.store.newID()
	}
	f.setText("_id", id)
	c.put(c.freeze(f))
}
