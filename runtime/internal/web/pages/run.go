package pages

import (
	"encoding/json"
	"fmt"
	"html/template"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/outcome"
	"github.com/phscript/phscript/runtime/internal/plans"
	"github.com/phscript/phscript/runtime/internal/web"
)

// runData is what the page of a run shows.
type runData struct {
	Run runRow
	// Hash is the beginning of the script's hash, Usual how long it usually takes.
	Hash, Usual string
	// Deadline is when the run ends at the latest.
	Deadline time.Time
	Retries  int
	Percent  int
	Left     string
	// Lines are the lines to begin with; Total counts all of them, Matching those that fit the search.
	Lines           template.HTML
	Total, Matching int64
	Search, Level   string
	Levels          []choice
	// Earlier leads to earlier lines, Later to the end of the log.
	Earlier, Later string
	// Follow is the address of the stream, and After the line after which it begins.
	Follow string
	After  int64
	Live   bool

	Numbers []number
	// Rows are the first rejected rows; Kept counts those that can be downloaded.
	Rows     []string
	Kept     int
	Reasons  []string
	Rejected int
	Warnings []string
	Params   []number
	Before   []earlier
	// Plan is the plan that the run has made or applies, 0 for none.
	Plan int64
	// CanCancel, CanRetry and CanReplay say what an operator may ask for: runs of webhooks are
	// not repeated, but their events are replayed.
	CanCancel, CanRetry, CanReplay bool
}

// number is a named value.
type number struct{ Name, Value, Class string }

// earlier is an earlier run of the same schedule.
type earlier struct {
	Run    int64
	State  state
	Title  string
	Height int
}

func (o Options) run(q *web.Request) (any, error) {
	r, err := o.runOf(q)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	data := &runData{Run: rowOf(r, now), Hash: short(r.ScriptHash, 8), Retries: r.Definition.Retries, Live: !r.Status.Over()}
	data.Hash = strings.TrimSuffix(data.Hash, "…")
	data.CanCancel = data.Live && !r.CancelWanted && !r.Cause.Command()
	bad := r.Status.Over() && r.Status != history.Succeeded
	data.CanRetry = bad && !r.Cause.Command() && r.Cause != history.ByHook && r.Definition.Plan == 0
	data.CanReplay = bad && r.Cause == history.ByHook
	if data.Plan = r.Definition.Plan; r.Definition.Approve {
		p, err := plans.OfRun(q.Context(), o.Reads, r.ID)
		if err != nil {
			return nil, err
		}
		if p != nil {
			data.Plan = p.ID
		}
	}
	if limit, err := time.ParseDuration(r.Definition.Timeout); err == nil && r.Status == history.Running {
		data.Deadline = r.Started.Add(limit)
	}
	if t := r.Task; t != nil && t.Total > 0 {
		data.Percent = int(min(100, 100*t.Done/t.Total))
		if t.Left >= 0 {
			data.Left = "about " + lasts(time.Duration(t.Left)*time.Second) + " left"
		}
	}
	for _, part := range []func(*web.Request, *history.Run, *runData) error{o.readLines, o.readSummary, o.readEarlier} {
		if err := part(q, r, data); err != nil {
			return nil, err
		}
	}
	return data, nil
}

// readLines reads the lines that the address asks for: the last ones, those before one, or
// those around one.
func (o Options) readLines(q *web.Request, r *history.Run, data *runData) error {
	values := q.URL.Query()
	wanted, h, ctx := linesOf(q, r.ID), o.Overview.History(), q.Context()
	data.Search, data.Level = wanted.Text, values.Get("level")
	for _, one := range []choice{{"", "All levels", false}, {"info", "Without debug", false}, {"warn", "Warnings and errors", false}, {"error", "Errors", false}} {
		one.Chosen = one.Value == data.Level
		data.Levels = append(data.Levels, one)
	}
	var err error
	if data.Total, err = h.CountLines(ctx, history.Lines{Run: r.ID}); err != nil {
		return err
	}
	data.Matching = data.Total
	around, _ := strconv.ParseInt(values.Get("around"), 10, 64)
	before, _ := strconv.ParseInt(values.Get("before"), 10, 64)
	here := fmt.Sprintf("/runs/%d", r.ID)
	filtered := wanted.Text != "" || len(wanted.Levels) > 0
	var lines []history.Line
	switch {
	case q.ByScript(): // the lines come by the stream
	case around > 0:
		lines, err = h.Around(ctx, r.ID, around, linesAround)
	default:
		some := wanted
		some.Before, some.Limit, some.Last = before, mostLines, true
		lines, err = h.Lines(ctx, some)
	}
	if err == nil && filtered {
		// Searching all lines takes a while, so it is done once if that is enough.
		if all := !q.ByScript() && around == 0 && before == 0 && len(lines) < mostLines; all {
			data.Matching = int64(len(lines))
		} else {
			data.Matching, err = h.CountLines(ctx, wanted)
		}
	}
	if err != nil {
		return err
	}
	if q.ByScript() {
		data.Follow = "-"
		return nil
	}
	shown := o.render(q, r, lines)
	for i := range shown {
		shown[i].Marked = shown[i].Seq == around
	}
	data.Lines = lineHTML(q, shown)
	kept := url.Values{}
	for _, name := range []string{"q", "level"} {
		if around == 0 && values.Get(name) != "" {
			kept.Set(name, values.Get(name))
		}
	}
	if len(lines) > 0 {
		data.After = lines[len(lines)-1].Seq
		if around > 0 || len(lines) == mostLines {
			if lines[0].Seq > 1 {
				data.Earlier = here + with(kept, "before", strconv.FormatInt(lines[0].Seq, 10)) + "#log"
			}
		}
	}
	if around > 0 || before > 0 {
		data.Later = here + with(kept, "", "") + "#end"
	} else if data.Live {
		data.Follow = here + "/log" + with(kept, "", "")
	}
	return nil
}

// readSummary takes the numbers of a run from its summary, or from what it has reported so
// far.
func (o Options) readSummary(_ *web.Request, r *history.Run, data *runData) error {
	add := func(name, value, class string) { data.Numbers = append(data.Numbers, number{name, value, class}) }
	var s outcome.Summary
	if len(r.Summary) == 0 || json.Unmarshal(r.Summary, &s) != nil {
		if !r.Started.IsZero() {
			add("Records written", count(r.Written), "")
			add("Rejected rows", count(r.Rejected), warnIf(r.Rejected > 0))
			add("Calls to Planhat", count(r.Calls), "")
		}
		data.Rejected = max(0, r.Rejected)
	} else {
		t := s.Totals
		for _, n := range []struct {
			name  string
			n     int
			class string
		}{
			{"Read", t.Read, ""}, {"Created", t.Created, ""}, {"Updated", t.Updated, ""}, {"Unchanged", t.Unchanged, "muted"}, {"Deleted", t.Deleted, ""}, {"Planned", t.Planned, ""},
			{"Rejected", t.Rejected, "warn"}, {"Stored, unknown how", t.UncertainOutcome, "warn"}, {"Not sent", t.Unsent, "warn"}, {"Perhaps stored", t.Unknown, "warn"},
		} {
			if n.n > 0 {
				add(n.name, count(n.n), n.class)
			}
		}
		add("Calls to Planhat", count(t.Calls), "")
		if t.Retries > 0 {
			add("Repeated calls", count(t.Retries), "")
		}
		if t.WaitedSeconds >= 0.05 {
			add("Waited for the quota", lasts(time.Duration(t.WaitedSeconds*float64(time.Second))), "")
		}
		for _, reason := range s.Reasons {
			data.Reasons = append(data.Reasons, plural(reason.Count, "row", "rows")+": "+reason.Message)
		}
		data.Rejected, data.Warnings, data.Kept = t.Rejected, s.Warnings, len(s.Rows)
		for _, row := range s.Rows[:min(len(s.Rows), mostRows)] {
			data.Rows = append(data.Rows, short(row.String(), 300))
		}
	}
	var params map[string]json.RawMessage
	if err := json.Unmarshal([]byte(r.Definition.Params.JSON()), &params); err == nil {
		for name, value := range params {
			data.Params = append(data.Params, number{Name: name, Value: short(string(value), 200)})
		}
		slices.SortFunc(data.Params, func(a, b number) int { return strings.Compare(a.Name, b.Name) })
	}
	return nil
}

func warnIf(is bool) string {
	if is {
		return "warn"
	}
	return ""
}

// mostRows is how many rejected rows a page shows.
const mostRows = 8

// mostEarlier is how many earlier runs a page shows.
const mostEarlier = 22

// readEarlier reads the last runs of the same schedule, the latest last.
func (o Options) readEarlier(q *web.Request, r *history.Run, data *runData) error {
	if r.Schedule == "" {
		return nil
	}
	page, err := o.Overview.History().Page(q.Context(), history.Filter{Schedule: r.Schedule, Due: true, Limit: mostEarlier, Until: time.Now()})
	if err != nil {
		return err
	}
	longest, took := time.Duration(0), []time.Duration{}
	now := time.Now()
	for _, one := range page.Runs {
		longest = max(longest, one.Duration(now))
		if one.Status == history.Succeeded {
			took = append(took, one.Duration(now))
		}
	}
	if slices.Sort(took); len(took) > 0 {
		data.Usual = lasts(took[len(took)/2])
	}
	for _, one := range slices.Backward(page.Runs) {
		e := earlier{Run: one.ID, State: stateOf(one.Status), Height: barHeight(one.Duration(now), longest)}
		e.Title = fmt.Sprintf("run %d: %s", one.ID, strings.ToLower(e.State.Word))
		if d := one.Duration(now); d > 0 {
			e.Title += ", " + lasts(d)
		}
		data.Before = append(data.Before, e)
	}
	return nil
}

// barHeight is the height of a bar, in units of a chart that is 26 high.
func barHeight(d, longest time.Duration) int {
	if longest <= 0 || d <= 0 {
		return 4
	}
	return 6 + int(18*d/longest)
}

// cancel and retry are what operators ask for.
func (o Options) cancel(q *web.Request) error {
	r, err := o.runOf(q)
	if err != nil {
		return err
	}
	ask, err := o.ask(q)
	if err != nil {
		return err
	}
	if _, err := o.Schedules.Cancel(q.Context(), r.ID, ask); err != nil {
		return refusal(err)
	}
	return q.Back(fmt.Sprintf("/runs/%d", r.ID))
}

func (o Options) retry(q *web.Request) error {
	r, err := o.runOf(q)
	if err != nil {
		return err
	}
	ask, err := o.ask(q)
	if err != nil {
		return err
	}
	again, err := o.Schedules.Retry(q.Context(), r.ID, "", ask)
	if err != nil {
		return refusal(err)
	}
	return q.Back(fmt.Sprintf("/runs/%d", again))
}
