package consent

import (
	"context"
	"slices"
	"strings"

	"github.com/dustin/go-humanize/english"
)

// Fields decides about custom fields that are deleted or get another type, which changes the
// values of all records, and which no undo reverts. Each is confirmed by its name: on a
// terminal, or with the flag --confirm-field, whose values are confirmed.
func (t *Terms) Fields(ctx context.Context, what string, fields, confirmed []string) error {
	if t.Simulated || t.Scheduled {
		return nil
	}
	var open []string
	for _, name := range fields {
		if !slices.Contains(confirmed, name) && !slices.Contains(open, name) {
			open = append(open, name)
		}
	}
	if len(open) == 0 {
		return nil
	}
	types := "its type"
	if len(open) > 1 {
		types = "their types"
	}
	does := what + " deletes the custom " + english.PluralWord(len(open), "field", "") + " " + english.WordSeries(slices.Clone(open), "and") +
		" or changes " + types + ", which changes the values in all records"
	if t.Ask == nil {
		hint := "to go ahead, add"
		for _, name := range open {
			hint += " --confirm-field " + quoted(name)
		}
		return refused("not confirmed: "+does, hint+"; --yes is not enough, because the values in all records change and no undo restores them")
	}
	for _, name := range open {
		answer, err := t.Ask(ctx, sentence(what)+" changes the values in all records, and you cannot undo that. Type the name of the custom field, "+name+", to go ahead: ")
		if err != nil {
			return err
		}
		if answer != name {
			return refused("not confirmed: the answer was not the name of the custom field, "+name, "")
		}
	}
	return nil
}

// quoted is a name as a shell takes it.
func quoted(name string) string {
	if name != "" && !strings.ContainsFunc(name, func(r rune) bool { return strings.ContainsRune(" \t\n\"'\\$`&|;<>()*?[]#~{}!", r) }) {
		return name
	}
	return "'" + strings.ReplaceAll(name, "'", `'\''`) + "'"
}
