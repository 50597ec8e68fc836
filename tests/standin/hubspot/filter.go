package hubspot

import (
	"slices"
	"strings"
)

// filter is a condition of a search.
type filter struct {
	Property  string   `json:"propertyName"`
	Operator  string   `json:"operator"`
	Value     *string  `json:"value"`
	HighValue *string  `json:"highValue"`
	Values    []string `json:"values"`
}

// compile checks a filter and returns it as a function.
func (f filter) compile(field *Property) (func(*version) bool, error) {
	one := func(text *string) (value, error) {
		if text == nil {
			return value{}, invalid("A filter with " + f.Operator + " on \"" + f.Property + "\" lacks a value")
		}
		v, ok := field.parse(*text)
		if !ok {
			return value{}, invalid("\"" + *text + "\" is not a valid " + field.Type + " for \"" + f.Property + "\"")
		}
		return v, nil
	}
	has := func(test func(value) bool) func(*version) bool {
		return func(v *version) bool {
			x, ok := field.value(v.properties)
			return ok && test(x)
		}
	}
	switch f.Operator {
	case "HAS_PROPERTY":
		return has(func(value) bool { return true }), nil
	case "NOT_HAS_PROPERTY":
		return func(v *version) bool { _, ok := v.properties[f.Property]; return !ok }, nil
	case "IN", "NOT_IN":
		return f.in(field, has)
	case "CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN":
		if f.Value == nil {
			return nil, invalid("A filter with " + f.Operator + " on \"" + f.Property + "\" lacks a value")
		}
		return has(func(x value) bool {
			return token(x.text, strings.ToLower(*f.Value)) == (f.Operator == "CONTAINS_TOKEN")
		}), nil
	}
	low, err := one(f.Value)
	if err != nil {
		return nil, err
	}
	test, ok := map[string]func(int) bool{
		"EQ": func(c int) bool { return c == 0 }, "NEQ": func(c int) bool { return c != 0 },
		"LT": func(c int) bool { return c < 0 }, "LTE": func(c int) bool { return c <= 0 },
		"GT": func(c int) bool { return c > 0 }, "GTE": func(c int) bool { return c >= 0 },
	}[f.Operator]
	switch {
	case ok:
		return has(func(x value) bool { return test(x.compare(low)) }), nil
	case f.Operator == "BETWEEN": // both ends included
		high, err := one(f.HighValue)
		if err != nil {
			return nil, err
		}
		return has(func(x value) bool { return x.compare(low) >= 0 && x.compare(high) <= 0 }), nil
	}
	return nil, invalid("Invalid input: unknown operator " + f.Operator)
}

// in compares strings in lower case with the values as they are.
func (f filter) in(field *Property, has func(func(value) bool) func(*version) bool) (func(*version) bool, error) {
	if len(f.Values) == 0 {
		return nil, invalid("A filter with " + f.Operator + " on \"" + f.Property + "\" lacks values")
	}
	var wanted []value
	for _, text := range f.Values {
		v, ok := field.parse(text)
		if !ok {
			return nil, invalid("\"" + text + "\" is not a valid " + field.Type + " for \"" + f.Property + "\"")
		}
		if field.Type == "string" {
			v.text = text
		}
		wanted = append(wanted, v)
	}
	return has(func(x value) bool { return slices.Contains(wanted, x) == (f.Operator == "IN") }), nil
}

// token reports whether a word of text fits the pattern, in which * at an end
// stands for anything.
func token(text, pattern string) bool {
	inner := strings.Trim(pattern, "*")
	starts, ends := strings.HasSuffix(pattern, "*"), strings.HasPrefix(pattern, "*")
	words := append(strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" ,;@.", r) }), text)
	return slices.ContainsFunc(words, func(word string) bool {
		switch {
		case starts && ends:
			return strings.Contains(word, inner)
		case starts:
			return strings.HasPrefix(word, inner)
		case ends:
			return strings.HasSuffix(word, inner)
		}
		return word == inner
	})
}
