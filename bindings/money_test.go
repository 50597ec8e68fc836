package bindings

import "testing"

func TestMoney(t *testing.T) {
	L := newState(t, newTestHost(t), Money())
	runCases(t, L, []luaCase{
		{"parse", `return money.parse("1.234,50 €", { decimal = "," })`, []string{"1234.5", "EUR"}},
		{"parse without a unit", `return money.parse("(1,234.50)", { decimal = "." })`, []string{"-1234.5", "nil"}},
		{"parse a number", `return money.parse(0.125, { decimal = "," })`, []string{"0.125", "nil"}},
		{"the notation decides", `return (money.parse("1.234", { decimal = "," })), (money.parse("1.234", { decimal = "." }))`, []string{"1234", "1.234"}},
		{"try_parse", `return money.try_parse("12 %", { decimal = "." })`, []string{"12", "%"}},
		{"try_parse what is not an amount", `return money.try_parse("TBD", { decimal = "." })`, []string{"nil", `"TBD" is not an amount with the decimal sign "."`}},
		{"try_parse nil", `return money.try_parse(nil, { decimal = "." })`, []string{"nil", "a nil is not an amount"}},
		{"try_parse a long id", `return money.try_parse("9007199254740993", { decimal = "." })`, []string{"nil", `"9007199254740993" has more digits than a number can hold`}},
	})
	runErrors(t, L, []errorCase{
		{"groups", `money.parse("1,2,3", { decimal = "." })`, []string{`"1,2,3" is not an amount with the decimal sign "."`, "(validation)", "money.try_parse"}},
		{"a date", `money.parse("12.2024", { decimal = "," })`, []string{`"12.2024" is not an amount with the decimal sign ","`}},
		{"mixed", `money.parse("1.23.456", { decimal = "," })`, []string{`"1.23.456" is not an amount`}},
		{"long", `money.parse("9007199254740993 €", { decimal = "," })`, []string{"has more digits than a number can hold"}},
		{"infinity", `money.parse(1/0, { decimal = "," })`, []string{"inf is not an amount"}},
		{"no notation", `money.parse("5")`, []string{"options"}},
		{"no decimal sign", `money.parse("5", {})`, []string{"decimal"}},
		{"no decimal sign tried", `money.try_parse("5", {})`, []string{`option 'decimal' is missing. The decimal sign, "." or ",". It is never guessed`}},
		{"no options tried", `money.try_parse(nil)`, []string{`option 'decimal' is missing: pass { decimal = "." } or { decimal = "," }`}},
		{"another sign", `money.try_parse("5", { decimal = "'" })`, []string{`option 'decimal' must be "." or ",", not "'"`}},
	})
}
