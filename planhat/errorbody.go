package planhat

import (
	"bytes"
	"html"
	"regexp"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// longestMessage bounds a message taken from an answer, in runes.
const longestMessage = 300

// bodyMessage returns the best one-line message in an error answer, or "".
// The shape of Planhat's error bodies is not documented, so it looks for what
// is usual in JSON and copes with plain text and HTML.
func bodyMessage(a *answer) string {
	body := bytes.TrimSpace(a.body)
	if len(body) == 0 {
		return ""
	}
	if looksLikeHTML(body) {
		return "Planhat answered " + statusText(a.status) + " with " + htmlSummary(body)
	}
	if v := jsontext.Value(body); v.IsValid(lenient) {
		return oneLine(messageIn(v, 0))
	}
	return oneLine(string(body))
}

// messageIn looks for a message in a JSON value.
func messageIn(v jsontext.Value, depth int) string {
	const deepest = 4
	if depth > deepest {
		return ""
	}
	switch v.Kind() {
	case '"':
		return text(v)
	case '[':
		items, err := splitArray(v)
		if err != nil {
			return ""
		}
		for _, item := range items {
			if m := messageIn(item, depth+1); m != "" {
				return m
			}
		}
	case '{':
		members, err := readObject(v)
		if err != nil {
			return ""
		}
		for _, name := range []string{"message", "errmsg", "msg", "reason", "detail", "error", "errors", "title", "description"} {
			if m := members.get(name); m != nil {
				if found := messageIn(m, depth+1); found != "" {
					return found
				}
			}
		}
	}
	return ""
}

func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > longestMessage {
		s = string(r[:longestMessage]) + "…"
	}
	return s
}

func looksLikeHTML(body []byte) bool {
	start := bytes.ToLower(bytes.TrimSpace(body[:min(len(body), 256)]))
	return bytes.HasPrefix(start, []byte("<!doctype html")) || bytes.HasPrefix(start, []byte("<html")) || bytes.HasPrefix(start, []byte("<head"))
}

var (
	htmlTitle = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)
	htmlH1    = regexp.MustCompile(`(?is)<h1[^>]*>(.*?)</h1>`)
	htmlTag   = regexp.MustCompile(`(?s)<[^>]*>`)
)

// htmlSummary describes an HTML page in a few words.
func htmlSummary(body []byte) string {
	body = body[:min(len(body), maxErrorBody)]
	for _, pattern := range []*regexp.Regexp{htmlTitle, htmlH1} {
		if m := pattern.FindSubmatch(body); m != nil {
			if title := oneLine(html.UnescapeString(htmlTag.ReplaceAllString(string(m[1]), ""))); title != "" {
				return "an HTML page titled " + quote(title)
			}
		}
	}
	return "an HTML page"
}
