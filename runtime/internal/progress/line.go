package progress

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"
	"github.com/mattn/go-runewidth"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/display"
)

// part is a piece of a line. Pieces with the largest drop are left out first where there
// is no room; one whose drop is 0 stays.
type part struct {
	text  string
	style display.Style
	drop  int
}

// fit joins parts to a line of at most width columns; 0 is any width.
func fit(parts []part, width int, color bool) string {
	parts = slices.DeleteFunc(slices.Clone(parts), func(p part) bool { return p.text == "" })
	for width > 0 && widthOf(parts) > width {
		most := 0
		for i, p := range parts {
			if p.drop > parts[most].drop {
				most = i
			}
		}
		if parts[most].drop == 0 {
			break
		}
		parts = slices.Delete(parts, most, most+1)
	}
	var line strings.Builder
	left := width
	for _, p := range parts {
		text := p.text
		if line.Len() == 0 {
			text = strings.TrimPrefix(strings.TrimPrefix(text, ","), " ")
		}
		if width > 0 {
			text = runewidth.Truncate(text, left, "…")
			left -= runewidth.StringWidth(text)
		}
		line.WriteString(display.Paint(p.style, text, color && p.style != ""))
		if width > 0 && left <= 0 {
			break
		}
	}
	return line.String()
}

func widthOf(parts []part) (n int) {
	for _, p := range parts {
		n += runewidth.StringWidth(p.text)
	}
	return n
}

// cells is how many columns a bar has.
const cells = 20

// parts returns the pieces of a task's line.
func (t Task) parts() []part {
	out := []part{{text: clean(t.Name)}}
	if t.Total > 0 {
		share := min(1, float64(t.Done)/float64(t.Total))
		full := int(share * cells)
		out = append(out, part{" [" + strings.Repeat("#", full) + strings.Repeat(".", cells-full) + "]", display.Cyan, 3},
			part{fmt.Sprintf(" %d%%", int(share*100)), "", 1})
	}
	out = append(out, part{" " + t.count(), "", 2}, part{t.speed(), display.Dim, 4})
	switch {
	case t.Ended && t.Elapsed >= time.Second:
		out = append(out, part{" in " + clock(t.Elapsed), display.Dim, 5})
	case t.Left >= 0:
		out = append(out, part{", " + clock(t.Left) + " left", display.Dim, 5})
	}
	if t.Note != "" && !t.Ended {
		out = append(out, part{" (" + clean(t.Note) + ")", display.Dim, 6})
	}
	return out
}

// count says how many items are done.
func (t Task) count() string {
	if t.Unit == bindings.TaskBytes {
		if t.Total > 0 {
			return size(t.Done) + " of " + size(t.Total)
		}
		return size(t.Done)
	}
	text := humanize.Comma(t.Done)
	if t.Total > 0 && (!t.Ended || t.Done != t.Total) {
		text += " of " + humanize.Comma(t.Total)
	}
	if t.Done == 1 && t.Total <= 1 {
		return text + " " + strings.TrimSuffix(clean(t.Unit), "s")
	}
	return text + " " + clean(t.Unit)
}

// speed says how many items are done in a second, or in a minute if they are few.
func (t Task) speed() string {
	switch {
	case t.Rate <= 0:
		return ""
	case t.Unit == bindings.TaskBytes:
		return ", " + size(int64(t.Rate)) + "/s"
	case t.Rate >= 10:
		return ", " + humanize.Comma(int64(math.Round(t.Rate))) + "/s"
	case t.Rate >= 1:
		return fmt.Sprintf(", %.1f/s", t.Rate)
	case t.Rate*60 >= 1:
		return fmt.Sprintf(", %.0f/min", t.Rate*60)
	}
	return ""
}

func size(n int64) string { return humanize.IBytes(uint64(max(0, n))) }

// clean makes a text of a script safe to show on one line.
func clean(text string) string { return display.Cell(text) }

// clock writes a time as 0:12 or 1:02:03.
func clock(d time.Duration) string {
	s := int(max(0, d).Round(time.Second).Seconds())
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// parts returns the pieces of the line about the whole run. hidden is how many tasks have
// no line.
func (s State) parts(hidden int) []part {
	out := []part{{text: clean(s.Name), drop: 2}, {text: " " + clock(s.Elapsed), drop: 3}}
	if s.Calls > 0 {
		out = append(out, part{", " + humanize.Comma(int64(s.Calls)) + " " + english.PluralWord(s.Calls, "call", ""), "", 5})
	}
	if hidden > 0 {
		out = append(out, part{", " + english.Plural(hidden, "more task", ""), "", 6})
	}
	return append(out, s.Wait.parts()...)
}

// parts returns the pieces that say what calls wait for.
func (w *Waiting) parts() []part {
	if w == nil {
		return nil
	}
	text := ", waiting for quota "
	switch w.Reason {
	case planhat.WaitPause:
		text = ", Planhat asked for a pause, "
	case planhat.WaitRetry:
		text = ", a request failed, next try in "
	}
	out := []part{{text + clock(w.Left), display.Yellow, 0}}
	if u := w.Use; w.Reason == planhat.WaitQuota && u.Busiest != "" {
		out = append(out, part{fmt.Sprintf(" (%s uses %d of %d)", clean(u.Busiest), u.Calls, u.Limit), "", 4})
	}
	return out
}

// text is the state in one line of the log, "" if there is nothing to say.
func (s State) text() string {
	tasks, hidden := s.shown(mostTasks)
	if len(tasks) == 0 && s.Last != nil && s.Last.Ended {
		tasks = append(tasks, *s.Last)
	}
	var texts []string
	for _, t := range tasks {
		parts := t.parts()
		texts = append(texts, fit(slices.DeleteFunc(parts, func(p part) bool { return strings.HasPrefix(p.text, " [") }), 0, false))
	}
	if rest := fit(s.parts(hidden)[2:], 0, false); rest != "" {
		texts = append(texts, rest)
	}
	return "after " + clock(s.Elapsed) + ": " + strings.Join(texts, "; ")
}

// mostTasks is how many tasks have a line.
const mostTasks = 3

// lines returns the state as lines of at most width columns, at most so many.
func (s State) lines(width, most int, color bool) []string {
	if most <= 0 || s.Elapsed < firstShown {
		return nil
	}
	tasks, hidden := s.shown(min(mostTasks, max(most-1, 0)))
	if most == 1 {
		tasks, hidden = s.shown(1)
		if len(tasks) == 1 {
			wait := s.Wait.parts()
			return []string{fit(append(tasks[0].parts(), wait...), width, color)}
		}
	}
	lines := []string{fit(s.parts(hidden), width, color)}
	for _, t := range tasks {
		lines = append(lines, fit(t.parts(), width, color))
	}
	return lines
}
