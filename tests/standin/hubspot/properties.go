package hubspot

import (
	"net/http"
	"slices"
)

// Property is a property of an object type.
type Property struct {
	Name, Label string
	Type        string // string, number, bool, enumeration, date or datetime
	FieldType   string
	Options     []string // values of an enumeration; their labels are the same
	// ReadOnly properties cannot be written by clients.
	ReadOnly bool
	// Hidden properties are those that the token may not see: they are absent from
	// answers and from the list of properties, without an error.
	Hidden bool
	// external properties take their values from another list, such as owners.
	external bool
}

// AddProperty adds a property to an object type, or replaces the one of that name.
func (p *Portal) AddProperty(objectType string, property Property) {
	p.mu.Lock()
	defer p.mu.Unlock()
	k := mustKind(objectType)
	if field := p.field(k, property.Name); field != nil {
		*field = property
		return
	}
	p.tables[k].fields = append(p.tables[k].fields, property)
}

// HideProperty hides a property from tokens, or shows it again.
func (p *Portal) HideProperty(objectType, name string, hidden bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if field := p.field(mustKind(objectType), name); field != nil {
		field.Hidden = hidden
	}
}

// RenameProperty gives a property and its values another name.
func (p *Portal) RenameProperty(objectType, name, to string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	k := mustKind(objectType)
	if field := p.field(k, name); field != nil {
		field.Name = to
	}
	for _, r := range p.tables[k].order {
		if value, ok := r.current().properties[name]; ok {
			p.write(r, func(v *version) { set(v.properties, map[string]string{name: "", to: value}) })
		}
	}
}

// DeleteProperty removes a property. Records keep its values, and answers do not
// contain them.
func (p *Portal) DeleteProperty(objectType, name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.tables[mustKind(objectType)]
	t.fields = slices.DeleteFunc(t.fields, func(f Property) bool { return f.Name == name })
}

// field finds a property. The mutex is held.
func (p *Portal) field(k *kind, name string) *Property {
	fields := p.tables[k].fields
	if i := slices.IndexFunc(fields, func(f Property) bool { return f.Name == name }); i >= 0 {
		return &fields[i]
	}
	return nil
}

func (f *Property) body() map[string]any {
	options := []any{}
	for i, value := range f.Options {
		options = append(options, map[string]any{"label": value, "value": value, "displayOrder": i, "hidden": false})
	}
	body := map[string]any{
		"name": f.Name, "label": f.Label, "type": f.Type, "fieldType": f.FieldType, "description": "",
		"groupName": "information", "options": options, "displayOrder": -1, "hasUniqueValue": false, "hidden": false,
		"calculated": f.ReadOnly, "externalOptions": f.external, "formField": !f.ReadOnly, "archived": false,
		"dataSensitivity":      "non_sensitive",
		"modificationMetadata": map[string]any{"archivable": true, "readOnlyDefinition": false, "readOnlyValue": f.ReadOnly},
	}
	if f.external {
		body["referencedObjectType"] = "OWNER"
	}
	return body
}

func (s *Server) listProperties(w http.ResponseWriter, c *call) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	results := []any{}
	for i := range c.tables[c.kind].fields {
		// No property of a stand-in is archived: deleted ones are gone.
		if f := &c.tables[c.kind].fields[i]; !f.Hidden && c.URL.Query().Get("archived") != "true" {
			results = append(results, f.body())
		}
	}
	writeJSON(w, http.StatusOK, map[string]any{"results": results})
	return nil
}

func (s *Server) readProperty(w http.ResponseWriter, c *call) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	f := c.field(c.kind, c.PathValue("name"))
	if f == nil || f.Hidden {
		return notFound("Property \"" + c.PathValue("name") + "\" does not exist")
	}
	writeJSON(w, http.StatusOK, f.body())
	return nil
}
