package hubspot

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Rule is an admin's validation rule. It gets the record as it would be after a
// write, and returns why that is not allowed, or an empty string.
type Rule func(properties map[string]string) string

type rule struct {
	kind     *kind
	property string
	check    Rule
}

// AddRule adds a validation rule, which refuses writes by clients and names the
// property as the one at fault.
func (p *Portal) AddRule(objectType, property string, check Rule) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rules = append(p.rules, rule{mustKind(objectType), property, check})
}

// Normalize makes the account store another value of a property than clients
// send, as the vendor does for numbers, spaces and phone numbers.
func (p *Portal) Normalize(objectType, property string, change func(string) string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	k := mustKind(objectType)
	if p.forms[k] == nil {
		p.forms[k] = map[string]func(string) string{}
	}
	p.forms[k][property] = change
}

// input is a record in the body of a write.
type input struct {
	ID           string                     `json:"id"`
	IDProperty   string                     `json:"idProperty"`
	Properties   map[string]json.RawMessage `json:"properties"`
	Associations []struct {
		To    struct{ ID string } `json:"to"`
		Types []struct {
			TypeID int `json:"associationTypeId"`
		} `json:"types"`
	} `json:"associations"`
}

// fault is one property of a write that is refused.
type fault struct {
	IsValid bool   `json:"isValid"`
	Message string `json:"message"`
	Error   string `json:"error"`
	Name    string `json:"name"`
}

// values checks the properties of a write and returns them as they are stored. r
// is nil for a new record.
func (c *call) values(in *input, r *record) (sent, stored map[string]string, err error) {
	sent, stored = map[string]string{}, map[string]string{}
	var faults []fault
	for _, name := range sortedKeys(in.Properties) {
		raw := in.Properties[name]
		text := strings.TrimSpace(string(raw))
		if json.Unmarshal(raw, &text) != nil && strings.ContainsAny(text[:1], "{[") {
			return nil, nil, invalid("Invalid input JSON: the value of " + name + " is not a string")
		}
		if string(raw) == "null" {
			text = ""
		}
		sent[name] = text
		if f := c.field(c.kind, name); f == nil || f.Hidden {
			faults = append(faults, fault{Message: "Property \"" + name + "\" does not exist", Error: "PROPERTY_DOESNT_EXIST", Name: name})
		} else if f.ReadOnly {
			faults = append(faults, fault{Message: "\"" + name + "\" is a read only property; its value cannot be set", Error: "READ_ONLY_VALUE", Name: name})
		} else if message, code := f.check(text); code != "" {
			faults = append(faults, fault{Message: message, Error: code, Name: name})
		}
		if change := c.forms[c.kind][name]; change != nil && text != "" {
			text = change(text)
		}
		stored[name] = text
	}
	after := map[string]string{}
	if r != nil {
		set(after, r.current().properties)
	}
	set(after, stored)
	for _, rule := range c.rules {
		if rule.kind != c.kind {
			continue
		}
		if message := rule.check(after); message != "" {
			faults = append(faults, fault{Message: message, Error: "VALIDATION_RULE_FAILED", Name: rule.property})
		}
	}
	if len(faults) > 0 {
		list, _ := json.Marshal(faults)
		e := invalid("Property values were not valid: " + string(list))
		for _, f := range faults {
			e.errors = append(e.errors, detail{Message: f.Message, Code: f.Error, Context: map[string][]string{"propertyName": {f.Name}}})
		}
		return nil, nil, e
	}
	return sent, stored, nil
}

// check returns why a value does not fit the property's type.
func (f *Property) check(text string) (message, code string) {
	if text == "" {
		return "", ""
	}
	switch {
	case f.Type == "enumeration" && !f.external:
		for option := range strings.SplitSeq(text, ";") {
			if !slices.Contains(f.Options, option) {
				return fmt.Sprintf("%s was not one of the allowed options: %q", option, f.Options), "INVALID_OPTION"
			}
		}
	case f.Type == "bool" && text != "true" && text != "false":
		return text + " was not a valid boolean", "INVALID_BOOLEAN"
	case f.Type == "number":
		if _, err := strconv.ParseFloat(text, 64); err != nil {
			return text + " was not a valid number", "INVALID_FLOAT"
		}
	case f.Type == "date" || f.Type == "datetime":
		if _, ok := f.parse(text); !ok {
			return text + " was not a valid date", "INVALID_DATE"
		}
	}
	return "", ""
}

// record notes a write for [Portal.Writes].
func (c *call) record(what, id string, properties map[string]string) {
	c.writes = append(c.writes, Write{c.clock.Now(), c.kind.plural, what, id, properties})
}

// makeRecord creates a record. The mutex is held.
func (c *call) makeRecord(in *input) (*record, error) {
	sent, stored, err := c.values(in, nil)
	if err != nil {
		return nil, err
	}
	if value := stored[c.kind.unique]; c.kind.unique != "" && value != "" {
		if r := c.by(c.kind, c.kind.unique, value); r != nil {
			name := strings.ToUpper(c.kind.singular[:1]) + c.kind.singular[1:]
			return nil, &apiError{status: http.StatusConflict, category: "CONFLICT", message: name + " already exists. Existing ID: " + r.name()}
		}
	}
	r := c.insert(c.kind, c.clock.Now(), stored)
	for _, a := range in.Associations {
		for _, t := range a.Types {
			if to, label := target(c.kind, t.TypeID); to != nil {
				c.associate(c.kind, r.name(), to, a.To.ID, label)
			}
		}
	}
	c.record("create", r.name(), sent)
	return r, nil
}

func (s *Server) create(w http.ResponseWriter, c *call) error {
	var in input
	if err := decode(c.Request, &in); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	r, err := c.makeRecord(&in)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusCreated, c.written(r, &in))
	return nil
}

// written is a record as the answer to a write shows it: with what was sent.
func (c *call) written(r *record, in *input) map[string]any {
	return c.show(c.kind, r, r.current(), append(sortedKeys(in.Properties), c.kind.defaults...))
}

func (s *Server) update(w http.ResponseWriter, c *call) error {
	var in input
	if err := decode(c.Request, &in); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.by(c.kind, c.URL.Query().Get("idProperty"), c.PathValue("id"))
	if r == nil {
		return notFound("resource not found")
	}
	sent, stored, err := c.values(&in, r)
	if err != nil {
		return err
	}
	c.change(c.kind, r, c.clock.Now(), stored)
	c.record("update", r.name(), sent)
	writeJSON(w, http.StatusOK, c.written(r, &in))
	return nil
}

func (s *Server) archive(w http.ResponseWriter, c *call) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.find(c.kind, c.PathValue("id"), false); r != nil { // archiving what is not there succeeds too
		c.bin(r)
		c.record("archive", r.name(), nil)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) merge(w http.ResponseWriter, c *call) error {
	var body struct{ PrimaryObjectID, ObjectIDToMerge string }
	if err := decode(c.Request, &body); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	kept, gone := c.find(c.kind, body.PrimaryObjectID, false), c.find(c.kind, body.ObjectIDToMerge, false)
	if kept == nil || gone == nil || kept == gone {
		return invalid("Both records of a merge must exist and differ")
	}
	c.join(c.kind, kept, gone)
	c.record("merge", kept.name(), nil)
	writeJSON(w, http.StatusOK, c.show(c.kind, kept, kept.current(), nil))
	return nil
}
