package simulator

import (
	"net/http"

	"github.com/go-json-experiment/json/jsontext"
)

// Shape is a body that an operation never returns.
type Shape string

// The shapes. ShapeRows and ShapeCounts are made from the true answer, so the
// call is carried out.
const (
	ShapeEmpty  Shape = "empty"
	ShapeObject Shape = "object"
	ShapeNull   Shape = "null"
	ShapeList   Shape = "list"
	ShapeText   Shape = "text"
	ShapeHTML   Shape = "html"
	ShapeError  Shape = "error"
	ShapeRows   Shape = "rows"
	ShapeCounts Shape = "counts"
)

var shapes = []Shape{
	ShapeEmpty, ShapeObject, ShapeNull, ShapeList, ShapeText, ShapeHTML, ShapeError, ShapeRows, ShapeCounts,
}

// odd answers with the fault's shape. A call that fails anyway does so.
func (x *exchange) odd(f *Fault) {
	var truth *answer
	if f.Applied || f.Shape == ShapeRows || f.Shape == ShapeCounts {
		if truth = x.apply(); truth.status/100 != 2 {
			x.send(truth)
			return
		}
	}
	out := f.Shape.answer(f.Status, truth)
	if f.Shape == ShapeCounts {
		out.body = miscounted(truth.body, x.call.Rows)
	}
	x.send(out)
}

// answer returns a body of the shape. truth is nil for shapes that don't need it.
func (s Shape) answer(status int, truth *answer) *answer {
	out := &answer{status: status}
	switch s {
	case ShapeObject:
		out.body = []byte("{}")
	case ShapeNull:
		out.body = null
	case ShapeList:
		out.body = []byte("[]")
	case ShapeText:
		out.contentType, out.body = "text/plain; charset=utf-8", []byte("Service temporarily degraded")
	case ShapeHTML:
		out.contentType, out.body = "text/html; charset=utf-8", htmlPage(http.StatusOK, "Please log in.")
	case ShapeError:
		out.body = object("error", quote("Internal error"), "statusCode", raw("500"))
	case ShapeRows:
		out.body = eachRow(truth.body)
	}
	return out
}

// eachRow returns the answer of a bulk call as a list of entries: the keys of what
// was stored, and the errors. Another answer becomes a list of itself.
func eachRow(body jsontext.Value) jsontext.Value {
	entries := []jsontext.Value{}
	bulk := false
	for _, member := range members(body) {
		switch member.name {
		case "createdErrors", "updatedErrors", "permissionErrors", "validationErrors", "errors":
			bulk = true
			for _, e := range elements(member.value) {
				entries = append(entries, object("error", e))
			}
		case "insertsKeys", "updatesKeys":
			bulk = true
			entries = append(entries, elements(member.value)...)
		}
	}
	if !bulk {
		entries = []jsontext.Value{body}
	}
	return array(entries)
}

// miscounted returns an answer that counts more rows than were sent. Another answer
// stays as it is.
func miscounted(body jsontext.Value, rows int) jsontext.Value {
	answer := members(body)
	for _, name := range []string{"created", "processed"} {
		if n, is := answer.number(name); is {
			answer.set(name, formatNumber(n+float64(rows)+1))
			return answer.encode()
		}
	}
	return body
}
