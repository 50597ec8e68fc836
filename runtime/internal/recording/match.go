package recording

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/phscript/phscript/planhat/catalog"
)

// clone returns a copy that can be masked.
func (r *Request) clone() Request {
	out := *r
	out.JSON = slices.Clone(r.JSON)
	out.Form = maps.Clone(r.Form)
	for name, values := range out.Form {
		out.Form[name] = slices.Clone(values)
	}
	return out
}

// key is equal for equal requests, whatever the order of members.
func (r *Request) key() string {
	body, _ := json.Marshal(r.content())
	return r.Method + " " + r.URL + " " + string(body)
}

// content returns the body as a value that can be compared.
func (b *Body) content() any {
	switch {
	case b.JSON != nil:
		d := json.NewDecoder(bytes.NewReader(b.JSON))
		d.UseNumber()
		var v any
		if d.Decode(&v) == nil {
			return v
		}
		return string(b.JSON)
	case b.Form != nil:
		return parameters(b.Form)
	case b.Base64 != nil:
		return string(b.Base64)
	case b.Text != "":
		return b.Text
	}
	return nil
}

// parameters are parameters as JSON has them.
func parameters(all map[string][]string) map[string]any {
	out := map[string]any{}
	for name, values := range all {
		list := make([]any, len(values))
		for i, v := range values {
			list[i] = v
		}
		out[name] = any(list)
		if len(list) == 1 {
			out[name] = list[0]
		}
	}
	return out
}

// address takes an address apart.
func address(text string) (host string, path []string, query map[string]any) {
	u, err := url.Parse(text)
	if err != nil {
		return "", []string{text}, nil
	}
	for s := range strings.SplitSeq(u.EscapedPath(), "/") {
		if plain, err := url.PathUnescape(s); err == nil {
			s = plain
		}
		path = append(path, s)
	}
	return u.Scheme + "://" + u.Host, path, parameters(u.Query())
}

// shown names a request in messages.
func (r *Request) shown() string {
	text := r.Method + " " + r.URL
	if len(text) > mostText {
		text = strings.ToValidUTF8(text[:mostText], "") + "..."
	}
	return text
}

// mostText is how much of a text messages have.
const mostText = 200

// differences lists where a recorded request differs from another one.
func (r *Replay) differences(recorded, asked *Request) (list []string) {
	if recorded.Method != asked.Method {
		list = append(list, fmt.Sprintf("the method is %s, not %s", recorded.Method, asked.Method))
	}
	hostA, pathA, queryA := address(recorded.URL)
	hostB, pathB, queryB := address(asked.URL)
	if hostA != hostB {
		list = append(list, fmt.Sprintf("the host is %s, not %s", hostA, hostB))
	}
	same := len(pathA) == len(pathB)
	for i := range min(len(pathA), len(pathB)) {
		same = same && r.sameSegment(pathA[i], pathB[i])
	}
	if !same {
		list = append(list, fmt.Sprintf("the path is %s, not %s", strings.Join(pathA, "/"), strings.Join(pathB, "/")))
	}
	r.compare("parameter ", "", queryA, queryB, &list)
	if a, b := recorded.content(), asked.content(); a != nil || b != nil {
		r.compare("", "body", a, b, &list)
	}
	return list
}

func (r *Replay) sameSegment(recorded, asked string) bool {
	return sameText(recorded, asked) || r.masks.People != nil && r.masks.People.segment(asked) == recorded
}

// nearness says how alike two requests are; 0 is not at all.
func (r *Replay) nearness(recorded, asked *Request, differences []string) int {
	hostA, pathA, _ := address(recorded.URL)
	hostB, pathB, _ := address(asked.URL)
	if hostA != hostB {
		return 0
	}
	equal := 0
	for i := range min(len(pathA), len(pathB)) {
		if r.sameSegment(pathA[i], pathB[i]) {
			equal++
		}
	}
	near := 100*equal/max(len(pathA), len(pathB)) + 1
	if recorded.Method == asked.Method {
		near += 50
	}
	return max(1, 10*near-min(len(differences), 9))
}

// compare lists how a recorded value differs from another one. place is where it is, and
// name the member that it is the value of.
func (r *Replay) compare(kind, place string, recorded, asked any, list *[]string) {
	name := place
	if i := strings.LastIndexAny(place, "."); i >= 0 {
		name = place[i+1:]
	}
	name, _, _ = strings.Cut(name, "[")
	differ := func() {
		*list = append(*list, fmt.Sprintf("%s is %s, not %s", kind+place, brief(recorded), brief(asked)))
	}
	switch a := recorded.(type) {
	case map[string]any:
		b, ok := asked.(map[string]any)
		if !ok {
			differ()
			return
		}
		inner := func(member string) string { return strings.TrimPrefix(place+"."+member, ".") }
		for _, member := range slices.Sorted(maps.Keys(a)) {
			if v, ok := b[member]; ok {
				r.compare(kind, inner(member), a[member], v, list)
				continue
			}
			*list = append(*list, fmt.Sprintf("%s is %s, and the script sent none", kind+inner(member), brief(a[member])))
		}
		for _, member := range slices.Sorted(maps.Keys(b)) {
			if _, ok := a[member]; !ok {
				*list = append(*list, fmt.Sprintf("there is no %s, and the script sent %s", kind+inner(member), brief(b[member])))
			}
		}
	case []any:
		b, ok := asked.([]any)
		if !ok {
			differ()
			return
		}
		if len(a) != len(b) {
			*list = append(*list, fmt.Sprintf("%s has %d entries, not %d", kind+place, len(a), len(b)))
			return
		}
		for i := range a {
			r.compare(kind, fmt.Sprintf("%s[%d]", place, i), a[i], b[i], list)
		}
	case string:
		b, ok := asked.(string)
		if same := ok && (sameText(a, b) || r.samePerson(name, a, b) || r.sameTime(a, b)); !same {
			differ()
		}
	case json.Number:
		b, ok := asked.(json.Number)
		if same := ok && (sameNumber(a, b) || r.sameTime(string(a), string(b))); !same {
			differ()
		}
	default:
		if recorded != asked {
			differ()
		}
	}
}

// samePerson reports whether a recorded text is what another one is replaced by.
func (r *Replay) samePerson(name, recorded, asked string) bool {
	p := r.masks.People
	return p != nil && (p.text(name, asked, r.masks.hosts) == recorded || p.parameter(name, asked, r.masks.hosts) == recorded || p.Text(asked) == recorded)
}

func sameNumber(a, b json.Number) bool {
	if a == b {
		return true
	}
	x, errX := strconv.ParseFloat(string(a), 64)
	y, errY := strconv.ParseFloat(string(b), 64)
	return errX == nil && errY == nil && x == y && len(a) < 16 && len(b) < 16
}

// sameText reports whether a recorded text is another one. A mask in it is any text.
func sameText(recorded, asked string) bool {
	if recorded == asked {
		return true
	}
	parts := marks().Split(recorded, -1)
	if len(parts) == 1 || !strings.HasPrefix(asked, parts[0]) {
		return false
	}
	rest := asked[len(parts[0]):]
	for i, part := range parts[1:] {
		if i == len(parts)-2 {
			return len(rest) >= len(part) && strings.HasSuffix(rest, part)
		}
		at := strings.Index(rest, part)
		if at < 0 {
			return false
		}
		rest = rest[at+len(part):]
	}
	return true
}

func brief(v any) string {
	text, err := json.Marshal(v)
	if err != nil || len(text) > 80 {
		return catalog.WithArticle("long value")
	}
	return string(text)
}
