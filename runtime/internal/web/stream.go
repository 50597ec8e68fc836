package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/phscript/phscript/runtime/internal/access"
)

const (
	// pingEvery is how often a stream says that it is alive. The page says that it is not live,
	// and falls back to polling, when it has heard nothing for 18 seconds.
	pingEvery = 8 * time.Second
	// identifyEvery is how often a stream looks whether the session has ended.
	identifyEvery = 2 * time.Second
	// writeWithin is how long one write to a browser may take.
	writeWithin = 10 * time.Second
	// changesEvery is how often a stream looks for changes.
	changesEvery = time.Second
)

// Event is what a stream tells a page.
type Event struct {
	// ID is where a stream continues after it was cut.
	ID string `json:"id"`
	// Name is what kind of event it is, and Data is written as JSON.
	Name string `json:"name"`
	Data any    `json:"data"`
}

// Source returns the events after an id, "" for those from the start on, without waiting
// for more. It returns io.EOF with the last ones.
type Source func(ctx context.Context, after string) ([]Event, error)

// Stream sends what a source has, now and whenever it asks it again. A browser that asks for
// no stream gets what there is as JSON, and asks again itself.
func (q *Request) Stream(every time.Duration, source Source) error {
	after := q.Header.Get("Last-Event-ID")
	if after == "" {
		after = q.URL.Query().Get("after")
	}
	if !q.streams() {
		return q.poll(after, source)
	}
	out := q.startStream()
	if err := out.write("retry: 2000\n\n"); err != nil {
		return nil
	}
	again, who, ping := time.NewTicker(every), time.NewTicker(identifyEvery), time.NewTicker(pingEvery)
	defer who.Stop()
	defer again.Stop()
	defer ping.Stop()
	for {
		events, err := source(q.Context(), after)
		for _, e := range events {
			after = e.ID
			if out.event(e) != nil {
				return nil // the browser has gone
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			_ = out.event(Event{ID: after, Name: "end"})
			return nil
		case err != nil && q.Context().Err() == nil:
			// The browser connects again.
			q.site.o.Log.Warn("an event stream failed", "path", q.URL.Path, "reason", err.Error())
			return nil
		}
		select {
		case <-q.Context().Done():
			return nil
		case <-q.site.stopping:
			return nil
		case <-again.C:
		case <-who.C:
			if err := q.identify(); errors.Is(err, access.ErrNoSession) {
				_ = out.event(Event{ID: after, Name: "expired"})
				return nil
			}
		case <-ping.C:
			if out.event(Event{ID: after, Name: "ping"}) != nil {
				return nil
			}
		}
	}
}

func (q *Request) poll(after string, source Source) error {
	events, err := source(q.Context(), after)
	ended := errors.Is(err, io.EOF)
	if err != nil && !ended {
		return err
	}
	if events == nil {
		events = []Event{}
	}
	q.W.Header().Set("Content-Type", "application/json")
	text, err := json.Marshal(map[string]any{"events": events, "end": ended})
	if err == nil {
		_, err = q.W.Write(append(directions(text), '\n'))
	}
	return err
}

// expired tells a page's stream that the session has ended.
func (q *Request) expired() {
	_ = q.startStream().event(Event{Name: "expired"})
}

// stream is the answer to a browser that listens.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

// startStream begins an answer that proxies pass on at once.
func (q *Request) startStream() *stream {
	h := q.W.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-cache, no-transform")
	h.Set("X-Accel-Buffering", "no")
	return &stream{q.W, http.NewResponseController(q.W)}
}

func (s *stream) event(e Event) error {
	data, err := json.Marshal(e.Data)
	if err != nil {
		return err
	}
	data = directions(data)
	// JSON has no line breaks, and ids are the service's own.
	return s.write(fmt.Sprintf("id: %s\nevent: %s\ndata: %s\n\n", strings.NewReplacer("\n", "", "\r", "", "\x00", "").Replace(e.ID), e.Name, data))
}

// write moves the limit of the server, which would cut every stream, before it writes.
func (s *stream) write(text string) error {
	if err := s.control.SetWriteDeadline(time.Now().Add(writeWithin)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := io.WriteString(s.w, text); err != nil {
		return err
	}
	return s.control.Flush()
}
