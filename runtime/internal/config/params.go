package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Params are the parameters of a script: a JSON object that reaches the script as it
// was written, through any number of stores. The zero value is none.
//
// From TOML, dates and times are text in the form in which they are written, and
// whole numbers keep all their digits.
type Params struct {
	text string
	err  error
}

// ParamsOf returns the parameters whose JSON is that of v, which must be an object.
func ParamsOf(v any) (p Params, err error) {
	text, err := json.Marshal(v)
	if err != nil {
		return p, err
	}
	return p, p.UnmarshalJSON(text)
}

// JSON returns the object, or "" if there are no parameters.
func (p Params) JSON() string { return p.text }

// IsZero reports whether there are no parameters.
func (p Params) IsZero() bool { return p == Params{} }

// Err returns an error if TOML held a value that no parameter can have.
func (p Params) Err() error { return p.err }

// MarshalJSON returns the object.
func (p Params) MarshalJSON() ([]byte, error) {
	if p.text == "" {
		return []byte("{}"), nil
	}
	return []byte(p.text), nil
}

// UnmarshalJSON takes an object, or null for none.
func (p *Params) UnmarshalJSON(text []byte) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		return err
	}
	*p = Params{}
	if len(fields) > 0 {
		p.text = string(bytes.TrimSpace(text))
	}
	return nil
}

// UnmarshalTOML takes a table as the decoder has read it. Values that no parameter
// can have are an error of Err, since only the schedule's name tells which of many
// [[schedule]] tables it is in.
func (p *Params) UnmarshalTOML(v any) (err error) {
	table, ok := v.(map[string]any)
	if !ok {
		p.err = fmt.Errorf("must be a table, such as params = { region = \"eu\" }")
		return nil
	}
	var fields any
	if fields, p.err = parameter("", table); p.err == nil {
		*p, err = ParamsOf(fields)
	}
	return err
}

// parameter returns a value of TOML so that its JSON is what a script receives.
func parameter(name string, v any) (any, error) {
	switch v := v.(type) {
	case map[string]any:
		fields := make(map[string]any, len(v))
		for key, item := range v {
			inner := key
			if name != "" {
				inner = name + "." + key
			}
			var err error
			if fields[key], err = parameter(inner, item); err != nil {
				return nil, err
			}
		}
		return fields, nil
	case []map[string]any:
		return list(name, v)
	case []any:
		return list(name, v)
	case time.Time:
		return dateOrTime(v), nil
	case float64:
		if math.IsInf(v, 0) || math.IsNaN(v) {
			return nil, fmt.Errorf("%s is %s; write a finite number, or text in quotes", name, strings.ToLower(strings.TrimPrefix(strconv.FormatFloat(v, 'g', -1, 64), "+")))
		}
		// The exponent tells it from a whole number, whose digits all count.
		return json.Number(strconv.FormatFloat(v, 'g', -1, 64)), nil
	}
	return v, nil
}

func list[T any](name string, items []T) (any, error) {
	values := make([]any, len(items))
	for i, item := range items {
		var err error
		if values[i], err = parameter(fmt.Sprintf("%s[%d]", name, i+1), item); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// dateOrTime returns a date or a time as it is written. The decoder tells local ones
// by the name of their zone.
func dateOrTime(t time.Time) string {
	const clock = "15:04:05.999999999"
	switch t.Location().String() {
	case "date-local":
		return t.Format(time.DateOnly)
	case "time-local":
		return t.Format(clock)
	case "datetime-local":
		return t.Format(time.DateOnly + "T" + clock)
	}
	return t.Format(time.RFC3339Nano)
}
