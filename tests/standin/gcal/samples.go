package gcal

import (
	"fmt"
	"time"
)

// Fill adds meetings with people of company1.example and so on, one each day from now.
func (s *Server) Fill(n int) {
	for i := range n {
		at := s.Clock.Now().Truncate(time.Hour).AddDate(0, 0, i)
		s.Put(Account, fmt.Sprintf("meeting%d", i+1), Body{
			"summary": fmt.Sprintf("Meeting %d", i+1), "organizer": Body{"email": Account, "self": true}, "creator": Body{"email": Account, "self": true},
			"start": Body{"dateTime": at.Format(time.RFC3339), "timeZone": "Europe/Stockholm"}, "end": Body{"dateTime": at.Add(time.Hour).Format(time.RFC3339), "timeZone": "Europe/Stockholm"},
			"attendees": []any{Body{"email": Account, "self": true, "organizer": true, "responseStatus": "accepted"}, Body{"email": fmt.Sprintf("kim@company%d.example", i+1), "responseStatus": "accepted"}},
		})
	}
}
