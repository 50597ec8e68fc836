package catalog

import (
	"testing"
	"time"
	_ "time/tzdata" // the zones that the program brings

	"github.com/stretchr/testify/assert"
)

func TestNearestZone(t *testing.T) {
	for name, want := range map[string][]string{
		"Europe/Berln": {"Europe/Berlin"}, "europe/berlin": {"Europe/Berlin"}, "Europe\\Berlin": {"Europe/Berlin"},
		"America/NewYork": {"America/New_York"}, "New York": {"America/New_York"}, "newyork": {"America/New_York"},
		"Stockholm": {"Europe/Stockholm"}, "Stokholm": {"Europe/Stockholm"},
		"CEST": nil, "GMT+2": nil, "": nil, "x/y": nil,
	} {
		assert.Equal(t, want, NearestZone(name), name)
	}
}

// A name that is suggested must be one that can be used.
func TestZonesExist(t *testing.T) {
	for _, name := range zones() {
		_, err := time.LoadLocation(name)
		assert.NoError(t, err)
	}
	assert.Greater(t, len(zones()), 400)
}
