package web

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// directions writes the characters that change the direction of text as their names in HTML:
// with them, what a script or a sender wrote could look like something else.
func directions(html []byte) []byte {
	var safe []byte
	for from := 0; ; {
		// All of them are three bytes and begin with this one.
		i := bytes.IndexByte(html[from:], 0xe2)
		if i < 0 {
			return append(safe, html[from:]...)
		}
		i += from
		r, size := utf8.DecodeRune(html[i:])
		safe = append(safe, html[from:i]...)
		if r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			safe = fmt.Appendf(safe, "&lt;U+%04X&gt;", r)
		} else {
			safe = append(safe, html[i:i+size]...)
		}
		from = i + size
	}
}
