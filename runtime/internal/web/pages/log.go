package pages

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/web"
)

const (
	// mostLines is how many lines a page begins with, linesAround how many are around the one
	// that a link leads to.
	mostLines, linesAround = 1000, 100
	// mostText is how many bytes of a line, and of its values, a page shows. The rest is in the
	// download.
	mostText = 4 << 10
	// logEvery is how often a stream asks for lines.
	logEvery = 400 * time.Millisecond
)

// logLine is a line as it is shown.
type logLine struct {
	Seq           int64
	Time          template.HTML
	Level, Class  string
	Text          template.HTML
	Fields        string
	Marked        bool
	InContextLink string
	// Rest leads to the whole line, which is Bytes long, if the page shows only its beginning.
	Rest  string
	Bytes int
}

// classes mark the levels that people look for.
var classes = map[string]string{"warn": "w", "error": "e", "stderr": "e"}

func showLine(l history.Line, zone web.Zone, schedule string) logLine {
	message, values := beginning(l.Message), fields(l.Fields)
	shown := logLine{Seq: l.Seq, Time: zone.Second(l.At, schedule), Level: l.Level, Class: classes[l.Level], Text: colored(message), Fields: beginning(values)}
	if len(message) < len(l.Message) || len(shown.Fields) < len(values) {
		shown.Bytes, shown.Rest = len(l.Message)+len(values), fmt.Sprintf("/runs/%d/log/download", l.Run)
	}
	return shown
}

// beginning is as much of a text as a line shows, in whole characters.
func beginning(text string) string {
	if len(text) <= mostText {
		return text
	}
	end := mostText
	for end > mostText-utf8.UTFMax && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}

// fields writes the values of a line as name=value.
func fields(raw json.RawMessage) string {
	if len(raw) == 0 {
		return ""
	}
	var all map[string]json.RawMessage
	if json.Unmarshal(raw, &all) != nil {
		return string(raw)
	}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		value := string(all[name])
		var text string
		if json.Unmarshal(all[name], &text) == nil {
			value = text
			if strings.ContainsAny(text, " =\"\n") || text == "" {
				value = strconv.Quote(text)
			}
		}
		parts = append(parts, name+"="+value)
	}
	return strings.Join(parts, " ")
}

// colored escapes a text, and turns the colors of terminals into classes. Other control
// sequences go.
func colored(text string) template.HTML {
	var b strings.Builder
	open := false
	for text != "" {
		i := strings.IndexFunc(text, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r == 0x7f || r >= 0x80 && r < 0xa0 })
		if i < 0 {
			b.WriteString(template.HTMLEscapeString(text))
			break
		}
		b.WriteString(template.HTMLEscapeString(text[:i]))
		text = text[i:]
		if !strings.HasPrefix(text, "\x1b") {
			_, size := first(text)
			text = text[size:]
			continue
		}
		var codes string
		var sgr bool
		codes, sgr, text = sequence(text)
		if !sgr {
			continue
		}
		if open {
			b.WriteString("</span>")
			open = false
		}
		if class := colorClass(codes); class != "" {
			b.WriteString(`<span class="` + class + `">`)
			open = true
		}
	}
	if open {
		b.WriteString("</span>")
	}
	return template.HTML(b.String())
}

func first(text string) (r rune, size int) {
	for _, r := range text {
		return r, len(string(r))
	}
	return 0, 0
}

// sequence takes a control sequence off a text. sgr reports whether it sets colors.
func sequence(text string) (codes string, sgr bool, rest string) {
	rest = text[1:]
	switch {
	case strings.HasPrefix(rest, "["):
		end := strings.IndexFunc(rest[1:], func(r rune) bool { return r >= '@' && r <= '~' })
		if end < 0 {
			return "", false, ""
		}
		return rest[1 : 1+end], rest[1+end] == 'm', rest[1+end+1:]
	case strings.HasPrefix(rest, "]"):
		// The title of a window or a link, up to BEL or ESC \.
		bell, escape := strings.IndexByte(rest, 7), strings.Index(rest, "\x1b\\")
		switch {
		case bell >= 0 && (escape < 0 || bell < escape):
			return "", false, rest[bell+1:]
		case escape >= 0:
			return "", false, rest[escape+2:]
		}
		return "", false, ""
	case rest != "":
		_, size := first(rest)
		return "", false, rest[size:]
	}
	return "", false, ""
}

// colorClass is the class for the codes of a color sequence, "" for none.
func colorClass(codes string) string {
	class := ""
	for code := range strings.SplitSeq(codes, ";") {
		n, err := strconv.Atoi(code)
		switch {
		case code == "" || n == 0:
			class = ""
		case err != nil:
		case n >= 30 && n <= 37:
			class = fmt.Sprintf("c%d", n-30)
		case n >= 90 && n <= 97:
			class = fmt.Sprintf("c%d", n-90+8)
		case n == 39:
			class = ""
		case n == 1 && class == "":
			class = "cb"
		}
	}
	return class
}

// linesOf selects the lines that a request asks for.
func linesOf(q *web.Request, run int64) history.Lines {
	values := q.URL.Query()
	return history.Lines{Run: run, Levels: history.LevelsFrom(values.Get("level")), Text: values.Get("q")}
}

// render prepares lines for the template.
func (o Options) render(q *web.Request, r *history.Run, lines []history.Line) []logLine {
	var shown []logLine
	filtered := q.URL.Query().Get("q") != "" || q.URL.Query().Get("level") != ""
	for _, l := range lines {
		one := showLine(l, q.Zone, r.Definition.TimeZone)
		if filtered {
			one.InContextLink = fmt.Sprintf("/runs/%d?around=%d#L%d", r.ID, l.Seq, l.Seq)
		}
		shown = append(shown, one)
	}
	return shown
}

// follow streams the lines of a run as they come, and says when it ends.
func (o Options) follow(q *web.Request) error {
	r, err := o.runOf(q)
	if err != nil {
		return err
	}
	before, wanted := progress(r), linesOf(q, r.ID)
	// at is the line that was looked at last: of many lines, none may be wanted.
	at := int64(0)
	return q.Stream(logEvery, func(ctx context.Context, after string) ([]web.Event, error) {
		seq, _ := strconv.ParseInt(after, 10, 64)
		// All who watch the run share what is asked.
		batch, err := o.logs.Since(ctx, r.ID, max(seq, at))
		if errors.Is(err, history.ErrNoRun) {
			return nil, io.EOF
		}
		if err != nil {
			return nil, err
		}
		at = batch.Last
		var events []web.Event
		shown := slices.DeleteFunc(slices.Clone(batch.Lines), func(l history.Line) bool { return !wanted.Picks(l) })
		after = strconv.FormatInt(batch.Last, 10)
		if len(shown) > 0 {
			events = append(events, web.Event{ID: after, Name: "lines", Data: lineHTML(q, o.render(q, r, shown))})
		}
		if is := progress(batch.Run); is != before || !q.Streams() {
			before = is
			events = append(events, web.Event{ID: after, Name: "change"})
		}
		if batch.End {
			return events, io.EOF
		}
		return events, nil
	})
}

// progress is a text that changes when what the page says about a run does.
func progress(r *history.Run) string {
	text := fmt.Sprint(r.Status, r.Calls, r.Written, r.Rejected, r.CancelWanted)
	if r.Task != nil {
		text += fmt.Sprint(*r.Task)
	}
	return text
}

// download sends the whole log, as text or as JSON lines.
func (o Options) download(q *web.Request) error {
	r, err := o.runOf(q)
	if err != nil {
		return err
	}
	kind, form := "text/plain; charset=utf-8", "txt"
	if q.URL.Query().Get("as") == "json" {
		kind, form = "application/jsonl", "jsonl"
	}
	h := q.W.Header()
	h.Set("Content-Type", kind)
	// The name is made of the number alone, so nothing in it can lead elsewhere.
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="run-%d.%s"`, r.ID, form))
	control := http.NewResponseController(q.W)
	return o.Overview.History().EachLine(q.Context(), history.Lines{Run: r.ID}, func(lines []history.Line) error {
		_ = control.SetWriteDeadline(time.Now().Add(30 * time.Second))
		var b bytes.Buffer
		for _, l := range lines {
			if form == "jsonl" {
				text, err := json.Marshal(l)
				if err != nil {
					return err
				}
				b.Write(append(text, '\n'))
				continue
			}
			fmt.Fprintf(&b, "%s %-6s %s", l.At.UTC().Format("2006-01-02T15:04:05.000Z"), l.Level, l.Message)
			if f := fields(l.Fields); f != "" {
				b.WriteString(" " + f)
			}
			b.WriteByte('\n')
		}
		_, err := q.W.Write(b.Bytes())
		return err
	})
}
