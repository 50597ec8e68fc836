package serve

import (
	"context"
	"log/slog"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/store"
)

// Bounds of a run's log.
const (
	// mostLines and mostBytes are how much of a run's log is kept, longestLine
	// how many bytes of a line. When that is full, warnings, errors and lines of
	// standard error get an eighth more.
	mostLines   = 50_000
	mostBytes   = 16 << 20
	ownPart     = 8
	longestLine = 64 << 10
	// writeEvery is how often lines are stored, so that people can follow a log.
	writeEvery = 200 * time.Millisecond
	// closeTime is how long the last lines wait for an unreachable store.
	closeTime = 10 * time.Minute
)

// logWriter stores the log of a run, many lines at a time.
type logWriter struct {
	history *history.History
	run     int64
	log     *slog.Logger

	// failing reports whether the last write failed.
	failing bool

	mu      sync.Mutex
	waiting []history.Line
	seq     int64
	dropped int64
	// plain and grave count the kept lines of either part.
	plain, grave part

	done chan struct{}
	idle sync.WaitGroup
}

// part is how much of a log was kept.
type part struct{ lines, bytes int }

// take counts a line if it still fits, and reports whether it does.
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

// add adds a line, or counts it as dropped if the log is full.
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
			_ = w.write() // it is logged, and the lines stay
		case <-w.done:
			return
		}
	}
}

// write stores the waiting lines. They stay if the store does not accept them.
func (w *logWriter) write() error {
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
	return err
}

// close stores the rest, and waits for the store for up to closeTime.
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
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	if err := store.Retry(ctx, w.write, func(error) {}); err != nil {
		w.log.Error("log lines were lost", "run", w.run, "reason", err.Error())
	}
}
