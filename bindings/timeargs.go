package bindings

import "time"

// Time returns argument i as a point in time, as the module time reads it.
func (a *Args) Time(i int) (time.Time, error) {
	m, err := momentArg(a, i, time.UTC)
	return m.at, err
}

// After returns t moved by argument i, as time.add does.
func (a *Args) After(i int, t time.Time) (time.Time, error) {
	s, err := spanArg(a, i)
	if err != nil {
		return t, err
	}
	return s.after(t), nil
}
