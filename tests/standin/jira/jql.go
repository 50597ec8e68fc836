package jira

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// query is the part of JQL that the stand-in knows: conditions on project, labels,
// created and updated that all must hold, in the order of created or updated, and keys.
type query struct {
	conditions []func(*issue) bool
	byUpdated  bool
}

func (q query) matches(i *issue) bool {
	for _, holds := range q.conditions {
		if !holds(i) {
			return false
		}
	}
	return true
}

var (
	ordered   = regexp.MustCompile(`(?i)\s*\border by (created|updated) asc, key asc\s*$`)
	separator = regexp.MustCompile(`(?i)\s+and\s+`)
	condition = regexp.MustCompile(`^(\w+)\s*(>=|=|in)\s*(.+)$`)
)

func parse(jql string, zone *time.Location) (query, error) {
	var q query
	order := ordered.FindStringSubmatch(jql)
	if order == nil {
		return q, errors.New("Error in the JQL Query: the stand-in knows no such order.") //nolint:staticcheck // the vendor's form
	}
	q.byUpdated = strings.EqualFold(order[1], "updated")
	where := strings.TrimSpace(ordered.ReplaceAllString(jql, ""))
	if where == "" {
		return q, errors.New("Unbounded JQL queries are not allowed here. Please add a search restriction to your query.") //nolint:staticcheck // the vendor's text
	}
	for _, part := range separator.Split(where, -1) {
		part = strings.TrimSpace(part)
		if strings.HasPrefix(part, "(") && strings.HasSuffix(part, ")") {
			part = strings.TrimSpace(part[1 : len(part)-1])
		}
		m := condition.FindStringSubmatch(part)
		if m == nil {
			return q, fmt.Errorf("Error in the JQL Query: Expecting operator but got '%s'.", part) //nolint:staticcheck // the vendor's text
		}
		holds, err := meaning(m[1], m[2], m[3], zone)
		if err != nil {
			return q, err
		}
		q.conditions = append(q.conditions, holds)
	}
	return q, nil
}

func meaning(field, operator, value string, zone *time.Location) (func(*issue) bool, error) {
	switch {
	case (field == "created" || field == "updated") && operator == ">=":
		at, err := moment(value, zone)
		return func(i *issue) bool {
			if field == "created" {
				return !i.created.Before(at)
			}
			return !i.updated.Before(at)
		}, err
	case field == "id" && operator == "in":
		wanted := " " + strings.NewReplacer("(", " ", ")", " ", ",", " ").Replace(value) + " "
		return func(i *issue) bool { return strings.Contains(wanted, " "+strconv.Itoa(i.id)+" ") }, nil
	case field == "project" && operator != ">=":
		wanted := " " + strings.NewReplacer("(", " ", ")", " ", ",", " ", `"`, "").Replace(value) + " "
		return func(i *issue) bool { return strings.Contains(wanted, " "+i.project()+" ") }, nil
	case field == "labels" && operator == "=":
		return func(i *issue) bool {
			labels, _ := i.fields["labels"].([]any)
			for _, label := range labels {
				if label == strings.Trim(value, `"`) {
					return true
				}
			}
			return false
		}, nil
	}
	return nil, fmt.Errorf("Field '%s' does not exist or you do not have permission to view it.", field) //nolint:staticcheck // the vendor's text
}

// moment reads a time: a number of milliseconds, or minutes in the user's zone.
func moment(value string, zone *time.Location) (time.Time, error) {
	if ms, err := strconv.ParseInt(value, 10, 64); err == nil {
		return time.UnixMilli(ms), nil
	}
	at, err := time.ParseInLocation("2006-01-02 15:04", strings.Trim(value, `"'`), zone)
	if err != nil {
		return at, fmt.Errorf("Date value '%s' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', 'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd'.", value) //nolint:staticcheck // the vendor's text
	}
	return at, nil
}
