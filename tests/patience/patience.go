// Package patience waits for what has to come true, however busy the machine
// is.
package patience

import (
	"testing"
	"time"
)

// limit is how long nothing takes that happens at all.
const limit = 4 * time.Minute

// Until asks every so often whether a condition holds, and returns whether it
// did in the end. It asks in the goroutine of the test, which the condition may
// therefore end.
func Until(every time.Duration, holds func() bool) bool {
	for began := time.Now(); !holds(); time.Sleep(every) {
		if time.Since(began) > limit {
			return false
		}
	}
	return true
}

// Await ends the test where a condition never comes to hold.
func Await(t testing.TB, every time.Duration, holds func() bool, format string, args ...any) {
	t.Helper()
	if !Until(every, holds) {
		t.Fatalf(format, args...)
	}
}
