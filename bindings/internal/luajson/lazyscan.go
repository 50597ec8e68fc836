package luajson

import (
	"bytes"
	"slices"
)

// index notes the members of an object, if that was not done before. The JSON is
// valid, so it looks only for what ends a value.
func (c *Codec) index(r *lazy) {
	if r.members != nil {
		return
	}
	members := c.members[:0]
	at := skipSpace(r.raw, 0) + 1 // the brace
	for {
		at = skipSpace(r.raw, at)
		if r.raw[at] == '}' {
			break
		}
		if r.raw[at] == ',' {
			at = skipSpace(r.raw, at+1)
		}
		m := member{key: uint32(at + 1)}
		at = skipText(r.raw, at)
		m.keyEnd = uint32(at - 1)
		at = skipSpace(r.raw, skipSpace(r.raw, at)+1) // the colon
		m.from = uint32(at)
		at = skipValue(r.raw, at)
		m.to = uint32(at)
		members = append(members, m)
		r.escaped = r.escaped || bytes.IndexByte(r.raw[m.key:m.keyEnd], '\\') >= 0
	}
	r.members = slices.Clone(members)
	if c.members = members; cap(members) > mostInterned {
		c.members = nil // a very large object was the exception
	}
}

// isEmptyObject reports whether an object has no members.
func isEmptyObject(raw []byte) bool { return raw[skipSpace(raw, 1)] == '}' }

func skipSpace(raw []byte, at int) int {
	for raw[at] <= ' ' {
		at++
	}
	return at
}

// skipText returns where the text in quotes that begins at a place ends.
func skipText(raw []byte, at int) int {
	for at++; ; {
		end := at + bytes.IndexByte(raw[at:], '"')
		backslashes := 0
		for raw[end-1-backslashes] == '\\' {
			backslashes++
		}
		at = end + 1
		if backslashes%2 == 0 {
			return at
		}
	}
}

// skipValue returns where the value that begins at a place ends.
func skipValue(raw []byte, at int) int {
	depth := 0
	for {
		switch raw[at] {
		case '"':
			at = skipText(raw, at)
		case '{', '[':
			depth++
			at++
		case '}', ']':
			depth--
			at++
		default:
			at++
			if depth > 0 { // a sign between values, or a part of a number or a word
				continue
			}
			for at < len(raw) && raw[at] != ',' && raw[at] != '}' && raw[at] != ']' && raw[at] > ' ' {
				at++
			}
		}
		if depth == 0 {
			return at
		}
	}
}
