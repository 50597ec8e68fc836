package suite

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// separator joins the names of a test's groups and its own.
const separator = " › "

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
	reason string
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
	// given is the argument of fn, from test.each.
	given lua.LValue
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
	return strings.Join(append(t.parent.path(), t.name), separator)
}

// skips reports whether a test is skipped, and why.
func (t *testCase) skips() (bool, string) {
	if t.mode == skipped {
		return true, t.reason
	}
	for g := t.parent; g != nil; g = g.parent {
		if g.mode == skipped {
			return true, g.reason
		}
	}
	return false, ""
}

// focused reports whether a test, or a group it is in, is marked with only.
func (t *testCase) focused() bool {
	if t.mode == only {
		return true
	}
	for g := t.parent; g != nil; g = g.parent {
		if g.mode == only {
			return true
		}
	}
	return false
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
