package serve

import (
	"context"
	"log/slog"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/phscript/phscript/runtime/internal/history"
)

// Bounds of a run's log.
const (
	// mostLines and mostBytes are how much of one run's log is kept,
	// longestLine how many bytes of a line. Warnings, errors and what is no log
	// line have a part of their own, so that a flood does not drown them.
	mostLines   = 50_000
	mostBytes   = 16 << 20
	ownPart     = 8
	longestLine = 64 << 10
	// writeEvery is how often lines are stored, so that they can be followed.
	writeEvery = 200 * time.Millisecond
	// closeSeconds is how long the last lines are offered to a store that is
	// away.
	closeSeconds = 600
)

// logWriter stores the lines of a run, many at a time.
type logWriter struct {
	history *history.History
	run     int64
	log     *slog.Logger

	// failing tells that the store did not take the last lines.
	failing bool

	mu      sync.Mutex
	waiting []history.Line
	seq     int64
	dropped int64
	// plain and grave count what was taken of either part.
	plain, grave part

	done chan struct{}
	idle sync.WaitGroup
}

// part is a share of the log.
type part struct{ lines, bytes int }

// take reports whether a line still fits into a share of so much.
func (p *part) take(size, mostLines, mostBytes int) bool {
	if p.lines >= mostLines || p.bytes+size > mostBytes {
		return false
	}
	p.lines, p.bytes = p.lines+1, p.bytes+size
	return true
}

func newLogWriter(h *history.History, run int64, log *slog.Logger) *logWriter {
	w := &logWriter{history: h, run: run, log: log, done: make(chan struct{})}
	w.idle.Go(w.loop)
	return w
}

// add takes a line. Those beyond the bound are counted.
func (w *logWriter) add(l history.Line) {
	w.mu.Lock()
	defer w.mu.Unlock()
	l.Message = shorten(l.Message)
	size := len(l.Message) + len(l.Fields)
	grave := l.Level == "warn" || l.Level == "error" || l.Level == "stderr"
	kept := w.plain.take(size, mostLines, mostBytes) || grave && w.grave.take(size, mostLines/ownPart, mostBytes/ownPart)
	if !kept {
		w.dropped++
		return
	}
	w.seq++
	l.Run, l.Seq = w.run, w.seq
	if l.At.IsZero() {
		l.At = time.Now()
	}
	w.waiting = append(w.waiting, l)
}

func shorten(text string) string {
	if len(text) <= longestLine {
		return text
	}
	cut := longestLine
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + " …"
}

func (w *logWriter) loop() {
	tick := time.NewTicker(writeEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			w.write()
		case <-w.done:
			w.write()
			return
		}
	}
}

// write stores what is waiting; what the store does not take waits on.
func (w *logWriter) write() {
	w.mu.Lock()
	lines := w.waiting
	w.waiting = nil
	w.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	err := w.history.Append(ctx, lines)
	if err != nil {
		if !w.failing {
			w.log.Warn("the store is unreachable; log lines are waiting", "lines", len(lines), "reason", err.Error())
		}
		w.mu.Lock()
		w.waiting = append(lines, w.waiting...)
		w.mu.Unlock()
	}
	w.failing = err != nil
}

// close stores the rest, also where the store is away for a while.
func (w *logWriter) close() {
	w.mu.Lock()
	if w.dropped > 0 {
		w.seq++
		w.waiting = append(w.waiting, history.Line{
			Run: w.run, Seq: w.seq, At: time.Now(), Level: "warn",
			Message: "the log is full: " + itoa(w.dropped) + " further lines were dropped",
		})
	}
	w.mu.Unlock()
	close(w.done)
	w.idle.Wait()
	for range closeSeconds {
		w.mu.Lock()
		rest := len(w.waiting)
		w.mu.Unlock()
		if rest == 0 {
			return
		}
		time.Sleep(time.Second)
		w.write()
	}
	w.log.Error("log lines were lost", "run", w.run)
}
