package salesforce

import (
	"encoding/json"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// mostRecords is how many records a collection can have.
const mostRecords = 200

func (s *Server) describe(w http.ResponseWriter, r *http.Request) error {
	o := s.Org
	o.mu.Lock()
	defer o.mu.Unlock()
	t := o.objects[r.PathValue("object")]
	if t == nil {
		return notFound()
	}
	var list []any
	for _, f := range t.fields {
		if t.hidden[f.Name] {
			continue
		}
		values, refers := []any{}, []string{}
		for _, v := range f.Values {
			values = append(values, map[string]any{"active": true, "defaultValue": false, "label": v, "validFor": nil, "value": v})
		}
		var relation any
		if f.Refers != "" {
			refers, relation = []string{f.Refers}, f.Relationship
		}
		label := f.Label
		if label == "" {
			label = f.Name
		}
		list = append(list, map[string]any{
			"name": f.Name, "label": label, "type": f.Type, "length": f.length(), "nillable": f.Type != "boolean" && f.Type != "id",
			"updateable": !f.ReadOnly, "createable": !f.ReadOnly, "custom": len(f.Name) > 3 && f.Name[len(f.Name)-3:] == "__c", "calculated": false,
			"filterable": f.Type != "textarea", "sortable": f.Type != "textarea", "picklistValues": values, "restrictedPicklist": f.Restricted,
			"referenceTo": refers, "relationshipName": relation, "scale": f.Scale,
		})
	}
	writeJSON(w, http.StatusOK, map[string]any{"name": t.name, "label": t.name, "keyPrefix": t.prefix, "queryable": true, "updateable": true, "custom": false, "fields": list})
	return nil
}

func (f Field) length() int {
	if f.Length == 0 {
		return 255
	}
	return f.Length
}

// deleted lists what was deleted in a time.
func (s *Server) deleted(w http.ResponseWriter, r *http.Request) error {
	o := s.Org
	o.mu.Lock()
	defer o.mu.Unlock()
	t := o.objects[r.PathValue("object")]
	if t == nil {
		return notFound()
	}
	now := o.clock.Now()
	start, err := time.Parse("2006-01-02T15:04:05Z07:00", r.URL.Query().Get("start"))
	end, other := time.Parse("2006-01-02T15:04:05Z07:00", r.URL.Query().Get("end"))
	switch {
	case err != nil || other != nil:
		return refuse("MALFORMED_QUERY", "start and end must be dates and times, such as 2026-11-20T08:00:00Z")
	case end.Sub(start) <= time.Minute:
		return refuse("INVALID_REPLICATION_DATE", "startDate must precede endDate by more than one minute")
	case start.Before(now.AddDate(0, 0, -30)):
		return refuse("INVALID_REPLICATION_DATE", "startDate cannot be more than 30 days ago")
	}
	earliest := now.AddDate(0, 0, -15)
	list := []any{}
	for _, r := range t.order {
		if r.deleted && !r.modified.Before(earliest) && !r.modified.Before(start) && r.modified.Before(end) {
			list = append(list, map[string]any{"id": r.id, "deletedDate": stamp(r.modified)})
		}
	}
	if end.After(now) {
		end = now
	}
	writeJSON(w, http.StatusOK, map[string]any{"deletedRecords": list, "earliestDateAvailable": stamp(earliest), "latestDateCovered": stamp(end.Truncate(time.Minute))})
	return nil
}

func (s *Server) limits(w http.ResponseWriter, _ *http.Request) error {
	settings := s.current()
	limit := func(most, left int) map[string]int { return map[string]int{"Max": most, "Remaining": left} }
	writeJSON(w, http.StatusOK, map[string]any{
		"DailyApiRequests": limit(settings.Daily, s.Throttle.Left(s.ID, settings.daily())), "DailyBulkV2QueryJobs": limit(10_000, 10_000-s.Jobs()),
		"DailyBulkV2QueryFileStorageMB": limit(976_562, 976_562), "DataStorageMB": limit(1_024, 900),
	})
	return nil
}

// failure is the error of one record of a collection.
type failure struct {
	StatusCode string   `json:"statusCode"`
	Message    string   `json:"message"`
	Fields     []string `json:"fields"`
}

func (s *Server) updateCollection(w http.ResponseWriter, r *http.Request) error {
	var request struct {
		AllOrNone bool
		Records   []map[string]any
	}
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		return refuse("JSON_PARSER_ERROR", "%s", err)
	}
	if len(request.Records) > mostRecords {
		return refuse("LIMIT_EXCEEDED", "record limit reached. cannot submit more than %d records in this operation", mostRecords)
	}
	o := s.Org
	o.mu.Lock()
	defer o.mu.Unlock()
	plans := make([]func(), len(request.Records))
	results := make([]map[string]any, len(request.Records))
	failed := false
	for i, input := range request.Records {
		id, apply, wrong, err := o.plan(input)
		if err != nil {
			return err
		}
		if wrong != nil {
			failed = true
			results[i] = map[string]any{"success": false, "errors": []failure{*wrong}}
			continue
		}
		plans[i], results[i] = apply, map[string]any{"id": id, "success": true, "errors": []failure{}}
	}
	for i, apply := range plans {
		switch {
		case apply == nil:
		case failed && request.AllOrNone:
			results[i] = map[string]any{"success": false, "errors": []failure{{"ALL_OR_NONE_OPERATION_ROLLED_BACK", "Record rolled back because not all records were valid and the request was using AllOrNone header", []string{}}}}
		default:
			apply()
		}
	}
	writeJSON(w, http.StatusOK, results)
	return nil
}

// plan checks the update of one record and returns what carries it out.
func (o *Org) plan(input map[string]any) (id string, apply func(), wrong *failure, err error) {
	kind, _ := input["attributes"].(map[string]any)
	name, _ := kind["type"].(string)
	t := o.objects[name]
	if t == nil {
		return "", nil, nil, refuse("INVALID_TYPE", "sObject type '%s' is not supported.", name)
	}
	values := Values{}
	for name, value := range input {
		switch {
		case name == "attributes":
		case equal(name, "id"):
			id, _ = value.(string)
		default:
			f := t.field(name)
			if f == nil {
				return "", nil, nil, refuse("INVALID_FIELD", "No such column '%s' on sobject of type %s", name, t.name)
			}
			if values[f.Name], wrong = f.accept(value); wrong != nil {
				return "", nil, wrong, nil
			}
			if wrong = o.refer(f, values[f.Name]); wrong != nil {
				return "", nil, wrong, nil
			}
		}
	}
	r := t.records[Long(id)]
	switch {
	case !validID(id):
		return "", nil, &failure{"MALFORMED_ID", t.name + " ID: id value of incorrect type: " + id, []string{"Id"}}, nil
	case r == nil:
		return "", nil, &failure{"INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", []string{}}, nil
	case r.deleted:
		return "", nil, &failure{"ENTITY_IS_DELETED", "entity is deleted", []string{}}, nil
	case slices.Contains(o.settings.Locked, r.id):
		return "", nil, &failure{"UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record or 1 records: " + r.id, []string{}}, nil
	}
	after := maps.Clone(r.values)
	maps.Copy(after, values)
	for _, rule := range t.rules {
		if rule.broken(after) {
			return "", nil, &failure{rule.code, rule.message, []string{rule.field}}, nil
		}
	}
	return r.id, func() {
		maps.Copy(r.values, values)
		o.touch(r)
		o.writes = append(o.writes, Write{o.clock.Now(), t.name, r.id, values})
	}, nil, nil
}

// refer checks that a reference leads to a record.
func (o *Org) refer(f *Field, value any) *failure {
	id, _ := value.(string)
	switch {
	case f.Type != "reference" || id == "":
		return nil
	case !validID(id):
		return &failure{"MALFORMED_ID", f.Relationship + " ID: id value of incorrect type: " + id, []string{f.Name}}
	case o.objects[f.Refers] == nil || o.objects[f.Refers].records[Long(id)] == nil:
		return &failure{"INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", []string{f.Name}}
	}
	return nil
}

// accept checks a value and returns it as it is stored.
func (f *Field) accept(value any) (any, *failure) {
	text, isText := value.(string)
	switch {
	case f.ReadOnly:
		return nil, &failure{"INVALID_FIELD_FOR_INSERT_UPDATE", "Unable to create/update fields: " + f.Name + ". Please check the security settings of this field and verify that it is read/write for your profile or permission set.", []string{f.Name}}
	case value == nil || text == "" && isText:
		return nil, nil
	case f.Type == "double" || f.Type == "currency":
		n, ok := value.(float64)
		if isText {
			var err error
			n, err = strconv.ParseFloat(text, 64)
			ok = err == nil
		}
		if !ok {
			return nil, &failure{"JSON_PARSER_ERROR", "Cannot deserialize instance of " + f.Type + " from VALUE_STRING value " + text, []string{f.Name}}
		}
		scale := math.Pow10(f.Scale)
		return math.Round(n*scale) / scale, nil
	case f.Restricted && !slices.Contains(f.Values, text):
		return nil, &failure{"INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "bad value for restricted picklist field: " + text, []string{f.Name}}
	case isText && len([]rune(text)) > f.length():
		return nil, &failure{"STRING_TOO_LONG", f.Name + ": data value too large: " + text[:20] + " (max length=" + strconv.Itoa(f.length()) + ")", []string{f.Name}}
	}
	if isText && f.normalize != nil {
		return f.normalize(text), nil
	}
	return value, nil
}
