package progress

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mattn/go-runewidth"
)

// Screen draws lines below what is written to a terminal. All that is written there must
// go through its streams. It is safe for concurrent use.
type Screen struct {
	raw     io.Writer
	size    func() (columns, rows int)
	reflows bool
	// beside is set if another program may write to the terminal as well, such as the
	// reader of a pipe.
	beside bool

	mu sync.Mutex
	// lines are to be seen. drawn are the widths of those that are on the terminal, which
	// had that many columns.
	lines   []string
	drawn   []int
	columns int
	streams []*stream
	// open is set while the last line has no end: nothing is drawn then.
	open bool
	// paused counts those who need the terminal for themselves. drawings counts how often
	// the same lines were drawn.
	paused, drawings int
	// piping counts the writes to pipes under way, piped is when the last one ended.
	piping int
	piped  time.Time
}

// settling is how long the reader of a pipe may take to show what it read, before
// something is drawn again.
const settling = 150 * time.Millisecond

// mostDrawings is how often lines are drawn again below a text until they change. A script
// that prints more than that in a tenth of a second would otherwise become slow.
const mostDrawings = 20

// NewScreen returns a screen that draws on raw. size returns the size of the terminal. A
// terminal that reflows breaks its lines anew when it becomes narrower.
func NewScreen(raw io.Writer, size func() (columns, rows int), reflows, beside bool) *Screen {
	return &Screen{raw: raw, size: size, reflows: reflows, beside: beside}
}

// stream is what a program writes to.
type stream struct {
	screen *Screen
	w      io.Writer
	// held is part of a line that was kept back.
	held []byte
}

// mostHeld is how much of a line is kept back, in bytes.
const mostHeld = 64 << 10

// Stream returns a writer for the terminal that passes on what w gets. While lines are
// drawn, part of a line is kept back until the rest follows.
func (s *Screen) Stream(w io.Writer) io.Writer {
	one := &stream{screen: s, w: w}
	s.streams = append(s.streams, one)
	return one
}

// Pipe returns a writer for a pipe whose reader may write to the terminal. What was
// drawn is removed first.
func (s *Screen) Pipe(w io.Writer) io.Writer { return pipe{s, w} }

type pipe struct {
	screen *Screen
	w      io.Writer
}

func (p pipe) Write(text []byte) (int, error) {
	s := p.screen
	s.mu.Lock()
	err := s.erase()
	if err == nil {
		s.piping++
	}
	s.mu.Unlock()
	if err != nil {
		return 0, err
	}
	n, err := p.w.Write(text)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.piping--
	s.piped = time.Now()
	return n, err
}

func (o *stream) Write(p []byte) (int, error) {
	s := o.screen
	s.mu.Lock()
	defer s.mu.Unlock()
	text := slices.Concat(o.held, p)
	o.held = nil
	if len(s.drawn) > 0 {
		if end := bytes.LastIndexByte(text, '\n') + 1; len(text)-end <= mostHeld {
			text, o.held = text[:end], bytes.Clone(text[end:])
		}
	}
	if len(text) == 0 {
		return len(p), nil
	}
	if err := s.erase(); err != nil {
		return 0, err
	}
	if err := s.pass(o.w, text); err != nil {
		return 0, err
	}
	s.drawings++
	return len(p), s.draw()
}

func (s *Screen) pass(w io.Writer, text []byte) error {
	s.open = text[len(text)-1] != '\n'
	_, err := w.Write(text)
	return err
}

// Show draws lines in place of those before.
func (s *Screen) Show(lines []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines, s.drawings = lines, 0
	return s.draw()
}

// Finish removes the lines, and leaves one in their place, unless it is empty. Nothing
// is drawn after that.
func (s *Screen) Finish(line string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = nil
	s.paused++
	if err := s.erase(); err != nil {
		return err
	}
	if line != "" && !s.open {
		if _, err := io.WriteString(s.raw, line+"\n"); err != nil {
			return err
		}
	}
	return s.release()
}

// Pause removes the lines until resume is called, and passes on what was kept back.
func (s *Screen) Pause() (resume func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paused++
	if s.erase() == nil {
		_ = s.release() // the next write has the same error
	}
	return sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.paused--
	})
}

// release passes on what was kept back.
func (s *Screen) release() error {
	for _, o := range s.streams {
		text := o.held
		o.held = nil
		if len(text) == 0 {
			continue
		}
		if err := s.pass(o.w, text); err != nil {
			return err
		}
	}
	return nil
}

// draw puts the lines on the terminal, if there is room for them.
func (s *Screen) draw() error {
	if s.open || s.paused > 0 || s.drawings > mostDrawings || s.piping > 0 || time.Since(s.piped) < settling {
		return s.erase()
	}
	columns, rows := s.size()
	lines := s.lines[:max(0, min(len(s.lines), rows-1))]
	text := s.erasing(columns) + strings.Join(lines, "\r\n")
	s.drawn, s.columns = nil, columns
	for _, line := range lines {
		s.drawn = append(s.drawn, runewidth.StringWidth(uncolored(line)))
	}
	if text == "" {
		return nil
	}
	if s.beside && len(s.drawn) == 1 {
		text += "\r" // what the other program writes now replaces the line
	}
	_, err := io.WriteString(s.raw, text)
	return err
}

// erase removes the lines from the terminal.
func (s *Screen) erase() error {
	columns, _ := s.size()
	text := s.erasing(columns)
	s.drawn = nil
	if text == "" {
		return nil
	}
	_, err := io.WriteString(s.raw, text)
	return err
}

// erasing returns what removes the lines: the cursor is at the end of the last one.
func (s *Screen) erasing(columns int) string {
	if len(s.drawn) == 0 {
		return ""
	}
	up := len(s.drawn) - 1
	if s.reflows && columns > 0 && columns < s.columns {
		for _, width := range s.drawn {
			up += max(0, width-1) / columns
		}
	}
	if up > 0 {
		return fmt.Sprintf("\r\x1b[%dA\x1b[J", up)
	}
	return "\r\x1b[J"
}

// uncolored removes colors from a line of this package.
func uncolored(line string) string {
	for {
		from := strings.Index(line, "\x1b[")
		if from < 0 {
			return line
		}
		end := strings.IndexByte(line[from:], 'm')
		if end < 0 {
			return line
		}
		line = line[:from] + line[from+end+1:]
	}
}

// Input returns a reader of what a person types: while it waits for that, the terminal is
// left as it is.
func (s *Screen) Input(r io.Reader) io.Reader {
	if c, ok := r.(contextReader); ok {
		return patientInput{input{s, r}, c}
	}
	return input{s, r}
}

type input struct {
	screen *Screen
	r      io.Reader
}

func (i input) Read(p []byte) (int, error) {
	defer i.screen.Pause()()
	return i.r.Read(p)
}

// contextReader is a reader whose reads can be cancelled.
type contextReader interface {
	ReadContext(ctx context.Context, p []byte) (int, error)
}

type patientInput struct {
	input
	patient contextReader
}

func (i patientInput) ReadContext(ctx context.Context, p []byte) (int, error) {
	defer i.screen.Pause()()
	return i.patient.ReadContext(ctx, p)
}
