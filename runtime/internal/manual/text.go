package manual

import (
	"strings"
	"unicode/utf8"

	"github.com/phscript/phscript/runtime/internal/display"
	"github.com/phscript/phscript/runtime/internal/pattern"
)

// word is text that is not broken at the end of a line.
type word struct {
	text  string
	style display.Style
	// glued is set if no space comes before it.
	glued bool
}

// unbound is the longest code that is not broken at the end of a line.
const unbound = 48

// inline matches Markdown within a line: code, links, emphasis.
var inline = pattern.Lazy("`([^`]+)`" + `|\[([^\]]+)\]\([^)\s]*\)|\*\*([^*]+)\*\*`)

// words splits a line of Markdown into the words to print, without markup.
func words(markdown string) []word {
	var list []word
	glued := false
	add := func(text string, s display.Style, whole bool) {
		if text == "" {
			return
		}
		if first, _ := utf8.DecodeRuneInString(text); first == ' ' {
			glued = false
		}
		parts := []string{text}
		if !whole {
			parts = strings.Fields(text)
		}
		for _, part := range parts {
			list = append(list, word{text: part, style: s, glued: glued})
			glued = false
		}
		glued = text[len(text)-1] != ' '
	}
	at := 0
	for _, m := range inline().FindAllStringSubmatchIndex(markdown, -1) {
		add(markdown[at:m[0]], "", false)
		switch {
		case m[2] >= 0:
			text := markdown[m[2]:m[3]]
			add(text, display.Cyan, len(text) <= unbound)
		case m[4] >= 0:
			for i, w := range words(markdown[m[4]:m[5]]) {
				w.glued = i == 0 && glued || i > 0 && w.glued
				list = append(list, w)
			}
			glued = true
		default:
			add(markdown[m[6]:m[7]], display.Bold, false)
		}
		at = m[1]
	}
	add(markdown[at:], "", false)
	return list
}

// shown is the word as it is printed. Without color, quotes mark code, unless
// it contains quotes.
func (w word) shown(color bool) string {
	switch {
	case color && w.style != "":
		return display.Paint(w.style, w.text, true)
	case w.style == display.Cyan && !strings.ContainsAny(w.text, `'"`):
		return "'" + w.text + "'"
	}
	return w.text
}

// Wrap breaks a paragraph of Markdown into lines of at most that width. A
// longer word is on its own line.
func Wrap(markdown string, width int, color bool) []string {
	var lines []string
	var line strings.Builder
	used := 0
	list := words(markdown)
	for i := 0; i < len(list); {
		// Keep words without a space between them together.
		end := i + 1
		for end < len(list) && list[end].glued {
			end++
		}
		var text strings.Builder
		length := 0
		for _, w := range list[i:end] {
			text.WriteString(w.shown(color))
			length += utf8.RuneCountInString(w.shown(false))
			if color && w.style == display.Cyan {
				length -= utf8.RuneCountInString(w.shown(false)) - utf8.RuneCountInString(w.text)
			}
		}
		if used > 0 && used+1+length > width {
			lines = append(lines, line.String())
			line.Reset()
			used = 0
		}
		if used > 0 {
			line.WriteByte(' ')
			used++
		}
		line.WriteString(text.String())
		used += length
		i = end
	}
	if used > 0 {
		lines = append(lines, line.String())
	}
	return lines
}

type block struct {
	text    string
	code    bool
	heading bool
	// marker begins an item of a list: "- " or "1. ".
	marker  string
	table   [][]string
	tightly bool // no empty line before it
}

// numbered matches the start of an item in a numbered list.
var numbered = pattern.Lazy(`^\d+\. `)

// markerOf returns the marker of a list item, or "".
func markerOf(line string) string {
	if strings.HasPrefix(line, "- ") {
		return "- "
	}
	return numbered().FindString(line)
}

func cells(row string) []string {
	const bar = "\x00"
	list := strings.Split(strings.Trim(strings.ReplaceAll(row, `\|`, bar), "|"), "|")
	for i, cell := range list {
		list[i] = strings.TrimSpace(strings.ReplaceAll(cell, bar, "|"))
	}
	return list
}

// blocks splits Markdown into blocks.
func blocks(markdown string) []block {
	var list []block
	open, fenced := false, false
	for line := range strings.Lines(strings.TrimSpace(markdown)) {
		line = strings.TrimRight(line, "\r\n ")
		trimmed := strings.TrimSpace(line)
		last := len(list) - 1
		switch {
		case strings.HasPrefix(trimmed, "```"):
			fenced, open = !fenced, false
			if fenced {
				list = append(list, block{code: true})
			}
		case fenced:
			list[last].text += line + "\n"
		case trimmed == "":
			if last >= 0 && list[last].code && list[last].text != "" {
				list[last].text += "\n"
			}
			open = false
		case strings.HasPrefix(line, "    ") && !open:
			if last < 0 || !list[last].code {
				list = append(list, block{code: true})
				last++
			}
			list[last].text += strings.TrimPrefix(line, "    ") + "\n"
		case markerOf(trimmed) != "":
			marker := markerOf(trimmed)
			list = append(list, block{text: trimmed[len(marker):], marker: marker, tightly: last >= 0 && list[last].marker != ""})
			open = true
		case strings.HasPrefix(line, "|"):
			if last < 0 || list[last].table == nil {
				list = append(list, block{})
				last++
			}
			if !strings.HasPrefix(line, "| ---") {
				list[last].table = append(list[last].table, cells(line))
			}
			open = false
		case strings.HasPrefix(line, "#"):
			list = append(list, block{text: strings.TrimLeft(line, "# "), heading: true})
			open = false
		case open:
			list[last].text += " " + trimmed
		default:
			list = append(list, block{text: trimmed})
			open = true
		}
	}
	return list
}
