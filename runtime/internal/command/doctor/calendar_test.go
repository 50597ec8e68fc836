package doctor_test

import (
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/view"
	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/gcal"
)

// Checks read a calendar with the way whose credentials are set, and start no login.
func TestCalendar(t *testing.T) {
	vendor := gcal.New(standin.NewClock(time.Now()))
	vendor.Fill(3)
	web := httptest.NewServer(vendor)
	t.Cleanup(web.Close)
	r, _ := ready(t, map[string]string{
		"phscript.toml": "allow_net = [\"127.0.0.1\"]\n",
		"meetings.lua": fmt.Sprintf("local calendar = require \"connectors.google_calendar\"\ncalendar.sync{ settings = { base = %q, user = %q } }\n",
			web.URL+"/calendar/v3", gcal.Account),
	})
	const group = "connectors.google_calendar"
	r.Variables["GOOGLE_CALENDAR_KEY"] = vendor.Key()
	found, code := checkup(t, r, "--connectors")
	assert.Zero(t, code, "%+v", found)
	assert.Contains(t, of(found, group, "permissions")[0].Message, "calendar.events.readonly")
	require.Len(t, of(found, group, "stream.events"), 1, "%+v", found)
	assert.Contains(t, of(found, group, "stream.events")[0].Message, "3 without a guest of a company in Planhat")
	assert.Equal(t, []string{gcal.Account}, vendor.Subjects()[:1])

	delete(r.Variables, "GOOGLE_CALENDAR_KEY")
	r.Variables["GOOGLE_CALENDAR_CLIENT_ID"], r.Variables["GOOGLE_CALENDAR_CLIENT_SECRET"] = gcal.ClientID, gcal.ClientSecret
	r.Env.StdinTTY, r.Env.StderrTTY = true, true
	found, code = checkup(t, r)
	assert.NotZero(t, code)
	require.Len(t, of(found, group, "access"), 1, "%+v", found)
	line := of(found, group, "access")[0]
	assert.Equal(t, view.LevelError, line.Level)
	assert.Contains(t, line.Message, "nobody has authorized the app")
	for _, secret := range []string{gcal.ClientSecret, "PRIVATE KEY"} {
		assert.NotContains(t, fmt.Sprintf("%+v", found), secret)
	}
}
