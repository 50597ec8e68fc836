package editor

// past is how an action is called when it is done.
var past = map[Action]string{Create: "created", Update: "updated", Add: "added", Remove: "removed"}

// Done says what was done. named, if set, returns the name of a path for the reader.
func (s Step) Done(named func(path string) string) string { return s.Text(past[s.Action], named) }

// Text says what was done, or would be, with a verb for the action.
func (s Step) Text(verb string, named func(path string) string) string {
	path := s.Path
	if named != nil {
		path = named(path)
	}
	switch {
	case s.Action == Keep:
		return "nothing to do in " + path
	case s.Action == Leave:
		return "kept in " + path + ": " + s.Detail
	case s.Action == Add:
		return verb + " " + s.Detail + " to " + path
	case s.Detail == "":
		return verb + " " + path
	}
	return verb + " " + path + " (" + s.Detail + ")"
}
