package bindings

import (
	"errors"
	"math"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings/internal/amount"
	"github.com/phscript/phscript/bindings/internal/invalid"
	"github.com/phscript/phscript/bindings/internal/luatext"
	"github.com/phscript/phscript/bindings/spec"
)

var moneyOptions = []Field{
	{Name: "decimal", Type: "string", Required: true, Doc: "The decimal sign, `\".\"` or `\",\"`. It is never guessed, because `1.234` is a different number with each.", Text: refusedSign},
}

// Money returns the module money, which reads amounts.
func Money() *Module {
	text := Param{Name: "text", Type: "string|number", Doc: "The text. A number is returned as it is."}
	options := Param{Name: "options", Type: "MoneyOptions", Doc: "How to read it.", Fields: moneyOptions}
	optional := options // Only because a parameter before it is.
	optional.Optional = true
	return &Module{
		Name: "money",
		Doc: "Reads numbers as people and spreadsheets write them: amounts of money, percentages, and numbers with thousands separators.\n\n" +
			"To read a whole column of a CSV file, use the type `\"money\"` of `csv.read`.",
		Funcs: []*Func{
			{
				Name: "parse",
				Doc: "Reads an amount such as `1.234,50 €`, `$1,234.50`, `CHF 1'234.50` or `12 %`. There may be one sign or ISO code of a currency, or a percent sign. " +
					"A negative amount has a minus sign before or after it, or is in parentheses. The other sign, spaces or apostrophes may separate groups of exactly three digits before " +
					"the decimal sign, and `12,-` is 12. Anything else is an error.\n\n" +
					"A percentage is returned as written: `12 %` is 12.",
				Params: []Param{text, options},
				Returns: []Return{
					{Type: "number", Doc: "The amount."},
					{Type: "string|nil", Doc: "Its unit: an ISO code such as `EUR` for `€`, the sign if several currencies use it, such as `$`, or `%`."},
				},
				Errors:  "With kind `validation` when the text is not an amount, or has more digits than a number can hold.",
				Refuses: refusedMoney,
				Example: "local mrr, unit = money.parse(\"1.234,50 €\", { decimal = \",\" })\nprint(mrr, unit) --> 1234.5\tEUR",
				Call: func(a *Args) (int, error) {
					n, unit, err := parseMoney(a)
					if err != nil {
						return 0, err
					}
					return a.Push(lua.LNumber(n), unit)
				},
			},
			{
				Name:    "try_parse",
				Doc:     "Reads an amount as `money.parse` does, but returns `nil` and the reason if it cannot be read.",
				Params:  []Param{{Name: "text", Type: "any", Optional: true, Doc: text.Doc}, optional},
				Returns: []Return{{Type: "number|nil", Doc: "The amount, or `nil`."}, {Type: "string|nil", Doc: "Its unit, or why it could not be read."}},
				Errors:  "When the options are invalid.",
				Example: "local seats, why = money.try_parse(row.seats, { decimal = \".\" })\nif not seats then log.warn(\"no seats\", { row = row.id, why = why }) end",
				Call: func(a *Args) (int, error) {
					n, unit, err := parseMoney(a)
					var data *invalid.Error
					switch {
					case errors.As(err, &data):
						return a.Push(lua.LNil, lua.LString(err.Error()))
					case err != nil:
						return 0, err
					}
					return a.Push(lua.LNumber(n), unit)
				},
			},
		},
		Records: []*Shape{{Name: "MoneyOptions", Doc: "How `money.parse` reads a text.", Fields: moneyOptions}},
	}
}

// parseMoney reads argument 0 by the options in argument 1. An error about the text is
// an *invalid.Error.
func parseMoney(a *Args) (n float64, unit lua.LValue, err error) {
	decimal := a.Options(1).String("decimal")
	if err := refusedSign(decimal); err != nil {
		return 0, nil, a.Errorf("%w", err)
	}
	switch v := a.Get(0).(type) {
	case lua.LNumber:
		if n = float64(v); math.IsNaN(n) || math.IsInf(n, 0) {
			return 0, nil, invalid.Errorf("", "%s is not an amount", luatext.Number(n))
		}
		return n, lua.LNil, nil
	case lua.LString:
		n, code, err := readMoney(string(v), decimal)
		if err != nil || code == "" {
			return n, lua.LNil, err
		}
		return n, lua.LString(code), nil
	}
	return 0, nil, invalid.Errorf("", "a %s is not an amount", a.Get(0).Type())
}

// readMoney returns an amount and its currency, "" if the text names none.
func readMoney(text, decimal string) (n float64, code string, err error) {
	n, code, err = amount.Money(text, decimal)
	shown := invalid.Cut(text, 40)
	switch {
	case errors.Is(err, amount.ErrTooLong):
		err = invalid.Errorf("keep it as text", "%q has more digits than a number can hold", shown)
	case err != nil:
		err = invalid.Errorf("check the text and the option 'decimal', or use money.try_parse", "%q is not an amount with the decimal sign %q", shown, decimal)
	}
	return n, code, err
}

// refusedMoney returns why a text that is written out is not an amount.
func refusedMoney(known spec.Arguments) error {
	text, isText := known.At(0).(string)
	decimal, isSign := known.Option(1, "decimal").(string)
	if !isText || !isSign || refusedSign(decimal) != nil {
		return nil //nolint:nilerr // the check of the parameter reports it
	}
	_, _, err := readMoney(text, decimal)
	return err
}

func refusedSign(decimal string) error {
	if decimal == "" {
		return errors.New("option 'decimal' is missing: pass { decimal = \".\" } or { decimal = \",\" }")
	}
	return refusedDecimal(decimal)
}
