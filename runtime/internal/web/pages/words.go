package pages

import (
	"fmt"
	"strconv"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"

	"github.com/phscript/phscript/runtime/internal/history"
)

// state is how a status looks: never a color alone.
type state struct{ Word, Icon, Class string }

var states = map[history.Status]state{
	history.Queued:    {"Waiting", "wait", "muted"},
	history.Running:   {"Running", "run", ""},
	history.Succeeded: {"Succeeded", "ok", "ok"},
	history.Rejected:  {"Rejected rows", "warn", "warn"},
	history.Failed:    {"Failed", "bad", "bad"},
	history.TimedOut:  {"Timed out", "bad", "bad"},
	history.Cancelled: {"Cancelled", "skip", "muted"},
	history.Lost:      {"Lost", "bad", "bad"},
	history.Skipped:   {"Skipped", "skip", "muted"},
	history.Missed:    {"Missed", "warn", "warn"},
}

func stateOf(s history.Status) state {
	if known, ok := states[s]; ok {
		return known
	}
	return state{string(s), "skip", "muted"}
}

// causes are why runs exist, in words.
var causes = map[history.Cause]string{
	history.ByTick: "its schedule", history.ByCatchUp: "missed ticks", history.ByHand: "somebody", history.ByRetry: "a failed attempt", history.ByEvent: "an event", history.ByHook: "a webhook", history.ByPlan: "an approved plan",
	history.ByRun: "phscript run", history.ByApply: "phscript apply", history.ByUndo: "phscript undo", history.ByREPL: "phscript repl",
}

func causeOf(c history.Cause) string {
	if known, ok := causes[c]; ok {
		return known
	}
	return string(c)
}

// lasts writes a duration in at most two units.
func lasts(d time.Duration) string {
	switch {
	case d < 0:
		return lasts(0)
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 10*time.Second:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return two(int(d.Minutes()), "min", int(d.Seconds())%60, "s")
	case d < 48*time.Hour:
		return two(int(d.Hours()), "h", int(d.Minutes())%60, "min")
	}
	return two(int(d.Hours())/24, "d", int(d.Hours())%24, "h")
}

func two(big int, unit string, small int, smaller string) string {
	if small == 0 {
		return fmt.Sprintf("%d %s", big, unit)
	}
	return fmt.Sprintf("%d %s %d %s", big, unit, small, smaller)
}

// ago says how long before now a moment was, or how long after.
func ago(now, t time.Time) string {
	d := now.Sub(t)
	switch {
	case d < -time.Second:
		return "in " + about(-d)
	case d < 2*time.Second:
		return "now"
	}
	return about(d) + " ago"
}

// about writes a duration in one unit.
func about(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()+.5))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()+.5))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24+.5))
}

// count writes a number, "?" if it is not known.
func count[N int | int64](n N) string {
	if n < 0 {
		return "?"
	}
	return humanize.Comma(int64(n))
}

func plural[N int | int64](n N, one, many string) string {
	if n < 0 {
		return "? " + many
	}
	return count(n) + " " + english.PluralWord(int(n), one, many)
}

// short is the beginning of a text.
func short(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}
