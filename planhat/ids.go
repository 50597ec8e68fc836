package planhat

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/phscript/phscript/planhat/catalog"
)

// Prefixes of ids that are not Planhat's own.
const (
	externalPrefix = "extid-"
	sourcePrefix   = "srcid-"
)

// splitID returns an id's prefix, or "", and what follows it.
func splitID(id string) (prefix, rest string) {
	for _, p := range []string{externalPrefix, sourcePrefix} {
		if rest, ok := strings.CutPrefix(id, p); ok {
			return p, rest
		}
	}
	return "", id
}

// address returns the id to send for an operation. Where Planhat takes an id
// with a prefix for reading only, it reads the record to learn its _id.
func (r *Resource) address(ctx context.Context, op *catalog.Operation, id string) (string, error) {
	prefix, rest := splitID(id)
	switch {
	case strings.TrimSpace(rest) == "":
		return "", r.fault(op, &Error{Kind: KindValidation, Message: "the id is empty", Hint: "check where the id comes from"})
	case rest == "." || rest == "..":
		return "", r.fault(op, &Error{Kind: KindValidation, Message: "the id " + quote(id) + " is not valid"})
	case prefix == "":
		return id, nil
	}
	k := r.model.Keyables
	known := k.Get
	switch op.Name {
	case "update":
		known = k.Update
	case "delete":
		known = k.Delete
	}
	switch {
	case slices.Contains(known, prefix):
		return id, nil
	case op.Name == "get_by_id" || !slices.Contains(k.Get, prefix):
		return "", r.fault(op, &Error{
			Kind: KindValidation, Message: "this model does not support ids with " + prefix + "…",
			Hint: "use " + strings.Join(idForms(k, known), " or "),
		})
	}
	record, err := r.fetch(ctx, id)
	if err != nil {
		return "", r.fault(op, err) // the look-up is no call of the caller's
	}
	members, err := readObject(record)
	if found := text(members.get("_id")); err == nil && found != "" {
		return found, nil
	}
	return "", r.fault(op, &Error{Kind: KindServer, Message: "the record " + quote(id) + " came back without its _id"})
}

// idForms lists the ids that work, those that need a look-up first included.
func idForms(k catalog.Keyables, known []string) []string {
	var forms []string
	for _, form := range []string{"_id", externalPrefix, sourcePrefix} {
		if form == "_id" || slices.Contains(known, form) || slices.Contains(k.Get, form) {
			forms = append(forms, form)
		}
	}
	return forms
}

// compareIDs orders ids as Planhat does: those of MongoDB rise with time.
func compareIDs(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

// idOf returns the _id of a record, "" if it has none.
func idOf(record Record) string {
	const first = `{"_id":"`
	if rest, found := bytes.CutPrefix(record, []byte(first)); found {
		if end := bytes.IndexByte(rest, '"'); end >= 0 && bytes.IndexByte(rest[:end], '\\') < 0 {
			return string(rest[:end])
		}
	}
	members, err := readObject(record)
	if err != nil {
		return ""
	}
	return text(members.get("_id"))
}
