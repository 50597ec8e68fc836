package pages

import (
	"encoding/json"
	"net/url"
	"strings"

	"github.com/phscript/phscript/runtime/internal/header"
	"github.com/phscript/phscript/runtime/internal/serve"
)

// param is a field of the form to run a schedule now.
type param struct {
	header.Param
	// Value is what the schedule sets, or the default.
	Value   string
	Checked bool
	// Kind is the type of the field: text, date, checkbox or select.
	Kind string
}

// paramsOf are the fields for a schedule: what its script declares, except secrets, which
// come from the service's environment.
func paramsOf(e serve.Entry) (list []param) {
	var set map[string]json.RawMessage
	_ = json.Unmarshal([]byte(e.Params.JSON()), &set) // nil if there are none
	for _, declared := range e.Signature {
		if declared.Secret {
			continue
		}
		p := param{Param: declared, Kind: "text"}
		value := set[declared.Name]
		if value == nil {
			value = declared.Default
		}
		if value != nil && json.Unmarshal(value, &p.Value) != nil {
			p.Value = string(value)
		}
		switch declared.Type {
		case header.Boolean:
			p.Kind, p.Checked = "checkbox", p.Value == "true"
		case header.Choice:
			p.Kind = "select"
		case header.Date:
			p.Kind = "date"
		}
		list = append(list, p)
	}
	return list
}

// read puts the value of a form into values if it is another one than the schedule's. An
// empty field takes the value away.
func (p param) read(form url.Values, values map[string]json.RawMessage) error {
	if !form.Has("has." + p.Name) {
		return nil
	}
	text := strings.TrimSpace(form.Get("param." + p.Name))
	if p.Kind == "checkbox" {
		if checked := text != ""; checked != p.Checked {
			values[p.Name] = json.RawMessage("false")
			if checked {
				values[p.Name] = json.RawMessage("true")
			}
		}
		return nil
	}
	switch text {
	case p.Value:
		return nil
	case "":
		values[p.Name] = json.RawMessage("null")
		return nil
	}
	value, err := p.Parse(text)
	if err != nil {
		return p.Wrong(err)
	}
	values[p.Name] = value
	return nil
}
