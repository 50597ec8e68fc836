package progress

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat"
)

// tty is a terminal, and what was written to it.
type tty struct {
	mu            sync.Mutex
	screen        *vt.Emulator
	columns, rows int
	raw           strings.Builder
}

func newTTY(columns, rows int) *tty {
	return &tty{screen: vt.NewEmulator(columns, rows), columns: columns, rows: rows}
}

// Write does what the terminal's driver does with line ends.
func (t *tty) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.raw.Write(p)
	_, err := t.screen.Write([]byte(strings.ReplaceAll(string(p), "\n", "\r\n")))
	return len(p), err
}

func (t *tty) size() (int, int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.columns, t.rows
}

func (t *tty) resize(columns int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.columns = columns
}

// taken returns what was written since the last call.
func (t *tty) taken() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	defer t.raw.Reset()
	return t.raw.String()
}

// text is the screen without blanks at the ends of lines.
func (t *tty) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := strings.Split(t.screen.String(), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " \r")
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

// onTTY runs a test with a board on a terminal.
func onTTY(t *testing.T, columns, rows int, test func(b *Board, tty *tty, out io.Writer)) {
	synctest.Test(t, func(t *testing.T) {
		tty := newTTY(columns, rows)
		s := NewScreen(tty, tty.size, true, false)
		out := s.Stream(tty)
		b := OnTerminal("job.lua", time.Now, s, false)
		test(b, tty, out)
		b.Close()
	})
}

func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func print(t *testing.T, w io.Writer, text string) {
	t.Helper()
	_, err := io.WriteString(w, text)
	require.NoError(t, err)
}

func TestNothingIsShownInTheFirstSecond(t *testing.T) {
	onTTY(t, 80, 24, func(b *Board, tty *tty, _ io.Writer) {
		task := b.Begin(bindings.Task{Name: "rows", Total: 10})
		task.Add(1)
		after(900 * time.Millisecond)
		assert.Empty(t, tty.taken())
		task.End()
		b.Close()
		assert.Empty(t, tty.taken())
	})
}

func TestATaskIsShownBelowTheOutput(t *testing.T) {
	onTTY(t, 80, 24, func(b *Board, tty *tty, out io.Writer) {
		task := b.Begin(bindings.Task{Name: "rows", Total: 200, Unit: "rows"})
		print(t, out, "first\n")
		for range 100 {
			after(20 * time.Millisecond)
			task.Add(1)
		}
		after(drawEvery)
		assert.Equal(t, "first\njob.lua 0:02\nrows [##########..........] 50% 100 of 200 rows, 50/s, 0:02 left", tty.text())
		print(t, out, "second\n")
		assert.Equal(t, "first\nsecond\njob.lua 0:02\nrows [##########..........] 50% 100 of 200 rows, 50/s, 0:02 left", tty.text(), "a line appears above at once")
		task.Set(200)
		task.End()
		b.Close()
		assert.Equal(t, "first\nsecond\nrows [####################] 100% 200 rows, 95/s in 0:02", tty.text(), "the last state stays as one line")
		print(t, out, "third\n")
		assert.True(t, strings.HasSuffix(tty.text(), "in 0:02\nthird"))
	})
}

func TestPartOfALineIsKeptBack(t *testing.T) {
	onTTY(t, 80, 24, func(b *Board, tty *tty, out io.Writer) {
		print(t, out, "Name: ")
		b.Begin(bindings.Task{Name: "rows"}).Add(1)
		after(2 * time.Second)
		assert.Equal(t, "Name:", tty.text(), "nothing is drawn into a line that has begun")
		print(t, out, "Acme\n")
		after(drawEvery)
		assert.Contains(t, tty.text(), "Name: Acme\njob.lua")
		print(t, out, "dots.")
		print(t, out, "..")
		assert.NotContains(t, tty.text(), "dots")
		print(t, out, " done\n")
		assert.Contains(t, tty.text(), "Name: Acme\ndots... done\njob.lua")
		print(t, out, "left over")
		b.Close()
		assert.True(t, strings.HasSuffix(tty.text(), "left over"), tty.text())
	})
}

func TestInputHasTheTerminalForItself(t *testing.T) {
	onTTY(t, 80, 24, func(b *Board, tty *tty, out io.Writer) {
		b.Begin(bindings.Task{Name: "rows"}).Add(1)
		after(2 * time.Second)
		require.Contains(t, tty.text(), "job.lua")
		print(t, out, "Delete? ")
		s := b.out.(*bars).screen
		typed, person := io.Pipe()
		go func() {
			time.Sleep(time.Second)
			assert.Equal(t, "Delete?", tty.text())
			_, _ = io.WriteString(person, "y\n")
			_, _ = tty.Write([]byte("y\n")) // the terminal shows what is typed
		}()
		line := make([]byte, 10)
		_, err := s.Input(typed).Read(line)
		require.NoError(t, err)
		after(time.Second)
	})
}

func TestNeverMoreLinesThanTheTerminal(t *testing.T) {
	for rows := 1; rows <= 8; rows++ {
		onTTY(t, 100, rows, func(b *Board, tty *tty, out io.Writer) {
			for i := range 6 {
				b.Begin(bindings.Task{Name: fmt.Sprintf("task %d", i), Total: 5}).Add(1)
			}
			print(t, out, "above\n")
			after(3 * time.Second)
			lines := strings.Split(tty.text(), "\n")
			assert.LessOrEqual(t, len(lines), rows)
			if rows == 8 {
				assert.Len(t, lines, 5)
				assert.Contains(t, lines[1], "3 more tasks")
			}
			if rows > 2 {
				assert.Equal(t, "above", lines[0])
			}
		})
	}
}

func TestNarrowLinesAreShortened(t *testing.T) {
	task := Task{Name: "company.bulk_upsert", Unit: "rows", Done: 5400, Total: 12000, Rate: 83, Left: 80 * time.Second}
	for width, want := range map[int]string{
		0:  "company.bulk_upsert [#########...........] 45% 5,400 of 12,000 rows, 83/s, 1:20 left",
		84: "company.bulk_upsert [#########...........] 45% 5,400 of 12,000 rows, 83/s, 1:20 left",
		80: "company.bulk_upsert [#########...........] 45% 5,400 of 12,000 rows, 83/s",
		70: "company.bulk_upsert [#########...........] 45% 5,400 of 12,000 rows",
		60: "company.bulk_upsert 45% 5,400 of 12,000 rows",
		40: "company.bulk_upsert 45%",
		20: "company.bulk_upsert",
		10: "company.b…",
	} {
		assert.Equal(t, want, fit(task.parts(), width, false), "width %d", width)
	}
	task.Name = "顧客データ.インポート"
	for width := 1; width < 90; width++ {
		line := fit(task.parts(), width, false)
		plain := uncolored(fit(task.parts(), width, true))
		assert.LessOrEqual(t, widthOf([]part{{text: line}}), width)
		assert.Equal(t, line, plain)
	}
}

// Some terminals break lines anew when they become narrower. What was there must stay.
func TestResize(t *testing.T) {
	onTTY(t, 100, 24, func(b *Board, tty *tty, out io.Writer) {
		print(t, out, "above\n")
		b.Begin(bindings.Task{Name: "rows", Total: 200, Unit: "rows"}).Add(100)
		after(2 * time.Second)
		s := b.out.(*bars).screen
		require.Len(t, s.drawn, 2)
		width := s.drawn[1]
		tty.taken()
		tty.resize(30)
		after(drawEvery)
		// The second line takes several now, above which is the first.
		assert.Contains(t, tty.taken(), fmt.Sprintf("\r\x1b[%dA\x1b[J", 1+(width-1)/30))
		tty.taken()
		tty.resize(100)
		after(drawEvery)
		assert.Contains(t, tty.taken(), "\r\x1b[1A\x1b[J")
	})
}

func TestFastOutputIsNotSlowedDown(t *testing.T) {
	onTTY(t, 100, 24, func(b *Board, tty *tty, out io.Writer) {
		b.Begin(bindings.Task{Name: "rows", Total: 200, Unit: "rows"}).Add(100)
		after(2 * time.Second)
		tty.taken()
		for range 10_000 {
			print(t, out, "x\n")
		}
		written := tty.taken()
		assert.Less(t, len(written), 40_000)
		assert.Equal(t, 10_000, strings.Count(written, "x\n"))
		after(drawEvery)
		assert.Contains(t, tty.text(), "rows [####")
	})
}

func TestDrawnTenTimesASecondAtMost(t *testing.T) {
	onTTY(t, 100, 24, func(b *Board, tty *tty, _ io.Writer) {
		task := b.Begin(bindings.Task{Name: "rows", Total: 1e6})
		after(2 * time.Second)
		tty.taken()
		for range 1000 {
			task.Add(1)
			time.Sleep(time.Millisecond)
		}
		assert.LessOrEqual(t, strings.Count(tty.taken(), "\x1b[J"), 10)
	})
}

func TestWaitingForTheQuota(t *testing.T) {
	onTTY(t, 100, 24, func(b *Board, tty *tty, _ io.Writer) {
		limiter := planhat.NewLimiter(planhat.LimiterConfig{Window: crowded{planhat.NewWindow(planhat.WindowSpec{Limit: 200})}})
		over := b.Waiting(planhat.Wait{Reason: planhat.WaitQuota, For: 15 * time.Second, Limiter: limiter})
		longer := b.Waiting(planhat.Wait{Reason: planhat.WaitQuota, For: 40 * time.Second, Limiter: limiter})
		after(3 * time.Second)
		assert.Equal(t, "job.lua 0:03, waiting for quota 0:12 (nightly.lua uses 140 of 200)", tty.text())
		over()
		after(drawEvery)
		assert.Contains(t, tty.text(), "waiting for quota 0:37")
		longer()
		after(drawEvery)
		assert.Equal(t, "job.lua 0:03", tty.text())
	})
}

// The reader of a pipe writes to the same terminal, a moment later than the program.
func TestAPipeToTheSameTerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tty := newTTY(60, 10)
		s := NewScreen(tty, tty.size, true, true)
		read, write := io.Pipe()
		go func() {
			buf := make([]byte, 100)
			for {
				n, err := read.Read(buf)
				if err != nil {
					return
				}
				time.Sleep(20 * time.Millisecond)
				_, _ = tty.Write(buf[:n])
			}
		}()
		out := s.Pipe(write)
		b := OnTerminal("job.lua", time.Now, s, false)
		task := b.Begin(bindings.Task{Name: "rows", Total: 20})
		var want []string
		for i := range 20 {
			time.Sleep(330 * time.Millisecond)
			print(t, out, fmt.Sprintf("line %d\n", i))
			task.Add(1)
			want = append(want, fmt.Sprintf("line %d", i))
		}
		after(time.Second)
		lines := strings.Split(tty.text(), "\n")
		require.Len(t, lines, 10)
		assert.Equal(t, want[11:], lines[:9])
		assert.Contains(t, lines[9], "rows [####")
		b.Close()
		require.NoError(t, write.Close())
	})
}
