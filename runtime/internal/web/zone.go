package web

import (
	"html/template"
	"net/http"
	"time"
)

// The choices of a reader for all times on all pages.
const (
	browserZone  = "browser"
	utcZone      = "utc"
	scheduleZone = "schedule"
)

const (
	zoneCookie        = "phscript-zone"
	browserZoneCookie = "phscript-browser-zone"
)

// Zone is the zone in which a reader wants to see times.
type Zone struct {
	Choice  string
	browser *time.Location
	now     time.Time
}

// zoneOf reads the choice from a request's cookies. The browser's zone is known once its
// script has told it; until then it is UTC.
func zoneOf(r *http.Request) Zone {
	z := Zone{Choice: browserZone, browser: time.UTC, now: time.Now()}
	if cookie, err := r.Cookie(zoneCookie); err == nil && (cookie.Value == utcZone || cookie.Value == scheduleZone) {
		z.Choice = cookie.Value
	}
	if cookie, err := r.Cookie(browserZoneCookie); err == nil {
		if location := zoneNamed(cookie.Value); location != nil {
			z.browser = location
		}
	}
	return z
}

// zoneNamed returns a time zone, or nil. The name of the machine's own zone is none.
func zoneNamed(name string) *time.Location {
	if name == "" || name == "Local" || len(name) > 64 {
		return nil
	}
	location, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	return location
}

// In returns the zone of a time that belongs to a schedule with a zone, "" for none.
func (z Zone) In(schedule string) *time.Location {
	switch z.Choice {
	case browserZone:
		return z.browser
	case scheduleZone:
		if location := zoneNamed(schedule); location != nil {
			return location
		}
	}
	return time.UTC
}

// Name is the name of the zone for a line at the foot of the page.
func (z Zone) Name() string {
	if z.Choice == scheduleZone {
		return "the zone of each schedule"
	}
	return z.In("").String()
}

// Browser is the name of the browser's zone.
func (z Zone) Browser() string { return z.browser.String() }

// Time shows a moment to the minute, with its date if it is not today.
func (z Zone) Time(t time.Time, schedule ...string) template.HTML {
	return z.show(t, "15:04", schedule)
}

// Second shows a moment to the second, with its date if it is not today.
func (z Zone) Second(t time.Time, schedule ...string) template.HTML {
	return z.show(t, "15:04:05", schedule)
}

// Clock shows a moment to the minute below a heading that names the day.
func (z Zone) Clock(t time.Time) template.HTML {
	return z.write(t.In(z.In("")), "15:04")
}

// show writes a moment with its date if it is not today. The exact instant is in its title.
func (z Zone) show(t time.Time, layout string, schedule []string) template.HTML {
	if t.IsZero() {
		return "–"
	}
	of := ""
	if len(schedule) > 0 {
		of = schedule[0]
	}
	location := z.In(of)
	t = t.In(location)
	today := z.now.In(location)
	switch {
	case t.Year() != today.Year():
		layout = "2 Jan 2006, " + layout
	case t.YearDay() != today.YearDay():
		layout = "2 Jan, " + layout
	}
	if z.Choice == scheduleZone {
		layout += " MST"
	}
	return z.write(t, layout)
}

// write writes a moment in its zone.
func (Zone) write(t time.Time, layout string) template.HTML {
	text, exact := t.Format(layout), t.Format("2006-01-02 15:04:05.000 -07:00 ")+t.Location().String()
	return template.HTML(`<time datetime="` + t.UTC().Format(time.RFC3339Nano) + `" title="` + template.HTMLEscapeString(exact) + `">` + template.HTMLEscapeString(text) + `</time>`)
}

func (q *Request) setBrowserZone(name string) {
	if zoneNamed(name) != nil {
		q.remember(browserZoneCookie, name)
	}
}

// remember keeps a choice that is not secret for a year.
func (q *Request) remember(name, value string) {
	http.SetCookie(q.W, &http.Cookie{
		Name: name, Value: value, Path: q.site.base + "/", MaxAge: 365 * 24 * 3600, Secure: q.secure(), SameSite: http.SameSiteLaxMode,
	})
}

func (s *Site) chooseZone(q *Request) error {
	choice, err := q.Form("zone")
	if err != nil {
		return err
	}
	if choice != utcZone && choice != scheduleZone {
		choice = browserZone
	}
	q.remember(zoneCookie, choice)
	return q.Back(q.PostForm.Get("to"))
}
