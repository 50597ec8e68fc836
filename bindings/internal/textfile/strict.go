package textfile

import (
	"bytes"

	"golang.org/x/text/encoding"
	"golang.org/x/text/transform"

	"github.com/phscript/phscript/bindings/internal/invalid"
)

// replacement is what a decoder writes for what it cannot read.
const replacement = "\uFFFD"

// strict decodes text, and fails where the decoder would replace what it cannot read.
type strict struct {
	transform.Transformer
	name, encoding string
	// wide reports whether the text is in UTF-16, which may hold the replacement
	// character itself.
	wide bool
	// lines is how many line ends were decoded.
	lines int
}

func newStrict(name, encodingName string, enc encoding.Encoding) *strict {
	s := &strict{Transformer: enc.NewDecoder(), name: name, encoding: encodingName}
	for _, wide := range []string{"utf-16", "utf-16le", "utf-16be"} {
		if enc == encodings[wide] {
			s.wide, s.encoding = true, "utf-16"
		}
	}
	return s
}

// Transform implements transform.Transformer.
func (s *strict) Transform(dst, src []byte, atEOF bool) (nDst, nSrc int, err error) {
	nDst, nSrc, err = s.Transformer.Transform(dst, src, atEOF)
	out := dst[:nDst]
	if bytes.Count(out, []byte(replacement)) > s.written(src[:nSrc]) {
		// The first one is the culprit, unless the text holds some itself.
		at := bytes.Index(out, []byte(replacement))
		line, hint := s.lines+bytes.Count(out[:at], []byte("\n"))+1, "check the option 'encoding'"
		if s.wide {
			hint = "fetch the file again"
		}
		return at, nSrc, invalid.Errorf(hint, "%s, line %d: the text is not valid %s", s.name, line, s.encoding)
	}
	s.lines += bytes.Count(out, []byte("\n"))
	return nDst, nSrc, err
}

// written counts the replacement characters that the text itself holds.
func (s *strict) written(src []byte) (n int) {
	for i := 0; s.wide && i+1 < len(src); i += 2 {
		if pair := string(src[i : i+2]); pair == "\xfd\xff" || pair == "\xff\xfd" {
			n++
		}
	}
	return n
}
