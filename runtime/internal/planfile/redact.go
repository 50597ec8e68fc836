package planfile

import (
	"slices"

	"github.com/phscript/phscript/runtime/internal/outcome"
)

// Redact leaves only counts and names of properties.
func (r *Report) Redact() {
	for _, m := range r.Models {
		for _, list := range [][]Record{m.All, m.Deletes, m.Creates, m.Updates, m.Blinds, m.Requests} {
			for i := range list {
				one := &list[i]
				for _, c := range one.Changes {
					one.Fields = append(one.Fields, c.Path)
				}
				*one = Record{Action: one.Action, Line: one.Line, Client: one.Client, Fields: one.Fields}
			}
		}
	}
	for i, row := range r.Rejected {
		r.Rejected[i] = outcome.RejectedRow{
			Model: row.Model, Operation: row.Operation, Row: row.Row, Script: row.Script, ScriptLine: row.ScriptLine,
			Kind: row.Kind, State: row.State, Message: "(redacted)",
		}
	}
}

// Redact removes what comes from the data or whoever planned it.
func (h *Header) Redact() {
	h.Dir = ""
	if h.Undo != nil {
		h.Undo.Report = nil
	}
	h.Args, h.Params, h.Env = nil, nil, nil
	h.Files = slices.DeleteFunc(h.Files, func(f File) bool { return !f.Empty })
	for i := range h.Files {
		h.Files[i] = File{Name: "(redacted)", Empty: true}
	}
	for _, names := range [][]string{h.SideEffects.Written, h.SideEffects.Removed} {
		for i := range names {
			names[i] = "(redacted)"
		}
	}
	for i := range h.SideEffects.Withheld {
		h.SideEffects.Withheld[i].To = "(redacted)"
	}
	for i := range h.Tenants {
		h.Tenants[i].User = ""
	}
}
