//go:build unix

package repl_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	xterm "golang.org/x/term"

	"github.com/phscript/phscript/planhat/simulator"
)

func TestEvaluatesWhatIsTyped(t *testing.T) {
	t.Parallel()
	term := start(t, setting{width: 100, height: 90}, "repl", "--simulate", "--companies", "7")
	term.prompt()
	assert.Contains(t, term.text(), "connected to a simulated Planhat")
	assert.Contains(t, term.text(), ":help for help")
	assert.Equal(t, "planhat (simulated)>", term.lastLine())

	assert.Contains(t, term.enter("1 + 1, 'two'"), "\n2\n\"two\"\n")
	assert.Contains(t, term.enter("local n = 40"), "local n = 40\nplanhat (simulated)>")
	assert.Contains(t, term.enter("n + 2"), "\n42\n")
	assert.Contains(t, term.enter("_ + 1"), "\n43\n")
	table := term.enter("planhat.company.get_list{ limit = 3 }")
	assert.Regexp(t, `_id +name +externalId`, table)
	assert.Regexp(t, `[0-9a-f]{24}  .*company-3`, table)
	assert.Contains(t, term.enter("c = planhat.company.get_list()[1]"), "get_list()[1]\nplanhat (simulated)>")
	assert.Regexp(t, `(?m)^name +"`, term.enter("c"))
	assert.Contains(t, term.enter("planhat.company.get_lst()"), "hint: did you mean 'get_list'?")
	assert.Contains(t, term.enter("planhat.company.get_list"), "planhat.company.get_list(options?)")
	assert.Contains(t, term.enter("n"), "\n40\n", "an error takes nothing away")
}

func TestContinuesUntilTheInputIsWhole(t *testing.T) {
	t.Parallel()
	term := start(t, setting{}, "repl", "--simulate")
	term.prompt()
	term.write("function twice(x)")
	term.keys(enterKey)
	term.write("return x * 2")
	term.keys(enterKey)
	term.wait("the third line", func() bool {
		return strings.HasSuffix(term.lastLine(), "│") || strings.HasSuffix(term.lastLine(), "return x * 2")
	})
	assert.Contains(t, term.enter("end"), "end\nplanhat (simulated)>")
	assert.Contains(t, term.enter("twice(21)"), "\n42\n")
	term.write("x = 1 +")
	term.keys(enterKey)
	term.keys(ctrlC)
	term.prompt()
	assert.Contains(t, term.enter("x"), "\nnil\n", "Ctrl-C dropped the line")
}

// At the bottom of the screen there is no room below: what was typed must stay.
func TestContinuesAtTheBottom(t *testing.T) {
	t.Parallel()
	term := start(t, setting{width: 60, height: 10}, "repl", "--simulate")
	term.prompt()
	term.enter("for i = 1, 12 do print(i) end")
	term.keys("t = {\r  a = 1,\r  b = 2,\r  c = 3\r")
	term.see("t = {", "a = 1,", "b = 2,", "c = 3")
	term.keys("}\r")
	term.prompt()
	term.keys("t.a + t.b + t.c\r")
	term.see("\n6")
}

func TestPastedText(t *testing.T) {
	t.Parallel()
	term := start(t, setting{}, "repl", "--simulate", "--companies", "3")
	term.prompt()
	term.keys("\x1b[200~local names = {}\nfor _, c in ipairs(planhat.company.get_list()) do\n  names[#names + 1] = c.name -- its name\nend\n#names\x1b[201~")
	term.see("#names")
	term.keys(enterKey)
	term.see("\n3\n")
	term.prompt()
	assert.Contains(t, term.enter("#names * 2"), "\n6\n")
}

func TestCompletes(t *testing.T) {
	t.Parallel()
	term := start(t, setting{}, "repl", "--simulate", "--companies", "3")
	term.prompt()
	term.write("planhat.company.")
	term.keys(tabKey)
	term.see("get_lean_list", "Reads a list of records into a table")
	term.keys("get_li" + tabKey)
	term.wait("the completed name", func() bool { return strings.HasSuffix(term.lastLine(), "planhat.company.get_list") })
	term.write("{")
	term.keys(tabKey)
	term.see("page_size", "How many records in total")
	term.keys("lim" + tabKey)
	term.wait("the completed option", func() bool { return strings.HasSuffix(term.lastLine(), "get_list{limit =") })
	assert.Contains(t, term.enter("1}"), "company-1")

	term.enter("c = planhat.company.get_list()[1]")
	term.write("c.descr")
	term.keys(tabKey)
	term.wait("the completed field", func() bool { return strings.HasSuffix(term.lastLine(), "c.description") })
	term.keys(ctrlC)
	term.prompt()
	term.write("c.")
	term.keys(tabKey)
	term.see("csmScore", "more", "type on to narrow them down")
	term.keys(ctrlC)
	term.prompt()
	term.write(":fi")
	term.keys(tabKey)
	term.wait("the completed command", func() bool { return strings.HasSuffix(term.lastLine(), ":fields") })
	term.keys("comp" + tabKey)
	term.wait("the completed model", func() bool { return strings.HasSuffix(term.lastLine(), ":fields company") })
}

func TestHistoryOutlivesTheProgram(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	term := start(t, setting{home: home}, "repl", "--simulate")
	term.prompt()
	term.enter("answer = 40 + 2")
	term.enter(`other = planhat.new{ api_token = "tok-abcdef-123456" }`)
	term.keys(ctrlD)
	require.Equal(t, 0, term.ends())

	file := filepath.Join(home, "state", "phscript", "history")
	info, err := os.Stat(file)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, "\"answer = 40 + 2\"\n", string(text), "without the line that holds a token")

	again := start(t, setting{home: home}, "repl", "--simulate")
	again.prompt()
	again.keys(upKey)
	again.wait("the earlier input", func() bool { return strings.HasSuffix(again.lastLine(), "answer = 40 + 2") })
	again.keys(enterKey)
	again.prompt()
	assert.Contains(t, again.enter("answer"), "\n42\n")

	off := start(t, setting{home: t.TempDir(), env: []string{"PHSCRIPT_HISTORY=off"}}, "repl", "--simulate")
	off.prompt()
	off.enter("1")
	off.keys(ctrlD)
	require.Equal(t, 0, off.ends())
	assert.NoDirExists(t, filepath.Join(off.home, "state"))
}

func TestCtrlCStopsAnEndlessLoop(t *testing.T) {
	t.Parallel()
	term := start(t, setting{}, "repl", "--simulate")
	term.prompt()
	term.enter("kept = 'still here'")
	term.write("print('begun') while true do end")
	term.keys(enterKey)
	term.see("\nbegun")
	term.keys(ctrlC)
	term.see("stopped")
	term.prompt()
	assert.Contains(t, term.enter("kept"), "\n\"still here\"\n")
}

func TestCtrlCFinishesTheCallUnderWay(t *testing.T) {
	t.Parallel()
	server, err := simulator.Start(simulator.Options{Latency: 2 * time.Second})
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })
	term := start(t, setting{env: server.Environment()}, "repl")
	term.prompt()
	assert.Contains(t, term.text(), "Writes change your data")
	term.write("for i = 1, 9 do planhat.company.create{ name = 'n' .. i } made = i end")
	term.keys(enterKey)
	term.wait("a call", func() bool { return server.CountsByOperation()["company.create"] > 0 })
	term.keys(ctrlC)
	term.see("stopping after the request under way")
	term.prompt()
	calls := server.CountsByOperation()["company.create"]
	assert.Less(t, calls, 9)
	assert.Contains(t, term.enter("made"), fmt.Sprintf("\n%d\n", calls), "the call under way was carried out, and its answer seen")
}

func TestReadingCanBeGivenUp(t *testing.T) {
	t.Parallel()
	term := start(t, setting{}, "repl", "--simulate")
	term.prompt()
	term.write("print('asking') line = io.read()")
	term.keys(enterKey)
	term.see("\nasking")
	term.keys("hello\n")
	term.prompt()
	assert.Contains(t, term.enter("line"), "\n\"hello\"\n")
	term.write("print('again') line = io.read()")
	term.keys(enterKey)
	term.see("\nagain")
	term.keys(ctrlC)
	term.see("stopped")
	term.prompt()
	assert.Contains(t, term.enter("'what is typed now is mine'"), "\n\"what is typed now is mine\"\n")
}

func TestResizing(t *testing.T) {
	t.Parallel()
	term := start(t, setting{}, "repl", "--simulate", "--companies", "2")
	term.prompt()
	wide := term.enter("planhat.company.get_list()")
	require.NoError(t, pty.Setsize(term.pty, &pty.Winsize{Cols: 50, Rows: 20}))
	term.mu.Lock()
	term.screen.Resize(50, 20)
	term.mu.Unlock()
	term.keys(ctrlC)
	term.prompt()
	narrow := term.enter("planhat.company.get_list()")
	assert.Contains(t, wide, "externalId  ")
	last := narrow[strings.LastIndex(narrow, "get_list()"):]
	assert.NotContains(t, strings.SplitN(last, "\n", 3)[1], "externalId", "a narrower table has fewer columns")
	for _, line := range strings.Split(last, "\n") {
		assert.LessOrEqual(t, len([]rune(line)), 50)
	}
}

func TestColors(t *testing.T) {
	t.Parallel()
	term := start(t, setting{}, "repl", "--simulate")
	term.prompt()
	term.enter("local x = 'text'")
	assert.Contains(t, term.output(), "\x1b[35mlocal\x1b[0m")
	assert.Contains(t, term.output(), "\x1b[32m'text'\x1b[0m")
	plain := start(t, setting{env: []string{"NO_COLOR=1"}}, "repl", "--simulate")
	plain.prompt()
	plain.enter("local x = 'text'")
	plain.enter("nil + 1")
	assert.NotRegexp(t, `\x1b\[3[0-8][;m]`, plain.output()[:min(len(plain.output()), 100_000)])
}

func TestUnicode(t *testing.T) {
	t.Parallel()
	term := start(t, setting{}, "repl", "--simulate")
	term.prompt()
	term.keys("'日本b'" + leftKey + leftKey + "äé語") // before the b
	term.see("'日本äé語b'")
	term.keys(enterKey)
	term.see("\n\"日本äé語b\"\n")
	term.prompt()
	table := term.enter("{ { name = '日本語', n = 1 }, { name = 'Blåbär', n = 22 } }")
	assert.Contains(t, table, "name     n\n日本語   1\nBlåbär  22\n")
}

func TestEnds(t *testing.T) {
	t.Parallel()
	for _, input := range []string{ctrlD, "exit\r", "quit()\r", ":quit\r", "os.exit()\r"} {
		term := start(t, setting{}, "repl", "--simulate")
		term.prompt()
		term.keys(input)
		assert.Equal(t, 0, term.ends(), "%q", input)
	}
	term := start(t, setting{}, "repl", "--simulate")
	term.prompt()
	term.keys("os.exit(3)\r")
	assert.Equal(t, 3, term.ends())
}

func TestPlainCommandStartsIt(t *testing.T) {
	t.Parallel()
	term := start(t, setting{})
	term.prompt()
	assert.Contains(t, term.text(), "without a token: set PLANHAT_API_TOKEN")
	assert.Contains(t, term.enter("planhat.company.get_list()"), "no Planhat token is configured")
	assert.Contains(t, term.enter("1 + 1"), "\n2\n")

	flags := start(t, setting{}, "--simulate", "--dry-run")
	flags.prompt()
	assert.Equal(t, "planhat (simulated, dry run)>", flags.lastLine())
}

func TestTerminationLeavesTheTerminalAsItWas(t *testing.T) {
	t.Parallel()
	master, slave, err := pty.Open()
	require.NoError(t, err)
	defer func() { _, _ = master.Close(), slave.Close() }()
	untouched, err := xterm.GetState(int(master.Fd()))
	require.NoError(t, err)
	term := start(t, setting{}, "repl", "--simulate")
	term.prompt()
	term.write("half an inp")
	raw, err := xterm.GetState(int(term.pty.Fd()))
	require.NoError(t, err)
	assert.NotEqual(t, untouched, raw)
	require.NoError(t, term.cmd.Process.Signal(syscall.SIGTERM))
	term.wait("the end", func() bool {
		return strings.HasSuffix(strings.TrimRight(term.output(), "\r\n"), "\x1b[?2004l\x1b[?25h")
	})
	assert.Equal(t, 143, term.ends())
	if after, err := xterm.GetState(int(term.pty.Fd())); err == nil { // some systems forget it with the program
		assert.Equal(t, untouched, after)
	}
}
