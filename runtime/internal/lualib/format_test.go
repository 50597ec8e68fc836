package lualib_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestFormatsAsC formats numbers by random directives. It leaves out numbers that
// no integer can hold, for which C defines no result, and %#g, whose digits differ
// from C library to C library.
func TestFormatsAsC(t *testing.T) {
	needLua(t)
	seed := uint64(time.Now().UnixNano())
	r := rand.New(rand.NewPCG(seed, 0))
	one := func(list ...string) string { return list[r.IntN(len(list))] }
	var program strings.Builder
	for range 2000 {
		flags := one("", "-") + one("", "+") + one("", " ") + one("", "#") + one("", "0")
		value := one("0", "-0.0", "1", "-7", "255", "-255", "3.5", "0.1", "123456789", "1e15", "1e-5", "123.456", "99999.5", "2^53")
		verb := one("d", "i", "u", "o", "x", "X", "e", "E", "f", "g", "G", "s")
		if strings.ContainsAny(verb, "gG") {
			flags = strings.ReplaceAll(flags, "#", "")
		}
		directive := "%" + flags + one("", "1", "6", "25") + one("", ".0", ".1", ".11") + verb
		fmt.Fprintf(&program, "print(%q, %s, string.format(%q, %s))\n", directive, value, directive, value)
	}
	require.Equal(t, runReal(t, []string{program.String()})[0], runHere(program.String()), "seed %d", seed)
}
