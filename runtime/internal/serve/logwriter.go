package serve

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/pattern"
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

// longestRecord is how many bytes of a record of a run's log are read. One may hold a
// summary.
const longestRecord = LongestSummary + 1<<10

// SummaryRecord begins a record with the summary of a run that could not write it to its
// file.
const SummaryRecord = `{"summary":`

// ProgressRecord begins a record that says how far a run is.
const ProgressRecord = `{"progress":`

// sentProgress returns the progress in a record, or nil.
func sentProgress(record string) *history.Progress {
	rest, ok := strings.CutPrefix(record, ProgressRecord)
	var p history.Progress
	if rest = strings.TrimSuffix(rest, "}"); !ok || json.Unmarshal([]byte(rest), &p) != nil {
		return nil
	}
	return &p
}

// readLines passes each line of a stream to each. Long lines come in pieces that a log can
// hold. A line that begins with mark is a record of the program's log, which comes whole;
// the program ends the line before it, if that was empty only for this reason, it is left
// out. Without a mark there are no records.
func readLines(from io.Reader, mark string, each func(text string, record bool)) {
	r := bufio.NewReaderSize(from, longestLine)
	var record []byte
	// begins reports whether the next piece begins a line, empty whether a line without
	// text waits.
	begins, inRecord, empty := true, false, false
	for {
		piece, more, err := r.ReadLine()
		if err != nil {
			break
		}
		if begins && mark != "" && strings.HasPrefix(string(piece), mark) {
			inRecord, empty, record, piece = true, false, record[:0], piece[len(mark):]
		}
		if empty {
			each("", false)
		}
		empty = begins && !more && !inRecord && len(piece) == 0
		switch {
		case inRecord:
			record = append(record, piece[:min(len(piece), longestRecord-len(record))]...)
			if !more {
				each(storable(string(record)), true)
			}
		case !empty && (begins || len(piece) > 0):
			each(storable(string(piece)), false)
		}
		begins, inRecord = !more, inRecord && more
	}
	switch {
	case inRecord: // the program was killed
		each(storable(string(record)), true)
	case empty:
		each("", false)
	}
}

// sentSummary returns the summary in a record, or nil.
func sentSummary(record string) []byte {
	rest, ok := strings.CutPrefix(record, SummaryRecord)
	if rest = strings.TrimSuffix(rest, "}"); !ok || !json.Valid([]byte(rest)) {
		return nil
	}
	return []byte(rest)
}

// storable replaces what a database does not accept in text.
func storable(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "�"), "\x00", "�")
}

// logLevels are the levels of the program's log.
var logLevels = []string{"debug", "info", "warn", "error"}

// recordStart is how a record begins, even if its end is missing.
var recordStart = pattern.Lazy(`^\{"time":"([^"]+)","level":"([A-Z]+)","msg":"`)

// logLine parses a record of the program's log. If it cannot be parsed, it is kept as it
// is.
func logLine(text string) history.Line {
	var fields map[string]json.RawMessage
	var at time.Time
	var level, message string
	if json.Unmarshal([]byte(text), &fields) != nil {
		start := recordStart().FindStringSubmatch(text)
		if start == nil {
			return history.Line{Level: "stderr", Message: text}
		}
		level, message = start[2], text[len(start[0]):]
		at, _ = time.Parse(time.RFC3339Nano, start[1])
	} else if json.Unmarshal(fields["time"], &at) != nil || json.Unmarshal(fields["level"], &level) != nil || json.Unmarshal(fields["msg"], &message) != nil {
		return history.Line{Level: "stderr", Message: text}
	}
	level = strings.ToLower(level)
	if !slices.Contains(logLevels, level) {
		return history.Line{Level: "stderr", Message: text} // it may contain what a database rejects
	}
	line := history.Line{At: at, Level: level, Message: storable(message)}
	maps.DeleteFunc(fields, func(name string, _ json.RawMessage) bool { return name == "time" || name == "level" || name == "msg" })
	if len(fields) > 0 {
		if line.Fields, _ = json.Marshal(fields); len(line.Fields) > longestLine {
			line.Fields = []byte(`{"left_out":"the fields of this record are longer than 64 KiB"}`)
		}
	}
	return line
}
