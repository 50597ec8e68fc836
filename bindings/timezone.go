package bindings

import (
	"fmt"
	"strings"
	"time"

	// The zones are part of the binary: not every machine has them.
	_ "time/tzdata"
)

const zoneDoc = "A time zone: `UTC`, `local` for the zone of the run, an offset such as `+02:00`, or a name such as `Europe/Stockholm`. Default: `UTC`."

var zoneParam = Param{Name: "zone", Type: "string", Optional: true, Doc: zoneDoc}

// zoneArg returns the zone that argument i names; UTC where it is left out.
func zoneArg(a *Args, i int) (*time.Location, error) {
	if !a.Given(i) {
		return time.UTC, nil
	}
	return zone(a.Host.Clock, a.String(i))
}

// zone returns the zone of a name, as zoneDoc describes it.
func zone(clock Clock, name string) (*time.Location, error) {
	switch strings.ToLower(name) {
	case "utc", "z", "gmt", "":
		return time.UTC, nil
	case "local":
		return clock.Location(), nil
	}
	if name[0] == '+' || name[0] == '-' {
		for _, layout := range []string{"-07:00", "-0700", "-07"} {
			if t, err := time.Parse(layout, name); err == nil {
				_, offset := t.Zone()
				return time.FixedZone(name, offset), nil
			}
		}
	} else if loc, err := time.LoadLocation(name); err == nil {
		return loc, nil
	}
	return nil, &DataError{
		Message: fmt.Sprintf("unknown time zone %q", name),
		Hint:    "use a name such as Europe/Stockholm or America/New_York (with its capitals), UTC, local, or an offset such as +02:00",
	}
}
