package plan

import (
	"errors"
	"net/http"
	"strings"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
)

// values answers rows that add values to the records of another model, which they name by
// externalId.
func (s *session) values(m *catalog.Model, body []byte) (planhat.Reply, error) {
	rows := rowsOf(body)
	of := func(row object) string {
		kind, p := row.text("model"), m.Property("model")
		if m.CompanyKey == "" || p != nil && kind != "" && !strings.EqualFold(kind, textOf(p.Default)) {
			return ""
		}
		return row.text(m.CompanyKey)
	}
	var references []string
	for _, row := range rows {
		if value := of(row); value != "" {
			references = append(references, external+value)
		}
	}
	if err := s.companies(unique(references)); err != nil && !errors.Is(err, errBlind) {
		return planhat.Reply{}, err
	}
	var failed []failure
	for i, row := range rows {
		value := of(row)
		if value == "" {
			continue
		}
		switch _, found, err := s.company(external + value); {
		case errors.Is(err, errBlind):
		case err != nil:
			return planhat.Reply{}, err
		case !found:
			failed = append(failed, failure{i, "there is no company with the " + m.CompanyKey + " " + value})
		}
	}
	refused := map[int]string{}
	for _, f := range failed {
		refused[f.row] = f.message
	}
	for i := range rows {
		s.row(i)
		if why := refused[i]; why != "" {
			s.write(StepRow{Action: Reject, Reason: why})
		} else {
			s.write(StepRow{Action: Send})
		}
	}
	s.count(m, Counts{Sent: len(rows) - len(failed), Rejected: len(failed)})
	status := http.StatusOK
	if len(failed) > 0 {
		status = http.StatusPartialContent
	}
	return planhat.Reply{Status: status, Body: object{{"processed", number(len(rows) - len(failed))}, {"errors", entries(failed)}}.encode()}, nil
}

// duplicate answers the copying of records.
func (s *session) duplicate(m *catalog.Model, body []byte) (planhat.Reply, error) {
	given, err := parse(body)
	if err != nil {
		return planhat.Reply{}, err
	}
	var a answers
	for i, item := range items(given.get("ids")) {
		id := textOf(item)
		s.row(i)
		s.foundBy(keyOf("_id", id))
		records, err := s.lookUp(m, keyOf("_id", id))
		if err == nil && len(records) > 0 {
			err = s.whole(m, records[0])
		}
		if err != nil && !errors.Is(err, errBlind) {
			return planhat.Reply{}, err
		}
		var copied object
		blind := err != nil
		if !blind && len(records) == 0 {
			s.count(m, Counts{Rejected: 1})
			s.write(StepRow{Action: Reject, ID: id, Reason: "there is no " + m.Noun + " with the id " + id})
			a.notCreated = append(a.notCreated, failure{i, "there is no " + m.Noun + " with the id " + id})
			continue
		}
		if len(records) > 0 {
			copied = records[0].fields()
		}
		r := s.newRecord(m, copied)
		r.blind = blind
		a.take(m, r, true)
		s.created(m, r, nil, false)
	}
	return a.reply(), nil
}

// rowsOf returns the rows of a body, which is a list or one object. A row that can't be
// read is nil.
func rowsOf(body []byte) []object {
	records := []planhat.Record{body}
	if list, err := planhat.SplitList(body); err == nil {
		records = list
	}
	rows := make([]object, len(records))
	for i, r := range records {
		rows[i], _ = parse(r)
	}
	return rows
}
