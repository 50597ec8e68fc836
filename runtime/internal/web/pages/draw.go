package pages

import (
	"fmt"
	"html/template"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/phscript/phscript/runtime/internal/web"
)

// What a page shows hundreds of times is written here and not by a template, which would take
// many times as long.

// trend draws the last runs of a schedule: the height of a bar is how long a run took.
func trend(bars []earlier) template.HTML {
	paths, counts := map[string]*strings.Builder{}, map[string]int{}
	for i, b := range bars {
		path := paths[b.State.Icon]
		if path == nil {
			path = &strings.Builder{}
			paths[b.State.Icon] = path
		}
		fmt.Fprintf(path, "M%d %dh4.6v%dh-4.6z", i*6, 26-b.Height, b.Height)
		counts[strings.ToLower(b.State.Word)]++
	}
	var says []string
	for _, word := range sortedKeys(counts) {
		says = append(says, strconv.Itoa(counts[word])+" "+word)
	}
	var b strings.Builder
	b.WriteString(`<svg class="trend" viewBox="0 0 132 26" role="img" aria-label="Last runs: ` + template.HTMLEscapeString(strings.Join(says, ", ")) + `">`)
	for _, icon := range sortedKeys(paths) {
		b.WriteString(`<path class="c-` + template.HTMLEscapeString(icon) + `" d="` + paths[icon].String() + `"/>`)
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String())
}

// lines writes lines of a log. path makes the address of a link.
func lines(list []logLine, path func(string) string) template.HTML {
	var b strings.Builder
	for _, l := range list {
		seq, class := strconv.FormatInt(l.Seq, 10), l.Class
		if l.Marked {
			class += " here"
		}
		b.WriteString(`<li id="L` + seq + `" class="` + class + `"><a href="#L` + seq + `" aria-label="Line ` + seq + `">` + seq + `</a>`)
		b.WriteString(string(l.Time))
		b.WriteString(`<span class="lv">` + template.HTMLEscapeString(l.Level) + `</span><span class="msg">`)
		b.WriteString(string(l.Text))
		if l.Fields != "" {
			b.WriteString(` <span class="f">` + template.HTMLEscapeString(l.Fields) + `</span>`)
		}
		if l.Rest != "" {
			b.WriteString(`… <a class="link ctx" href="` + template.HTMLEscapeString(path(l.Rest)) + `">all ` + template.HTMLEscapeString(humanize.IBytes(uint64(l.Bytes))) + ` of it: download</a>`)
		}
		if l.InContextLink != "" {
			b.WriteString(` <a class="link ctx" href="` + template.HTMLEscapeString(path(l.InContextLink)) + `">in context</a>`)
		}
		b.WriteString("</span></li>")
	}
	return template.HTML(b.String())
}

// lineHTML prepares lines of a request.
func lineHTML(q *web.Request, list []logLine) template.HTML { return lines(list, q.Link) }
