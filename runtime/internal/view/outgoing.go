package view

import (
	"strconv"
	"time"

	"github.com/phscript/phscript/runtime/internal/hooks"
)

// Outgoing is a message to another system that was not sent yet.
type Outgoing struct {
	Message string    `json:"message" doc:"its id for the receiver"`
	Host    string    `json:"host" doc:"the host that it goes to"`
	Run     int64     `json:"run" doc:"the run that has made it"`
	Made    time.Time `json:"made" doc:"when it was made"`
	Status  string    `json:"status" doc:"waiting, or failed after the last try"`
	Tries   int       `json:"tries" doc:"how often it was tried"`
	Due     time.Time `json:"due,omitzero" doc:"when it is tried next"`
	Reason  string    `json:"reason,omitempty" doc:"why the last try failed"`
}

// OutgoingList is what hooks list --outgoing prints.
type OutgoingList struct {
	Form
	Messages []Outgoing `json:"messages" doc:"the messages that wait or have failed, the newest first"`
}

// OutgoingOf are messages as people and JSON see them.
func OutgoingOf(list []hooks.Message) []Outgoing {
	out := []Outgoing{}
	for _, m := range list {
		o := Outgoing{Message: m.Message, Host: m.Host, Run: m.Run, Made: m.Made, Status: "waiting", Tries: m.Tries, Due: m.Due, Reason: m.Reason}
		if m.Failed {
			o.Status, o.Due = "failed", time.Time{}
		}
		out = append(out, o)
	}
	return out
}

// OutgoingForm makes the form of messages.
func OutgoingForm(list []Outgoing) OutgoingList { return OutgoingList{current, list} }

// OutgoingColumns are the columns of a list of messages.
var OutgoingColumns = []Column{{Name: "MESSAGE", Least: 8}, {Name: "HOST", Least: 8}, {Name: "RUN"}, {Name: "MADE"}, {Name: "STATUS"}, {Name: "TRIES"}, {Name: "NEXT"}, {Name: "REASON", Below: true}}

// Cells are the cells for OutgoingColumns.
func (o Outgoing) Cells() []string {
	return []string{o.Message, o.Host, strconv.FormatInt(o.Run, 10), At(o.Made), o.Status, strconv.Itoa(o.Tries), At(o.Due), o.Reason}
}
