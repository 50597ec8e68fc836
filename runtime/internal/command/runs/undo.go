package runs

import (
	"context"
	"fmt"
	"time"

	"github.com/dustin/go-humanize/english"

	"github.com/phscript/phscript/runtime/internal/changes"
	"github.com/phscript/phscript/runtime/internal/store"
	"github.com/phscript/phscript/runtime/internal/view"
)

// recorded says until when a run can be undone, and which run has undone it.
func recorded(ctx context.Context, db *store.DB, run int64) (lines []view.Line) {
	set, err := changes.OfRun(ctx, db, run)
	if err != nil || set == nil {
		return nil
	}
	counts, err := changes.Counts(ctx, db, set.ID)
	if err != nil {
		return nil
	}
	n := 0
	for _, one := range counts {
		n += one
	}
	switch {
	case set.Forgotten:
		lines = append(lines, view.Line{Name: "undo", Value: "its changes are no longer recorded"})
	case n > 0:
		lines = append(lines, view.Line{Name: "undo", Value: fmt.Sprintf("until %s: phscript undo %d (%s recorded)", set.Until().Local().Format(time.DateOnly), run, english.Plural(n, "change", ""))})
	}
	if by, err := changes.UndoneBy(ctx, db, set.ID); err == nil && by != nil {
		lines = append(lines, view.Line{Name: "undone", Value: fmt.Sprintf("by run %d; to see what it did not revert: phscript runs show %d", by.Run, by.Run)})
	}
	if set.Undoes > 0 {
		if of, err := changes.Get(ctx, db, set.Undoes); err == nil && of != nil {
			lines = append(lines, view.Line{Name: "undoes", Value: fmt.Sprintf("run %d", of.Run)})
		}
	}
	return lines
}
