package progress

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"math"
	"time"

	"github.com/phscript/phscript/runtime/internal/display"
)

// OnTerminal returns a board that draws on a screen.
func OnTerminal(name string, now func() time.Time, s *Screen, color bool) *Board {
	return newBoard(name, now, &bars{screen: s, color: color})
}

// InLog returns a board that writes a line to the log every 10 seconds, and after a minute
// once a minute.
func InLog(name string, now func() time.Time, log *slog.Logger) *Board {
	return newBoard(name, now, &lines{log: log})
}

// AsJSON returns a board that writes an object to w every second.
func AsJSON(name string, now func() time.Time, w io.Writer) *Board {
	return newBoard(name, now, &objects{w: display.JSONWriter(w)})
}

// bars are lines on a terminal.
type bars struct {
	screen *Screen
	color  bool
	shown  bool
}

// drawEvery is how often lines are drawn.
const drawEvery = 100 * time.Millisecond

func (*bars) every() time.Duration { return drawEvery }

func (o *bars) show(s State) {
	columns, rows := o.screen.size()
	most := min(mostTasks+1, rows-1)
	if o.screen.beside {
		most = min(most, 1)
	}
	// The last column stays free: some terminals begin a line after it.
	lines := s.lines(columns-1, most, o.color)
	if tasks, _ := s.shown(1); len(tasks) > 0 && len(lines) > 0 {
		o.shown = true
	}
	_ = o.screen.Show(lines) // a terminal that is gone is reported by those who print
}

func (o *bars) end(s State) {
	line := ""
	if columns, _ := o.screen.size(); o.shown && s.Last != nil {
		line = fit(s.Last.parts(), columns-1, o.color)
	}
	_ = o.screen.Finish(line)
}

// lines are lines of the log.
type lines struct {
	log  *slog.Logger
	next time.Duration
	said string
}

// A line is logged every lineEvery in the first minute, then every laterEvery.
const (
	lineEvery  = 10 * time.Second
	laterEvery = time.Minute
)

func (*lines) every() time.Duration { return time.Second }

func (o *lines) show(s State) {
	if o.next == 0 {
		o.next = lineEvery
	}
	if s.Elapsed < o.next {
		return
	}
	o.next += lineEvery
	if o.next > laterEvery {
		o.next += laterEvery - lineEvery
	}
	o.say(s)
}

func (o *lines) say(s State) {
	text := s.text()
	if text == "" {
		return
	}
	o.said = text
	o.log.LogAttrs(context.Background(), slog.LevelInfo, o.said)
}

func (o *lines) end(s State) {
	if o.said != "" && s.text() != o.said {
		o.say(s)
	}
}

// objects are JSON, one object a line.
type objects struct {
	w io.Writer
}

func (*objects) every() time.Duration { return time.Second }

func (o *objects) show(s State) { o.write(s, false) }

func (o *objects) end(s State) { o.write(s, true) }

// object is a state as JSON.
type object struct {
	Script  string       `json:"script"`
	Seconds float64      `json:"seconds"`
	Calls   int          `json:"calls"`
	Wait    *waitObject  `json:"waiting,omitempty"`
	Tasks   []taskObject `json:"tasks"`
	Ended   bool         `json:"ended,omitempty"`
}

type waitObject struct {
	For     string  `json:"for"`
	Seconds float64 `json:"seconds"`
	Limit   int     `json:"limit,omitempty"`
	Own     int     `json:"own,omitempty"`
	Others  int     `json:"others,omitempty"`
	Busiest string  `json:"busiest,omitempty"`
	Calls   int     `json:"busiest_calls,omitempty"`
}

type taskObject struct {
	Name  string   `json:"name"`
	Unit  string   `json:"unit"`
	Note  string   `json:"note,omitempty"`
	Done  int64    `json:"done"`
	Total int64    `json:"total,omitempty"`
	Rate  float64  `json:"per_second,omitempty"`
	Left  *float64 `json:"seconds_left,omitempty"`
	Ended bool     `json:"ended,omitempty"`
}

func (o *objects) write(s State, ended bool) {
	out := object{Script: s.Name, Seconds: tenths(s.Elapsed.Seconds()), Calls: s.Calls, Tasks: []taskObject{}, Ended: ended}
	if w := s.Wait; w != nil {
		out.Wait = &waitObject{For: string(w.Reason), Seconds: tenths(w.Left.Seconds()), Limit: w.Use.Limit, Own: w.Use.Own, Others: w.Use.Others, Busiest: w.Use.Busiest, Calls: w.Use.Calls}
	}
	tasks := s.Tasks
	if ended && s.Last != nil && s.Last.Ended {
		tasks = append(tasks, *s.Last)
	}
	for _, t := range tasks {
		one := taskObject{Name: t.Name, Unit: t.Unit, Note: t.Note, Done: t.Done, Total: t.Total, Rate: tenths(t.Rate), Ended: t.Ended}
		if t.Left >= 0 {
			left := tenths(t.Left.Seconds())
			one.Left = &left
		}
		out.Tasks = append(out.Tasks, one)
	}
	text, err := json.Marshal(map[string]object{"progress": out})
	if err != nil || s.Elapsed == 0 && ended {
		return
	}
	_, _ = o.w.Write(append(text, '\n')) // a stream that is gone is reported by those who print
}

func tenths(x float64) float64 { return math.Round(x*10) / 10 }
