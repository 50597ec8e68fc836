package html

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/dustin/go-humanize"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/phscript/phscript/bindings/internal/invalid"
)

const (
	// mostToken is how long a tag may be, or a text between two. The attributes of a tag
	// take up to 16 times its length in memory.
	mostToken = 8 << 20
	// mostDepth is how many levels of lists and quotes are indented.
	mostDepth = 8
)

// writer writes HTML as text. It looks at one tag at a time and keeps no tree, so tags
// may be nested to any depth.
type writer struct {
	links, images bool
	most          int

	out bytes.Buffer
	// breaks is how many line ends come before the next text, and space whether a space
	// does.
	breaks int
	space  bool
	// quotes and pre count the open elements, and ignored those inside of an ignored one,
	// which is called ignoring.
	quotes, pre, ignored int
	ignoring             atom.Atom
	// fresh reports whether an element pre has just begun, whose first line end does not
	// count.
	fresh bool
	// lists are the open lists, as the number of their next item, or 0 if items have no
	// number. marker is that of an item whose text has not begun.
	lists  []int
	marker string
	// tables are the open tables.
	tables []table
	// cell reports whether nothing was written yet in a cell.
	cell bool
	// href is the address of the open link, whose text begins at from.
	href string
	from int
}

// read reads HTML.
func (w *writer) read(ctx context.Context, source string) error {
	z := html.NewTokenizer(strings.NewReader(source))
	z.SetMaxBuf(mostToken)
	for n := 0; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if w.out.Len() > w.most {
			return tooLong(w.most)
		}
		switch z.Next() {
		case html.ErrorToken:
			if errors.Is(z.Err(), html.ErrBufferExceeded) {
				return invalid.Errorf("", "the HTML has a tag, or text without tags, of more than %s", humanize.IBytes(mostToken))
			}
			if w.endLink(); !errors.Is(z.Err(), io.EOF) {
				return z.Err()
			}
			return nil
		case html.TextToken:
			if w.ignored == 0 {
				w.write(string(z.Text()))
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			w.start(z, atom.Lookup(name), more)
		case html.EndTagToken:
			name, _ := z.TagName()
			w.end(atom.Lookup(name))
		}
	}
}

// text returns what was written.
func (w *writer) text() string { return strings.TrimSpace(w.out.String()) }

// start begins an element.
func (w *writer) start(z *html.Tokenizer, name atom.Atom, attributes bool) {
	if w.ignored > 0 {
		if name == w.ignoring {
			w.ignored++
		}
		return
	}
	switch name {
	case atom.Script, atom.Style, atom.Template, atom.Noscript, atom.Title, atom.Iframe, atom.Noembed, atom.Noframes:
		w.ignored, w.ignoring = 1, name
	case atom.Br:
		w.newline()
	case atom.Hr, atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Figure:
		w.block(2)
	case atom.Pre:
		w.block(2)
		w.pre++
		w.fresh = true
	case atom.Blockquote:
		w.block(2)
		w.quotes++
	case atom.Ul, atom.Menu, atom.Dir, atom.Ol:
		w.block(2)
		first := 0
		if name == atom.Ol {
			first = 1
			if n, err := strconv.Atoi(attribute(z, attributes, "start")); err == nil && n > 0 && n < 1e9 {
				first = n
			}
		}
		w.lists = append(w.lists, first)
	case atom.Li:
		w.item()
	case atom.Dd:
		w.block(1)
		w.marker = "  "
	case atom.Table:
		w.block(2 - min(1, len(w.tables)))
		if n := len(w.tables); n > 0 {
			w.tables[n-1].bars = 0
		}
		w.tables = append(w.tables, table{})
	case atom.Tr:
		w.row()
	case atom.Td, atom.Th:
		w.column(name == atom.Th)
	case atom.A:
		w.endLink()
		if w.links {
			w.href, w.from = address(attribute(z, attributes, "href")), w.out.Len()
		}
	case atom.Img:
		if alt := strings.TrimSpace(attribute(z, attributes, "alt")); w.images && alt != "" {
			w.write("[" + alt + "]")
		}
	default:
		if lines[name] {
			w.block(1)
		}
	}
}

// lines are the elements that begin a line, without an empty one before it.
var lines = map[atom.Atom]bool{
	atom.Div: true, atom.Section: true, atom.Article: true, atom.Header: true, atom.Footer: true, atom.Main: true, atom.Aside: true, atom.Nav: true,
	atom.Address: true, atom.Form: true, atom.Fieldset: true, atom.Legend: true, atom.Figcaption: true, atom.Caption: true, atom.Center: true,
	atom.Details: true, atom.Summary: true, atom.Dl: true, atom.Dt: true, atom.Body: true, atom.Option: true, atom.Dialog: true, atom.Thead: true,
	atom.Tbody: true, atom.Tfoot: true,
}

// end ends an element. An end without a start is ignored where it would count.
func (w *writer) end(name atom.Atom) {
	if w.ignored > 0 {
		if name == w.ignoring {
			w.ignored--
		}
		return
	}
	switch name {
	case atom.Br: // browsers read it as <br>
		w.newline()
	case atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Figure:
		w.block(2)
	case atom.Pre:
		w.block(2)
		w.pre = max(0, w.pre-1)
	case atom.Blockquote:
		w.block(2)
		w.quotes = max(0, w.quotes-1)
	case atom.Ul, atom.Menu, atom.Dir, atom.Ol:
		w.marker = ""
		w.lists = w.lists[:max(0, len(w.lists)-1)]
		w.block(2)
	case atom.Li, atom.Dd:
		w.block(1)
		w.marker = ""
	case atom.Tr:
		w.endRow()
	case atom.Table:
		w.endRow()
		w.tables = w.tables[:max(0, len(w.tables)-1)]
		w.block(2 - min(1, len(w.tables)))
	case atom.A:
		w.endLink()
	default:
		if lines[name] {
			w.block(1)
		}
	}
}

// block lets the next text begin after so many line ends, after one in a list. In a cell,
// it does so only after a text.
func (w *writer) block(breaks int) {
	if len(w.lists) > 0 {
		breaks = min(breaks, 1)
	}
	if !w.cell {
		w.breaks = max(w.breaks, breaks)
	}
	w.space = false
}

// newline ends the line, at most twice in a row.
func (w *writer) newline() {
	w.breaks = min(2, w.breaks+1)
	w.space = false
}

// item begins an item of a list.
func (w *writer) item() {
	w.block(1)
	w.marker = "- "
	if n := len(w.lists); n > 0 && w.lists[n-1] > 0 {
		w.marker = strconv.Itoa(w.lists[n-1]) + ". "
		w.lists[n-1]++
	}
}

// write writes a text.
func (w *writer) write(s string) {
	s = strings.ToValidUTF8(s, "\ufffd")
	if w.pre > 0 {
		w.verbatim(s)
		return
	}
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case unicode.IsSpace(r): // also those that do not break a line
			w.space = true
		case !hidden(r):
			w.begin()
			w.out.WriteString(s[i : i+size])
		}
		i += size
	}
}

// verbatim writes a text with its white space.
func (w *writer) verbatim(s string) {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	if w.fresh {
		s = strings.TrimPrefix(s, "\n")
	}
	w.fresh = false
	for _, r := range s {
		switch {
		case r == '\n':
			w.breaks++
		case r == '\t' || r == ' ' || !unicode.IsSpace(r) && !hidden(r):
			w.space = false
			w.begin()
			w.out.WriteRune(r)
		}
	}
}

// hidden reports whether a character is left out: those that control terminals, that
// change the direction of a text, or that only say where it may be broken.
func hidden(r rune) bool {
	switch {
	case unicode.Is(unicode.Cc, r), r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
		return true
	case r == 0xad, r == 0x200b, r == 0x2060, r == 0xfeff:
		return true
	}
	return false
}

// begin writes what comes before a text.
func (w *writer) begin() {
	first := w.out.Len() == 0
	bars := 0
	if n := len(w.tables); n > 0 {
		t := &w.tables[n-1]
		bars, t.bars = t.bars, 0
		if !t.headed && (first || w.breaks > 0) {
			bars = 0
		}
	}
	w.cell = false
	if w.breaks > 0 || first {
		if !first {
			for i := range w.breaks {
				if w.out.WriteByte('\n'); i < w.breaks-1 && w.quotes > 0 {
					w.out.WriteString(strings.Repeat(">", min(w.quotes, mostDepth)))
				}
			}
		}
		w.breaks, w.space = 0, false
		w.out.WriteString(strings.Repeat("> ", min(w.quotes, mostDepth)))
		if depth := min(len(w.lists), mostDepth); depth > 0 {
			if w.marker != "" {
				depth--
			}
			w.out.WriteString(strings.Repeat("  ", depth))
		}
		w.out.WriteString(w.marker)
		w.marker = ""
		w.out.WriteString(strings.Repeat("| ", min(bars, mostCells)))
		return
	}
	if bars > 0 {
		w.out.WriteString(strings.Repeat(" |", min(bars, mostCells)))
		w.space = true
	}
	if w.space {
		w.out.WriteByte(' ')
	}
	w.space = false
}

// endLink writes the address of the link that ends.
func (w *writer) endLink() {
	href := w.href
	w.href = ""
	if href == "" || w.out.Len() == w.from {
		return
	}
	text := string(bytes.TrimSpace(w.out.Bytes()[w.from:]))
	if strings.TrimSuffix(text, "/") == strings.TrimSuffix(href, "/") || "mailto:"+text == href || "tel:"+text == href {
		return
	}
	breaks := w.breaks
	w.space, w.breaks = true, 0
	w.write("(" + href + ")")
	w.breaks = breaks
}

// address returns the address of a link, or "" if it leads nowhere else.
func address(href string) string {
	href = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || hidden(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(href, "\ufffd"))
	scheme, _, _ := strings.Cut(strings.ToLower(href), ":")
	if strings.HasPrefix(href, "#") || scheme == "javascript" || scheme == "data" || scheme == "vbscript" {
		return ""
	}
	return href
}

// attribute returns the first attribute of a name, with its characters.
func attribute(z *html.Tokenizer, more bool, name string) string {
	for more {
		var key, value []byte
		if key, value, more = z.TagAttr(); string(key) == name {
			return string(value)
		}
	}
	return ""
}
