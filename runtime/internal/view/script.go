package view

import (
	"encoding/json"
	"strings"

	"github.com/phscript/phscript/runtime/internal/header"
)

// Script is what a script says about itself.
type Script struct {
	File        string        `json:"script" doc:"its file"`
	Name        string        `json:"name,omitempty" doc:"its name"`
	Description string        `json:"description,omitempty" doc:"its description, or the first sentence of its comments"`
	Params      []ScriptParam `json:"params" doc:"its parameters"`
	Writes      []string      `json:"writes,omitzero" doc:"the models that it may write to, if it says so"`
	Hosts       []string      `json:"hosts,omitempty" doc:"the other hosts that it reaches"`
	Timeout     string        `json:"timeout,omitempty" doc:"its time limit"`
	Schedules   []string      `json:"schedules,omitempty" doc:"its own schedules, as they are written"`
	Error       string        `json:"error,omitempty" doc:"what is wrong in its header"`
}

// ScriptParam is a parameter of a script.
type ScriptParam struct {
	Name        string          `json:"name" doc:"its name"`
	Flag        string          `json:"flag" doc:"its flag"`
	Type        string          `json:"type" doc:"its type"`
	Choices     []string        `json:"choices,omitempty" doc:"the values of a choice"`
	Description string          `json:"description,omitempty" doc:"what it is for"`
	Default     json.RawMessage `json:"default,omitempty" doc:"its default, as the script gets it"`
	Required    bool            `json:"required" doc:"whether a run needs a value"`
	Secret      bool            `json:"secret,omitempty" doc:"whether its value is hidden"`
}

// ScriptList is what list prints.
type ScriptList struct {
	Form
	Scripts []Script `json:"scripts" doc:"the scripts, by file"`
}

// ScriptForm makes the form of scripts.
func ScriptForm(list []Script) ScriptList { return ScriptList{current, append([]Script{}, list...)} }

// ScriptOf describes a script by its header. wrong is what is wrong there, nil if nothing is.
func ScriptOf(file string, h *header.Header, wrong error) Script {
	s := Script{File: file, Name: h.Name.Text, Description: h.Summary, Params: []ScriptParam{}, Hosts: texts(h.Net), Schedules: texts(h.Schedules)}
	if h.WritesLine > 0 {
		s.Writes = append([]string{}, texts(h.Writes)...)
	}
	if h.Timeout > 0 {
		s.Timeout = h.Timeout.String()
	}
	if wrong != nil {
		s.Error = wrong.Error()
	}
	for i := range h.Params {
		p := &h.Params[i]
		s.Params = append(s.Params, ScriptParam{
			Name: p.Name, Flag: p.Flag(), Type: string(p.Type), Choices: p.Choices, Description: p.Doc, Default: p.Default, Required: p.Required(), Secret: p.Secret,
		})
	}
	return s
}

func texts(values []header.Value) (list []string) {
	for _, v := range values {
		list = append(list, v.Text)
	}
	return list
}

// ScriptColumns are the columns of a list of scripts.
var ScriptColumns = []Column{{Name: "SCRIPT"}, {Name: "FLAGS", Least: 10}, {Name: "DESCRIPTION", Least: 20, Below: true}}

// ScriptCells are the cells of a script in such a list.
func ScriptCells(s *Script, flags []string) []string {
	about := s.Description
	if s.Name != "" && s.Name != about {
		about = strings.TrimSuffix(s.Name+": "+about, ": ")
	}
	return []string{s.File, strings.Join(flags, " "), about}
}
