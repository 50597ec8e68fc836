package simulator

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/phscript/phscript/planhat/catalog"
)

// Switches sets points of behaviour that Planhat's documentation leaves open
// or contradicts itself about: name to value, as listed by SwitchDocs. A name
// that is absent has its default.
type Switches map[string]string

// SwitchDoc describes one switch.
type SwitchDoc struct {
	Name    string
	Values  []string
	Default string
	Doc     string
}

// SwitchDocs returns every switch, for help texts and reference pages.
func SwitchDocs() []SwitchDoc { return slices.Clone(switchDocs) }

// ParseSwitches reads "name=value,name=value", as a command line gives it.
// An empty text is no switches. Unknown names and values are errors that
// suggest the nearest known one.
func ParseSwitches(text string) (Switches, error) {
	s := Switches{}
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		name, value, found := strings.Cut(part, "=")
		if !found {
			return nil, fmt.Errorf("switch %q needs a value, as in over-limit=error", part)
		}
		s[strings.TrimSpace(name)] = strings.TrimSpace(value)
	}
	if _, err := s.resolve(); err != nil {
		return nil, err
	}
	return s, nil
}

// resolve returns all switches with defaults filled in.
func (s Switches) resolve() (Switches, error) {
	full := make(Switches, len(switchDocs))
	for _, d := range switchDocs {
		full[d.Name] = d.Default
	}
	for _, name := range slices.Sorted(maps.Keys(s)) {
		i := slices.IndexFunc(switchDocs, func(d SwitchDoc) bool { return d.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no switch %q%s", name, catalog.DidYouMean(name, switchNames()))
		}
		d := switchDocs[i]
		if !slices.Contains(d.Values, s[name]) {
			return nil, fmt.Errorf("switch %s is one of %s, not %q%s",
				name, strings.Join(d.Values, ", "), s[name], catalog.DidYouMean(s[name], d.Values))
		}
		full[name] = s[name]
	}
	return full, nil
}

func (s Switches) is(name, value string) bool { return s[name] == value }

func switchNames() []string {
	names := make([]string, len(switchDocs))
	for i, d := range switchDocs {
		names[i] = d.Name
	}
	return names
}
