package catalog

import (
	_ "embed" // the names of time zones
	"strings"
	"sync"

	"github.com/agnivade/levenshtein"
)

// zoneNames are the zones of the IANA database that belong to a place, one a line: Go can look
// one up, but not list them.
//
//go:embed zones.txt
var zoneNames string

var zones = sync.OnceValue(func() []string { return strings.Fields(zoneNames) })

// NearestZone returns the names of time zones that are likely meant by one that is unknown:
// those of the same city, or of the one that is spelt most like it.
func NearestZone(name string) []string {
	within, city := region(strings.ReplaceAll(name, `\`, "/"))
	// A short name is that of no city but of an offset, such as CEST.
	least := min(max(len(city)-1, 0)/4, 2)
	var found []string
	for _, zone := range zones() {
		r, c := region(zone)
		if away := levenshtein.ComputeDistance(c, city); away <= least && (within == "" || r == within) {
			if away < least {
				found, least = nil, away
			}
			found = append(found, zone)
		}
	}
	return found[:min(len(found), 3)]
}

// region splits the name of a zone into the city and what is before it, regardless of case.
func region(name string) (region, city string) {
	at := strings.LastIndexByte(name, '/')
	return fold(name[:max(at, 0)]), fold(name[at+1:])
}
