package simulator

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat/catalog"
)

func prepareTimeEntry(_ *Server, ch *change) *failure {
	hours, given := ch.in.number("hours")
	if given && (hours < 0.1 || hours > 24) {
		return &failure{status: http.StatusBadRequest, value: true,
			message: fmt.Sprintf("hours must be between 0.1 and 24, not %s.", ch.in.get("hours"))}
	}
	return nil
}

func finishTimeEntry(_ *Server, ch *change) {
	hours, _ := ch.out.number("hours")
	for _, name := range [][2]string{{"billableRate", "totalBilled"}, {"costRate", "totalCost"}} {
		if amount, known := ch.out.number(name[0]); known {
			ch.out.set(name[1], formatNumber(hours*amount))
		}
	}
	for _, name := range []string{"totalBilled", "totalCost"} {
		ch.out.fill(name, raw("0"))
	}
}

// duplicate answers POST /timeentries/duplicate: the entries that exist are
// copied through the bulk path.
func (s *Server) duplicate(x *exchange) (*answer, *failure) {
	in, refused := x.object()
	if refused != nil {
		return nil, refused
	}
	if in.get("ids").Kind() != '[' {
		return nil, invalid(`The body must be {"ids": [...]} with the _ids of time entries.`)
	}
	ids := texts(in.get("ids"))
	x.call.Rows = len(ids)
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	c := s.store.with(catalog.WorkedHours)
	var copies []fields
	for _, id := range ids {
		if r := c.byID[id]; r != nil {
			f := slices.Clone(r.fields)
			f.remove("_id")
			copies = append(copies, f)
		}
	}
	result := s.upsert(c.model, copies)
	if s.switches.is(swDuplicateAnswer, "bulk") {
		return s.bulkAnswer(result), nil
	}
	made := make([]jsontext.Value, 0, len(result.upsertedIDs))
	for _, id := range result.upsertedIDs {
		made = append(made, c.byID[textOf(id)].raw)
	}
	return ok(array(made)), nil
}

// prepareTimesheet turns the entries into plain ids.
func prepareTimesheet(s *Server, ch *change) *failure {
	given := elements(ch.in.get("timeEntries"))
	if given == nil {
		return nil
	}
	ids := make([]jsontext.Value, 0, len(given))
	for _, e := range given {
		id := idOf(e)
		if s.store.with(catalog.WorkedHours).byID[id] == nil {
			return invalid("timeEntries: no time entry has the id ", quotePlain(id), ".")
		}
		ids = append(ids, quote(id))
	}
	ch.in.set("timeEntries", array(ids))
	return nil
}

// finishTimesheet notes who approved and when: the assignee if one is
// known, since an API token has no user.
func finishTimesheet(s *Server, ch *change) {
	if ch.out.text("status") != "approved" || ch.old != nil && ch.old.text("status") == "approved" {
		return
	}
	approver := ch.out.get("assignedId")
	if users := s.store.with(catalog.TeamMember).order; !present(approver) && len(users) > 0 {
		approver = quote(users[0].id)
	}
	if !present(approver) {
		approver = quote(serviceUser)
	}
	ch.out.set("approvedBy", approver)
	ch.out.set("dateOfApproval", stamp(s.options.Clock()))
}

// serviceUser stands for the account of the API token.
const serviceUser = "000000000000000000000001"

// followTimesheet tells the entries about their timesheet.
func followTimesheet(s *Server, _ *change, r *record) {
	entries := s.store.with(catalog.WorkedHours)
	for _, id := range texts(r.get("timeEntries")) {
		if entry := entries.byID[id]; entry != nil {
			entries.rewrite(entry, func(f *fields) {
				f.setText("timesheetId", r.id)
				f.set("timesheetStatus", r.get("status"))
			})
		}
	}
}
