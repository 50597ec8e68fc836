package suite

import (
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/runtime/internal/suite/report"
)

// mode is whether a test or a group runs.
type mode int

const (
	normal mode = iota
	only
	skipped
)

// group is what describe makes: tests and groups in order, and the hooks around
// them. A file is a group without a name.
type group struct {
	parent *group
	name   string
	mode   mode
	items  []item

	beforeAll, afterAll, beforeEach, afterEach []*lua.LFunction
}

type item struct {
	test  *testCase
	group *group
}

// testCase is what it makes. One without a function is pending.
type testCase struct {
	parent *group
	name   string
	mode   mode
	reason string
	fn     *lua.LFunction
	// given are the arguments of fn.
	given []lua.LValue
	line  int
}

// path returns the names of a test's groups, outermost first.
func (g *group) path() []string {
	if g == nil || g.parent == nil {
		return nil
	}
	return append(g.parent.path(), g.name)
}

// fullName is the test's name in reports and --filter.
func (t *testCase) fullName() string {
	return strings.Join(append(t.parent.path(), t.name), report.Separator)
}

// marked returns the mark of a kind that a test or a group around it has, with
// its reason.
func (t *testCase) marked(m mode) (reason string, found bool) {
	if t.mode == m {
		return t.reason, true
	}
	for g := t.parent; g != nil; g = g.parent {
		if g.mode == m {
			return "", true
		}
	}
	return "", false
}

// each visits every test of a group, in order.
func (g *group) each(visit func(*testCase)) {
	for _, i := range g.items {
		if i.test != nil {
			visit(i.test)
		} else {
			i.group.each(visit)
		}
	}
}
