package amount

import (
	"strings"

	"golang.org/x/text/currency"
)

// Percent is the unit of percentages.
const Percent = "%"

// currencySigns are the signs of currencies beside the codes of ISO 4217, with the
// unit that Money returns. A sign of several currencies is its own unit.
var currencySigns = map[string]string{
	"€": "EUR", "£": "GBP", "₹": "INR", "₩": "KRW", "₪": "ILS", "₺": "TRY", "₽": "RUB", "₴": "UAH", "₫": "VND", "₱": "PHP", "฿": "THB", "₦": "NGN",
	"US$": "USD", "R$": "BRL", "A$": "AUD", "AU$": "AUD", "C$": "CAD", "CA$": "CAD", "NZ$": "NZD", "HK$": "HKD", "S$": "SGD", "MX$": "MXN", "NT$": "TWD",
	"zł": "PLN", "Kč": "CZK", "Ft": "HUF", "Fr.": "CHF", "SFr.": "CHF",
	"$": "$", "¥": "¥", "kr": "kr", "kr.": "kr", "Kr": "kr", "Kr.": "kr",
}

// minusSigns are the signs of negative amounts: the hyphen and Unicode's minus.
var minusSigns = []string{"-", "−"}

// noCents follow a decimal sign, as in 12,- for 12,00.
var noCents = []string{"--", "-", "–", "—"}

// Money reads an amount as people and spreadsheets write it: a number as Parse reads
// it with that decimal sign, and around it at most one sign or code of a currency or
// a percent sign, which is the unit, and one sign, which may be parentheses or
// follow the number. A percentage is the number before its sign.
func Money(text, decimal string) (n float64, unit string, err error) {
	rest, sign := strings.TrimSpace(text), ""
	for before := ""; rest != before; {
		before = rest
		for _, part := range []func(string) (string, string){signOf, unitOf} {
			inner, found := part(withCents(rest, decimal))
			if found == "" {
				continue
			}
			into := &unit
			if found == "-" || found == "+" {
				into = &sign
			}
			if *into != "" {
				return 0, "", ErrForm
			}
			rest, *into = strings.TrimSpace(inner), found
		}
	}
	if strings.HasPrefix(rest, "+") || strings.HasPrefix(rest, "-") {
		return 0, "", ErrForm
	}
	if n, err = Parse(withCents(rest, decimal), decimal); err == nil && sign == "-" && n != 0 {
		n = -n
	}
	return n, unit, err
}

// withCents writes out the cents that a dash after a digit and the decimal sign
// stands for.
func withCents(s, decimal string) string {
	for _, dash := range noCents {
		if whole, ok := strings.CutSuffix(s, decimal+dash); ok && whole != "" && digits(whole[len(whole)-1:]) {
			return whole + decimal + "00"
		}
	}
	return s
}

// signOf returns what is inside of a sign, and "-", "+", or "" if there is none. A
// sign after a number or a unit follows without a space.
func signOf(s string) (inner, sign string) {
	if strings.HasPrefix(s, "(") && strings.HasSuffix(s, ")") {
		return s[1 : len(s)-1], "-"
	}
	if inner, ok := strings.CutPrefix(s, "+"); ok {
		return inner, "+"
	}
	for _, minus := range minusSigns {
		if inner, ok := strings.CutPrefix(s, minus); ok {
			return inner, "-"
		}
		if inner, ok := strings.CutSuffix(s, minus); ok && inner == strings.TrimSpace(inner) && !strings.HasSuffix(inner, "-") {
			return inner, "-"
		}
	}
	return s, ""
}

// unitOf returns what is beside a currency or a percent sign, and the unit, or "" if
// there is none.
func unitOf(s string) (inner, unit string) {
	if inner, ok := strings.CutSuffix(s, Percent); ok {
		return inner, Percent
	}
	longest := 0
	for sign, of := range currencySigns {
		for _, cut := range []func(s, part string) (string, bool){strings.CutPrefix, strings.CutSuffix} {
			if rest, ok := cut(s, sign); ok && len(sign) > longest {
				inner, unit, longest = rest, of, len(sign)
			}
		}
	}
	if unit != "" {
		return inner, unit
	}
	const code = 3
	if len(s) > code {
		if isCode(s[:code]) {
			return s[code:], s[:code]
		}
		if at := len(s) - code; isCode(s[at:]) {
			return s[:at], s[at:]
		}
	}
	return s, ""
}

func isCode(s string) bool {
	_, err := currency.ParseISO(s)
	return err == nil && s == strings.ToUpper(s)
}
