package suite

import "github.com/phscript/phscript/runtime/compile"

// coverage is what a test file has executed of other files.
type coverage struct {
	files map[string][]*compile.Lines
}

// lines returns a counter for one more execution of a file.
func (c *coverage) lines(path string) *compile.Lines {
	if c.files == nil {
		c.files = map[string][]*compile.Lines{}
	}
	l := &compile.Lines{}
	c.files[path] = append(c.files[path], l)
	return l
}
