package header

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/config"
)

// shortestSecret is how many bytes a secret has at least: shorter ones cannot be hidden in
// what is printed.
const shortestSecret = 6

// wholeNumbers is the largest number up to which all whole numbers are exact in a script.
const wholeNumbers = 1 << 53

// Parse returns the value of a text, such as that of a flag, as a script gets it, in JSON.
// The error does not contain the value of a secret.
func (p *Param) Parse(text string) (json.RawMessage, error) {
	wrong := func(what string) (json.RawMessage, error) {
		return nil, fmt.Errorf("must be %s, not %q", what, clip(text))
	}
	if !utf8.ValidString(text) {
		return nil, errors.New("must be valid UTF-8")
	}
	switch p.Type {
	case Integer:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return wrong("a whole number")
		}
		return integer(n)
	case Number:
		n, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(n) || math.IsInf(n, 0) || strings.ContainsAny(text, "xXpP_") {
			return wrong("a number, such as 2.5")
		}
		return json.Marshal(n)
	case Boolean:
		switch strings.ToLower(text) {
		case "true":
			return json.RawMessage("true"), nil
		case "false":
			return json.RawMessage("false"), nil
		}
		return wrong("true or false")
	case Date:
		day, err := time.Parse(time.DateOnly, text)
		if err != nil {
			return wrong("a date as YYYY-MM-DD")
		}
		return json.Marshal(day.Format(time.DateOnly))
	case Duration:
		d, err := config.ParseDuration(text)
		if err != nil {
			return nil, fmt.Errorf("must be a duration: %w", err)
		}
		return json.Marshal(d.Seconds())
	case Choice:
		for _, one := range p.Choices {
			if one == text {
				return json.Marshal(text)
			}
		}
		return nil, fmt.Errorf("must be %s, not %q%s", either(p.Choices), clip(text), catalog.DidYouMean(text, p.Choices))
	case File:
		if text == "" {
			return nil, errors.New("must be the name of a file, not empty")
		}
	}
	if p.Secret && len(strings.TrimSpace(text)) < shortestSecret {
		return nil, errShortSecret
	}
	return json.Marshal(text)
}

func integer(n int64) (json.RawMessage, error) {
	if n > wholeNumbers || n < -wholeNumbers {
		return nil, fmt.Errorf("must be a whole number from -%d to %d, not %d", int64(wholeNumbers), int64(wholeNumbers), n)
	}
	return json.Marshal(n)
}

// Convert is Parse for a value in JSON, such as that of a schedule. Text is read as Parse
// reads it.
func (p *Param) Convert(value json.RawMessage) (json.RawMessage, error) {
	var v any
	d := json.NewDecoder(strings.NewReader(string(value)))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return nil, errors.New("is not valid JSON")
	}
	switch v := v.(type) {
	case string:
		return p.Parse(v)
	case bool:
		if p.Type == Boolean {
			return json.Marshal(v)
		}
	case json.Number:
		return p.number(v)
	}
	if p.Secret {
		return nil, errors.New("must be text")
	}
	return nil, fmt.Errorf("must be %s, not %s", p.what(), clip(string(value)))
}

// number converts a number.
func (p *Param) number(v json.Number) (json.RawMessage, error) {
	if n, err := v.Int64(); err == nil && p.Type == Integer {
		return integer(n)
	}
	n, err := v.Float64()
	switch {
	case err != nil || p.Secret:
	case p.Type == Number:
		return json.Marshal(n)
	case p.Type == Integer && n == math.Trunc(n) && math.Abs(n) < wholeNumbers:
		return integer(int64(n))
	case p.Type == Duration && n >= 0: // seconds
		return json.Marshal(n)
	}
	if p.Secret {
		return nil, errors.New("must be text")
	}
	return nil, fmt.Errorf("must be %s, not %s", p.what(), v)
}

// what names the values that the parameter takes.
func (p *Param) what() string {
	switch p.Type {
	case Integer:
		return "a whole number"
	case Number:
		return "a number"
	case Boolean:
		return "true or false"
	case Date:
		return "a date as YYYY-MM-DD"
	case Duration:
		return `a duration, such as "30m", or a number of seconds`
	case File:
		return "the name of a file in quotes"
	case Choice:
		return either(p.Choices)
	}
	return "text in quotes"
}

// either lists values with "or" before the last.
func either(values []string) string {
	n := len(values) - 1
	if n == 0 {
		return values[0]
	}
	return strings.Join(values[:n], ", ") + " or " + values[n]
}

// errShortSecret is the error for a secret that could not be found in text.
var errShortSecret = fmt.Errorf("must have at least %d characters, because shorter secrets cannot be hidden in what is printed", shortestSecret)
