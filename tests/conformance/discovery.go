package conformance

import (
	"encoding/json"
	"maps"
	"regexp"
	"strings"
)

// discovery is a description of an API in Google's own format.
type discovery struct {
	Kind, Title, Version, BasePath string
	Parameters                     map[string]map[string]any
	Schemas                        map[string]map[string]any
	Resources                      map[string]resource
}

type resource struct {
	Methods   map[string]method
	Resources map[string]resource
}

type method struct {
	ID, HTTPMethod, Path string
	Parameters           map[string]map[string]any
	Request, Response    map[string]any
}

// openAPI turns a discovery document into the OpenAPI that the validator reads. Other
// files stay as they are. Discovery documents describe neither errors nor, except
// in prose, which texts a field can have: the values in the prose count.
func openAPI(text []byte) ([]byte, error) {
	var d discovery
	if err := json.Unmarshal(text, &d); err != nil || d.Kind != "discovery#restDescription" {
		return text, err
	}
	schemas := map[string]any{"GoogleError": googleError}
	for name, s := range d.Schemas {
		schemas[name] = schema(s)
	}
	paths := map[string]map[string]any{}
	d.methods(resource{Resources: d.Resources}, func(m method) {
		path := d.BasePath + m.Path
		if paths[path] == nil {
			paths[path] = map[string]any{}
		}
		paths[path][strings.ToLower(m.HTTPMethod)] = d.operation(m)
	})
	return json.Marshal(map[string]any{
		"openapi": "3.1.0", "info": map[string]any{"title": d.Title, "version": d.Version},
		"paths": paths, "components": map[string]any{"schemas": schemas},
	})
}

func (d discovery) methods(r resource, each func(method)) {
	for _, m := range r.Methods {
		each(m)
	}
	for _, inner := range r.Resources {
		d.methods(inner, each)
	}
}

func (d discovery) operation(m method) map[string]any {
	all := maps.Clone(d.Parameters)
	maps.Copy(all, m.Parameters)
	var parameters []any
	for name, p := range all {
		s := schema(p)
		if p["repeated"] == true {
			s = map[string]any{"type": "array", "items": s}
		}
		parameters = append(parameters, map[string]any{"name": name, "in": p["location"], "required": p["required"] == true, "schema": s})
	}
	answer := map[string]any{"description": m.ID}
	if m.Response != nil {
		answer["content"] = content(schema(m.Response))
	}
	operation := map[string]any{"operationId": m.ID, "parameters": parameters, "responses": map[string]any{
		"200": answer, "default": map[string]any{"description": "an error", "content": content(map[string]any{"$ref": "#/components/schemas/GoogleError"})},
	}}
	if m.Request != nil {
		operation["requestBody"] = map[string]any{"required": true, "content": content(schema(m.Request))}
	}
	return operation
}

func content(schema map[string]any) map[string]any {
	return map[string]any{"application/json": map[string]any{"schema": schema}}
}

// patterns are the forms of texts with a format.
var patterns = map[any]string{
	"date-time": `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$`,
	"date":      `^\d{4}-\d\d-\d\d$`,
	"int64":     `^-?\d+$`, // too large for JSON's numbers
}

// value is one of the possible values in a description.
var value = regexp.MustCompile(`- "([^"]+)" - `)

// schema turns a schema or a parameter into one of OpenAPI. Objects have only the fields
// that they declare.
func schema(s map[string]any) map[string]any {
	if ref, ok := s["$ref"].(string); ok {
		return map[string]any{"$ref": "#/components/schemas/" + ref}
	}
	to := map[string]any{}
	if s["type"] != "any" {
		to["type"] = s["type"]
	}
	if pattern := patterns[s["format"]]; pattern != "" && s["type"] == "string" {
		to["pattern"] = pattern
	}
	for _, bound := range []string{"minimum", "maximum"} { // texts, also of numbers
		if said, ok := s[bound].(string); ok {
			to[bound] = json.Number(said)
		}
	}
	if allowed, ok := s["enum"]; ok {
		to["enum"] = allowed
	} else if said, _ := s["description"].(string); s["type"] == "string" && strings.Contains(said, "ossible values are") {
		var values []any
		for _, found := range value.FindAllStringSubmatch(said, -1) {
			values = append(values, found[1])
		}
		if len(values) > 1 { // else the field may also be empty
			to["enum"] = values
		}
	}
	if items, ok := s["items"].(map[string]any); ok {
		to["items"] = schema(items)
	}
	if more, ok := s["additionalProperties"].(map[string]any); ok {
		to["additionalProperties"] = schema(more)
	}
	if properties, ok := s["properties"].(map[string]any); ok {
		fields := map[string]any{}
		for name, p := range properties {
			own := p.(map[string]any)
			fields[name] = schema(own)
			if kind, ok := own["default"].(string); ok && name == "kind" {
				fields[name] = map[string]any{"type": "string", "enum": []any{kind}}
			}
		}
		to["properties"] = fields
		if to["additionalProperties"] == nil {
			to["additionalProperties"] = false
		}
	}
	return to
}

// googleError is the body that Google's guide to errors shows for all statuses.
var googleError = closed(map[string]any{"error": closed(map[string]any{
	"code": map[string]any{"type": "integer"}, "message": text,
	"errors": map[string]any{"type": "array", "items": closed(map[string]any{"domain": text, "reason": text, "message": text, "locationType": text, "location": text}, "domain", "reason", "message")},
}, "code", "message", "errors")}, "error")

var text = map[string]any{"type": "string"}

// closed is the schema of an object with just these fields, of which some must be there.
func closed(fields map[string]any, required ...string) map[string]any {
	return map[string]any{"type": "object", "properties": fields, "additionalProperties": false, "required": required}
}
