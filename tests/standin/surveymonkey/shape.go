package surveymonkey

import (
	"maps"
	"strconv"
	"time"
)

type object = map[string]any

// address is the API's own, in links and references.
const address = "https://api.surveymonkey.com/v3"

// A survey's times have neither seconds nor an offset, a response's have both.
func minutes(at time.Time) string {
	return at.UTC().Truncate(time.Minute).Format("2006-01-02T15:04:05")
}
func seconds(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05") + "+00:00" }

// shown is a question of a design.
func (q *question) shown(position int) object {
	families := map[Kind][2]string{
		NPS: {"matrix", "rating"}, Eleven: {"matrix", "rating"}, Scale: {"matrix", "rating"}, Essay: {"open_ended", "essay"}, Email: {"open_ended", "single"},
		Choice: {"single_choice", "vertical"}, Contact: {"demographic", "international"},
	}
	one := object{
		"id": q.id, "position": position, "visible": true, "family": families[q.kind][0], "subtype": families[q.kind][1], "layout": nil, "sorting": nil, "required": nil,
		"validation": nil, "forced_ranking": false, "headings": []any{object{"heading": q.heading}}, "href": address + "/surveys/questions/" + q.id,
	}
	answers := object{}
	if q.row != "" {
		answers["rows"] = []any{object{"position": 1, "visible": true, "text": "", "id": q.row}}
	}
	var choices []any
	for i, c := range q.choices {
		choice := object{"position": i + 1, "visible": true, "text": c.text, "id": c.id}
		if q.row != "" {
			choice["weight"], choice["is_na"], choice["description"] = c.weight, c.na, ""
		}
		choices = append(choices, choice)
	}
	if choices != nil {
		answers["choices"] = choices
	}
	switch q.kind {
	case Email:
		one["validation"] = object{"type": "email", "text": "This is not an address.", "min": "", "max": "", "sum": nil, "sum_text": ""}
	case Contact:
		answers["rows"] = []any{
			object{"position": 1, "visible": true, "required": true, "type": "name", "text": "Name", "id": q.id + "1"},
			object{"position": 2, "visible": true, "required": true, "type": "email", "text": "Email Address", "id": q.email},
		}
	case NPS, Eleven, Scale, Choice, Essay:
	}
	if len(answers) > 0 {
		one["answers"] = answers
	}
	return one
}

// answered is a question of a response, or nil if it was not answered. first is whether it
// is the first text.
func (q *question) answered(reply Reply, first bool) object {
	var answer object
	picked := func(c option) object {
		return object{"choice_id": c.id, "row_id": q.row, "choice_metadata": object{"weight": strconv.Itoa(c.weight)}}
	}
	switch q.kind {
	case NPS, Eleven:
		switch {
		case reply.Pick != "":
			answer = object{"choice_id": reply.Pick, "row_id": q.row}
		case reply.Score >= 0:
			answer = picked(q.choices[reply.Score])
		}
	case Scale:
		answer = picked(q.choices[2])
	case Choice:
		answer = object{"choice_id": q.choices[0].id}
	case Essay:
		if first && reply.Comment != "" {
			answer = object{"tag_data": []any{}, "text": reply.Comment}
		}
	case Email:
		if reply.Typed != "" {
			answer = object{"tag_data": []any{}, "text": reply.Typed}
		}
	case Contact:
		if reply.Typed != "" {
			answer = object{"row_id": q.email, "text": reply.Typed}
		}
	}
	if answer == nil {
		return nil
	}
	return object{"id": q.id, "answers": []any{answer}}
}

// response is a response with its answers.
func (v *survey) response(one *response) object {
	questions, first := []any{}, true
	for _, q := range v.questions {
		if answered := q.answered(one.reply, first); answered != nil {
			questions = append(questions, answered)
		}
		first = first && q.kind != Essay
	}
	contact, recipient := object{}, ""
	if one.reply.Email != "" {
		contact = object{"email": object{"type": "string", "value": one.reply.Email}, "first_name": object{"type": "string", "value": "Kim"}}
		recipient = strconv.Itoa(one.id + 1000000000)
	}
	variables := object{}
	for name, value := range one.reply.Variables {
		variables[name] = value
	}
	id := strconv.Itoa(one.id)
	fields := object{
		"id": id, "recipient_id": recipient, "collection_mode": "default", "response_status": one.status(), "custom_value": "", "first_name": "", "last_name": "",
		"email_address": "", "ip_address": "192.0.2.7", "logic_path": object{}, "metadata": object{"contact": contact}, "page_path": []any{}, "collector_id": "405437100",
		"survey_id": v.id, "custom_variables": variables, "edit_url": "https://www.surveymonkey.com/r/?sm=" + id, "analyze_url": "https://www.surveymonkey.com/analyze/browse/?respondent_id=" + id,
		"total_time": 60, "date_modified": seconds(one.modified), "date_created": seconds(one.created), "href": address + "/surveys/" + v.id + "/responses/" + id,
		"pages": []any{object{"id": v.id + "1", "questions": questions}},
	}
	maps.Copy(fields, one.reply.Fields)
	return fields
}

// details is a survey with its design.
func (v *survey) details() object {
	questions := []any{}
	for i, q := range v.questions {
		questions = append(questions, q.shown(i+1))
	}
	return object{
		"title": v.title, "nickname": "", "language": "en", "folder_id": "0", "category": "", "question_count": len(questions), "page_count": 1,
		"response_count": len(v.responses), "date_created": minutes(v.modified), "date_modified": minutes(v.modified), "id": v.id, "footer": true,
		"custom_variables": object{}, "href": address + "/surveys/" + v.id,
		"pages": []any{object{"title": "", "description": "", "position": 1, "question_count": len(questions), "id": v.id + "1", "href": address + "/surveys/" + v.id + "/pages/" + v.id + "1", "questions": questions}},
	}
}
