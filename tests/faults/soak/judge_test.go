package soak

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/phscript/phscript/planhat"
)

// judge compares what the script was told with what the tenant stored. It knows the
// log and nothing of the client.
type judge struct {
	*scenario
	log    []entry
	claims []claim
	// shared are the marks that several calls used.
	shared map[string]bool
}

// story is what happened to the rows with one mark.
type story struct {
	created, updated []int // places in the log
	ids              []string
}

func newJudge(s *scenario, log []entry, claims []claim) *judge {
	j := &judge{scenario: s, log: log, claims: claims, shared: map[string]bool{}}
	times := map[string]int{}
	for _, o := range s.ops {
		for tag := range tagsOf(o) {
			times[tag]++
		}
	}
	for tag, n := range times {
		j.shared[tag] = n > 1
	}
	return j
}

func tagsOf(o op) map[string]bool {
	out := map[string]bool{}
	for _, row := range o.Rows {
		out[tagOf(row)] = true
	}
	return out
}

func tagOf(row map[string]any) string {
	for _, in := range []string{"custom", "info"} {
		if m, is := row[in].(map[string]any); is {
			return m["Tag"].(string)
		}
	}
	return fmt.Sprint("v", row["value"])
}

// story follows a mark through the log, from one place to another.
func (j *judge) story(tag string, from, to int) story {
	var out story
	before := map[string]string{}
	for i, e := range j.log[:to] {
		have := e.tag
		if e.Model == "metrics" {
			have = fmt.Sprint("v", e.value)
		}
		if have == tag && !e.Others && i >= from {
			switch {
			case e.Created:
				out.created = append(out.created, i)
				out.ids = append(out.ids, e.ID)
			case before[e.ID] != tag || j.shared[tag] || j.busy():
				out.updated = append(out.updated, i)
				out.ids = append(out.ids, e.ID)
			}
		}
		before[e.ID] = have
	}
	return out
}

// busy reports whether others work in the tenant. A row that is sent again may then
// change its record again although it has the mark.
func (j *judge) busy() bool {
	return j.others > 0 || strings.Contains(strings.Join(j.faults, ";"), "others")
}

// of is the story of a row of a call. A mark that several calls used is followed
// only while the call lasted.
func (j *judge) of(n int, tag string) story {
	if j.shared[tag] {
		return j.story(tag, j.claims[n].Start, j.claims[n].End)
	}
	return j.story(tag, 0, len(j.log))
}

// live reports whether a record was there at some moment of a call, and whether it
// was there all the time, as far as the test of its state holds.
func (j *judge) live(c claim, id string, passes func(entry) bool) (some, all bool) {
	there := false
	for _, e := range j.log[:c.Start] {
		if e.ID == id {
			there = !e.deleted && passes(e)
		}
	}
	some, all = there, there
	for _, e := range j.log[c.Start:c.End] {
		if e.ID == id {
			there = !e.deleted && passes(e)
			some, all = some || there, all && there
		}
	}
	return some, all
}

func whatever(entry) bool { return true }

// problems returns what is wrong.
func (j *judge) problems() []string {
	var out []string
	for n, o := range j.ops {
		for _, p := range j.call(n, o, j.claims[n]) {
			out = append(out, fmt.Sprintf("op %d (%s %s): %s", n, o.Kind, o.Model, p))
		}
	}
	return out
}

func (j *judge) call(n int, o op, c claim) []string {
	switch o.Kind {
	case "create", "update":
		return j.write(n, o, c)
	case "delete", "get":
		return j.single(o, c)
	case "list", "lean", "sweep":
		return append(j.list(o, c), j.made(n, o, c)...)
	default:
		return j.bulk(n, o, c)
	}
}

func (j *judge) write(n int, o op, c claim) []string {
	s := j.of(n, tagOf(o.Rows[0]))
	times := len(s.created)
	if o.Kind == "update" {
		times = len(s.updated)
	}
	switch {
	case c.OK && times == 0:
		return []string{"is reported as done, and was not: lost"}
	case c.OK && !slices.Contains(s.ids, c.ID):
		return []string{fmt.Sprintf("returned the record %s, and stored %v", c.ID, s.ids)}
	case !c.OK && !c.Uncertain && times > 0 && !j.overtaken(c.Message):
		return []string{"is reported as failed, and was done: " + c.Message}
	case j.doubled(s):
		return []string{fmt.Sprintf("was stored %d times", len(s.created))}
	}
	return nil
}

// overtaken reports whether a rejection may be true of a repeated request only: others
// may have deleted the company or the record since, or a write that lands late finds
// by its key what the repetition has stored.
func (j *judge) overtaken(message string) bool {
	late := strings.Contains(strings.Join(j.faults, ";"), "late")
	return strings.Contains(message, "no company has the id") ||
		strings.Contains(message, "Missing required field") && (late || j.busy())
}

// conflict is overtaken for rows of a bulk call. Two of them may name one record by
// different keys, so that a repetition finds a conflict in what the lost request has
// stored, or no longer finds a record by the key that it had.
func (j *judge) conflict(message string) bool {
	return j.overtaken(message) || strings.Contains(message, "duplicated") || strings.Contains(message, "cannot be tied to a company")
}

// doubled reports whether a row became two records that were there at one time. A row
// that names its company by a key is another company's record if the key is, by the
// time that the write lands.
func (j *judge) doubled(s story) bool {
	for i, at := range s.created[:max(0, len(s.created)-1)] {
		gone := slices.ContainsFunc(j.log[at:s.created[i+1]], func(e entry) bool { return e.deleted && e.ID == j.log[at].ID })
		if !gone && j.log[at].company == j.log[s.created[i+1]].company {
			return true
		}
	}
	return false
}

func (j *judge) single(o op, c claim) []string {
	if strings.Contains(o.ID, "-") { // a key: others may have given it to another record
		return nil
	}
	some, all := j.live(c, o.ID, whatever)
	switch {
	case o.Kind == "get" && c.OK && (c.ID != o.ID || !some):
		return []string{"returned a record that was not there"}
	case o.Kind == "delete" && c.OK && all:
		return []string{"is reported as deleted, and is there"}
	case c.Kind == string(planhat.KindNotFound) && all:
		return []string{"is reported as missing, and was there all the time"}
	case o.Kind == "delete" && !c.OK && !c.Uncertain && some && !all && j.byScript(c, o.ID):
		return []string{"is reported as not deleted, and was: " + c.Message}
	}
	return nil
}

// byScript reports whether a record was deleted while nobody else worked.
func (j *judge) byScript(c claim, id string) bool {
	if j.others > 0 {
		return false
	}
	for _, e := range j.log[c.Start:c.End] {
		if e.ID == id && e.deleted && e.Others {
			return false
		}
	}
	return true
}

func (j *judge) list(o op, c claim) []string {
	if !c.OK {
		if c.Kind == string(planhat.KindNotFound) {
			return []string{"a list is reported as missing"}
		}
		if c.Kind == "" {
			return []string{c.Message}
		}
		return nil
	}
	shown := func(e entry) bool {
		hidden := e.archived && (o.Model == "enduser" || o.Model == "task") && o.Kind != "lean"
		return !hidden && (o.Company == "" || e.company == o.Company)
	}
	var out []string
	times := map[string]int{}
	for _, id := range c.IDs {
		times[id]++
	}
	for id, n := range times {
		if n > 1 {
			out = append(out, fmt.Sprintf("%s came %d times", id, n))
		}
		if some, _ := j.live(c, id, shown); !some {
			out = append(out, id+" came and was never in the list")
		}
		if slices.Contains(c.Made, id) && j.attempts == 0 {
			// With few attempts, a loop may not find out what was there before.
			out = append(out, id+" came and was made by the loop")
		}
	}
	always := 0
	for id := range j.idsOf(o.Model) {
		_, all := j.live(c, id, shown)
		if !all {
			continue
		}
		always++
		if o.Limit == 0 && times[id] == 0 && c.Unseen == 0 {
			out = append(out, id+" did not come and was there all the time")
		}
	}
	if o.Limit > 0 && (len(c.IDs) > o.Limit || len(c.IDs) < min(always, o.Limit) && c.Unseen == 0) {
		out = append(out, fmt.Sprintf("%d records came, with a limit of %d and at least %d in the list", len(c.IDs), o.Limit, always))
	}
	if c.Read != len(c.IDs) && o.Kind != "sweep" {
		out = append(out, fmt.Sprintf("%d records came, and %d are counted", len(c.IDs), c.Read))
	}
	slices.Sort(out)
	return out
}

func (j *judge) idsOf(model string) map[string]bool {
	out := map[string]bool{}
	for _, e := range j.log {
		if e.Model == model {
			out[e.ID] = true
		}
	}
	return out
}

// made judges the records that a sweep created.
func (j *judge) made(n int, o op, c claim) []string {
	if o.Do != "create" {
		return nil
	}
	s := j.of(n, tagOf(o.Rows[0]))
	for _, id := range c.Made {
		if !slices.Contains(s.ids, id) {
			return []string{"returned the record " + id + ", which was not made"}
		}
	}
	return nil
}

// truth is what may truly be said about a row.
type truth struct {
	stored, wasCreated, wasUpdated, wasKept bool
	story
}

func (j *judge) truth(n int, o op, row map[string]any) truth {
	tag, c := tagOf(row), j.claims[n]
	t := truth{story: j.of(n, tag)}
	t.wasCreated, t.wasUpdated = len(t.created) > 0, len(t.updated) > 0
	if j.shared[tag] && !t.wasCreated && !t.wasUpdated {
		for id := range j.idsOf(o.Model) {
			if some, _ := j.live(c, id, func(e entry) bool { return e.tag == tag }); some {
				t.wasKept = true
				t.ids = append(t.ids, id)
			}
		}
	}
	t.stored = t.wasCreated || t.wasUpdated || t.wasKept
	return t
}

func (j *judge) bulk(n int, o op, c claim) []string {
	if !c.Result {
		return []string{"has no result: " + c.Message}
	}
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	if sum := c.Created + c.Updated + c.Unchanged + c.UncertainOutcome + len(c.Errors); sum != len(o.Rows) || c.Rows != len(o.Rows) {
		say("%d rows, and %d are accounted for (created %d, updated %d, unchanged %d, uncertain %d, errors %d)",
			len(o.Rows), sum, c.Created, c.Updated, c.Unchanged, c.UncertainOutcome, len(c.Errors))
	}
	failed := map[int]rowError{}
	loose, open := 0, 0
	for _, e := range c.Errors {
		switch {
		case e.Index < 0:
			loose++
			if e.Uncertain || j.conflict(e.Message) {
				open++
			}
			continue
		case failed[e.Index] != rowError{}:
			say("row %d is reported twice", e.Index)
		}
		failed[e.Index] = e
	}
	mayCreate, mayUpdate, mayKeep, missing, shared := 0, 0, 0, 0, false
	truths := make([]truth, len(o.Rows))
	for i, row := range o.Rows {
		t, again := j.truth(n, o, row), j.shared[tagOf(row)]
		truths[i] = t
		shared = shared || again
		e, rejected := failed[i]
		// A row that Planhat finds by its email only is created again if several have it.
		byEmail := row["email"] != nil && row["sourceId"] == nil && row["externalId"] == nil && (e.Uncertain || strings.Contains(strings.Join(j.faults, ";"), "late"))
		if j.doubled(t.story) && !again && !byEmail {
			say("row %d was stored %d times", i, len(t.created))
		}
		switch {
		case rejected && !e.Uncertain && t.stored && !again && !j.conflict(e.Message):
			say("row %d is reported as not stored, and is: %s", i, e.Message)
		case rejected:
		case !t.stored:
			missing++
		default:
			mayCreate += count(t.wasCreated)
			mayUpdate += count(t.wasUpdated)
			mayKeep += count(t.wasKept || again)
		}
	}
	// What activities are answered with is not documented, so nearly everything
	// counts as a yes.
	dropped := o.Kind == "activities" && (j.switches["activity-answer"] != "" || strings.Contains(strings.Join(j.faults, ""), "odd"))
	if !dropped && (missing > loose || missing < loose-open && !shared) {
		say("%d rows are not stored, and %d are reported without a position (%d of them as open)", missing, loose, open)
	}
	if o.Kind == "bulk" && loose == 0 && (c.Created > mayCreate || c.Updated > mayUpdate || c.Unchanged > mayKeep) {
		say("created %d of at most %d, updated %d of at most %d, unchanged %d of at most %d", c.Created, mayCreate, c.Updated, mayUpdate, c.Unchanged, mayKeep)
	}
	for _, k := range c.Keys {
		t := truths[k.Index]
		if !j.shared[tagOf(o.Rows[k.Index])] && (!slices.Contains(t.ids, k.ID) || k.Created && !t.wasCreated) {
			say("row %d is said to be the record %s (created: %t), and is %v", k.Index, k.ID, k.Created, t.ids)
		}
	}
	for _, i := range slices.Sorted(maps.Keys(c.Outcomes)) {
		t, again := truths[i], j.shared[tagOf(o.Rows[i])]
		e, rejected := failed[i]
		right := map[string]bool{
			"created": t.wasCreated || again, "updated": t.wasUpdated || again, "unchanged": t.wasKept || again,
			"rejected": rejected && !e.Uncertain, "uncertain": true,
		}
		if o.Kind == "bulk" && !right[c.Outcomes[i]] {
			say("row %d has the outcome %q, and was created %t, updated %t, rejected %t", i, c.Outcomes[i], t.wasCreated, t.wasUpdated, rejected)
		}
	}
	return out
}
