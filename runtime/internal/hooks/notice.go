package hooks

// notice is a warning that the log has once, until the service starts again.
type notice struct{ hook, about, field string }

// warnOnce writes a warning about a webhook, unless it was written before.
func (in *Intake) warnOnce(n notice, message string, args ...any) {
	in.mu.Lock()
	known := in.noticed[n]
	in.noticed[n] = true
	in.mu.Unlock()
	if !known {
		in.log.Warn(message, append([]any{"webhook", n.hook}, args...)...)
	}
}

// warn says what an event that is stored, or a repetition of one, does not have.
func (in *Intake) warn(h *intakeHook, e *Event, p *parts) {
	for _, s := range []struct {
		setting, effect string
		places          []place
	}{
		{"key", "it does not wait for other events, and they do not wait for it", h.key},
		{"dedupe", "a hash of the message tells it apart instead", h.dedupe},
	} {
		if field := p.missing(s.places); field != "" {
			in.warnOnce(notice{h.Name, s.setting, field}, "an event lacks a field that the configuration names", "setting", s.setting, "field", field, "effect", s.effect,
				"hint", "compare the name with a message of the sender, and check its Content-Type")
		}
	}
	if e.differs {
		in.warnOnce(notice{hook: h.Name, about: "body"}, "an event has the id of an earlier one, but another body: it counts as a repetition and is not handled", "id", e.Delivery,
			"hint", "if such events differ, name the fields that tell them apart in dedupe; phscript hooks list counts them")
	}
}
