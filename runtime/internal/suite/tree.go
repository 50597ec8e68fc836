package suite

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// separator stands between the names of a test's groups and its own.
const separator = " › "

// mode says whether a test or a group runs.
type mode int

const (
	normal mode = iota
	only
	skipped
)

// group is what describe makes: tests and groups in their order, and what runs
// before and after them. A file is a group without a name.
type group struct {
	parent *group
	name   string
	mode   mode
	reason string
	items  []item

	beforeAll, afterAll, beforeEach, afterEach []*lua.LFunction
}

// item is a test or a group.
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
	// given is handed to fn, by test.each.
	given lua.LValue
	line  int
}

// path returns the names of the groups that a test is in, the outermost first.
func (g *group) path() []string {
	if g == nil || g.parent == nil {
		return nil
	}
	return append(g.parent.path(), g.name)
}

// fullName is how reports and --filter call a test.
func (t *testCase) fullName() string {
	return strings.Join(append(t.parent.path(), t.name), separator)
}

// skips returns whether a test is left out, and the reason.
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

// focused tells whether a test or a group that it is in was marked with only.
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

// each calls visit for every test of a group, in order.
func (g *group) each(visit func(*testCase)) {
	for _, i := range g.items {
		if i.test != nil {
			visit(i.test)
		} else {
			i.group.each(visit)
		}
	}
}
