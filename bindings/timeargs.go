package bindings

import "time"

// Time returns argument i as a point in time, in any of the forms that the
// module time takes.
func (a *Args) Time(i int) (time.Time, error) {
	m, err := momentArg(a, i, time.UTC)
	return m.at, err
}

// After returns the time that lies behind t by argument i, in any of the forms
// that time.add takes.
func (a *Args) After(i int, t time.Time) (time.Time, error) {
	s, err := spanArg(a, i)
	if err != nil {
		return t, err
	}
	return s.after(t), nil
}
