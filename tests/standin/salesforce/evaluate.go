package salesforce

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"
)

// read returns the value of a path in the form that comparisons need.
func (o *Org) read(t *object, r *record, p path) any {
	value := o.follow(t, r, p)
	if text, ok := value.(string); ok && p.field.Type == "datetime" {
		if at, err := time.Parse("2006-01-02T15:04:05.999Z07:00", strings.Replace(text, "+0000", "Z", 1)); err == nil {
			return at.UTC()
		}
	}
	return value
}

// follow returns the value of a path in the form of answers.
func (o *Org) follow(t *object, r *record, p path) any {
	if p.ref != nil {
		id, _ := r.values[p.ref.Name].(string)
		t = o.objects[p.ref.Refers]
		if r = t.records[Long(id)]; r == nil {
			return nil
		}
	}
	return o.value(t, r, p.field)
}

// compare orders two values. Text is compared without case, except ids.
func compare(a, b any) int {
	switch a := a.(type) {
	case nil:
		if b == nil {
			return 0
		}
		return -1
	case time.Time:
		if b, ok := b.(time.Time); ok {
			return a.Compare(b)
		}
	case float64:
		if b, ok := b.(float64); ok {
			return cmp.Compare(a, b)
		}
	case bool:
		if b, ok := b.(bool); ok {
			if a == b {
				return 0
			}
			if b {
				return -1
			}
			return 1
		}
	case string:
		if b, ok := b.(string); ok {
			if validID(a) && (validID(b) || b == "") {
				return strings.Compare(Short(a), Short(b))
			}
			return strings.Compare(strings.ToLower(a), strings.ToLower(b))
		}
	}
	return 1
}

// run returns the records that a query finds, in its order.
func (o *Org) run(s *statement) []*record {
	var found []*record
	candidates := s.object.order // by id
	if s.after != "" {
		i, _ := slices.BinarySearchFunc(candidates, s.after, func(r *record, id string) int { return strings.Compare(Short(r.id), Short(id)) })
		candidates = candidates[i:]
	}
	byID := len(s.order) == 1 && s.order[0].field.Name == "Id" && s.order[0].ref == nil && !s.order[0].down
	for _, r := range candidates {
		if byID && s.limit >= 0 && len(found) == s.limit {
			return found
		}
		if !s.all && (r.deleted || o.archived(s.object, r)) || s.where != nil && !s.where(r) {
			continue
		}
		found = append(found, r)
	}
	if byID {
		return found
	}
	if len(s.order) == 0 { // no order is promised: the records changed last come first
		slices.SortStableFunc(found, func(a, b *record) int { return b.modified.Compare(a.modified) })
	}
	slices.SortStableFunc(found, func(a, b *record) int {
		for _, by := range s.order {
			c := compare(o.read(s.object, a, by.path), o.read(s.object, b, by.path))
			if by.down {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		return 0
	})
	if s.limit >= 0 && len(found) > s.limit {
		found = found[:s.limit]
	}
	return found
}

// likeness returns the expression for a pattern of LIKE: % is any text and _ any
// character, and case does not count.
func likeness(pattern string) *regexp.Regexp {
	return regexp.MustCompile("(?is)^" + strings.NewReplacer("%", ".*", "_", ".").Replace(regexp.QuoteMeta(pattern)) + "$")
}
