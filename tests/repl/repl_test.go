//go:build unix

package repl_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
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

	"github.com/phscript/phscript/tests/terminal"
)

func TestEvaluatesWhatIsTyped(t *testing.T) {
	t.Parallel()
	term := start(t, terminal.Setting{Width: 100, Height: 90}, "repl", "--simulate", "--companies", "7")
	term.Prompt()
	assert.Contains(t, term.Text(), "connected to a simulated Planhat")
	assert.Contains(t, term.Text(), ":help for help")
	assert.Equal(t, "planhat (simulated)>", term.LastLine())

	assert.Contains(t, term.Enter("1 + 1, 'two'"), "\n2\n\"two\"\n")
	assert.Contains(t, term.Enter("local n = 40"), "local n = 40\nplanhat (simulated)>")
	assert.Contains(t, term.Enter("n + 2"), "\n42\n")
	assert.Contains(t, term.Enter("_ + 1"), "\n43\n")
	table := term.Enter("planhat.company.get_list{ limit = 3 }")
	assert.Regexp(t, `_id +name +externalId`, table)
	assert.Regexp(t, `[0-9a-f]{24}  .*company-3`, table)
	assert.Contains(t, term.Enter("c = planhat.company.get_list()[1]"), "get_list()[1]\nplanhat (simulated)>")
	assert.Regexp(t, `(?m)^name +"`, term.Enter("c"))
	assert.Contains(t, term.Enter("planhat.company.get_lst()"), "hint: did you mean 'get_list'?")
	assert.Contains(t, term.Enter("planhat.company.get_list"), "planhat.company.get_list(options?)")
	assert.Contains(t, term.Enter("n"), "\n40\n", "an error takes nothing away")
}

// Terminals mark what is pasted if the program asks for it. A block runs as a block, stops at
// its first error, and a tab completes nothing.
func TestPastedBlock(t *testing.T) {
	t.Parallel()
	term := start(t, terminal.Setting{}, "repl", "--simulate")
	term.Prompt()
	term.Keys("\x1b[200~local function f(a)\r\tif a then\r\t\terror('first')\r\tend\r\treturn '\t'\rend\rprint(#f())\rf(true)\rprint('nev' .. 'er')\r\x1b[201~")
	term.See("print('nev' .. 'er')")
	assert.NotContains(t, term.Text(), "\n1\n", "the person may still change it")
	term.Keys(terminal.EnterKey)
	term.See("\n1\n", "input 1:3: first")
	term.Prompt()
	assert.NotContains(t, term.Text(), "never")
}

// Other terminals type it, so tabs at the beginning of a line or in the middle of a burst are
// white space.
func TestTypedBlock(t *testing.T) {
	t.Parallel()
	term := start(t, terminal.Setting{}, "repl", "--simulate")
	term.Prompt()
	term.Keys("local function f(a)\r\tif a then\r\t\treturn 1\r\tend\r\treturn\t2\rend\rprint(f(true) + 10,\tf(false) + 10)\r")
	term.See("\n11")
	assert.NotContains(t, term.Text(), "error")
}

// Control characters of data do not reach the terminal, nor does a token the history, even
// if the simulated Planhat has another one.
func TestDataAndTokensAtThePrompt(t *testing.T) {
	t.Parallel()
	term := start(t, terminal.Setting{Env: []string{"PLANHAT_API_TOKEN=tok-very-secret-1"}}, "repl", "--simulate")
	term.Prompt()
	assert.Contains(t, term.Enter(`print("a\27[2Jb\27]0;title\7")`), "\na<U+001B>[2Jb<U+001B>]0;title<U+0007>\n")
	assert.Contains(t, term.Enter(`error("a\27[2Jb")`), "a<U+001B>[2Jb\n")
	term.Enter(`local t = "tok-very-secret-1"`)
	term.Enter("kept = 1")
	text, err := os.ReadFile(filepath.Join(term.Home, "state", "phscript", "history"))
	require.NoError(t, err)
	assert.Contains(t, string(text), "kept")
	assert.NotContains(t, string(text), "secret")
}

// A terminal that knows no movements gets a plain prompt.
func TestDumbTerminal(t *testing.T) {
	t.Parallel()
	term := start(t, terminal.Setting{Env: []string{"TERM=dumb"}}, "repl", "--simulate")
	term.See("planhat (simulated)>")
	term.Keys("1 + 1\rerror('x')\r")
	term.See("\n2\n", "x")
	term.Keys("\x04")
	assert.Zero(t, term.Ends())
	assert.NotContains(t, term.Output(), "\x1b")
}

func TestContinuesUntilTheInputIsWhole(t *testing.T) {
	t.Parallel()
	term := start(t, terminal.Setting{}, "repl", "--simulate")
	term.Prompt()
	term.Write("function twice(x)")
	term.Keys(terminal.EnterKey)
	term.Write("return x * 2")
	term.Keys(terminal.EnterKey)
	term.Wait("the third line", func() bool {
		return strings.HasSuffix(term.LastLine(), "return x * 2")
	})
	assert.Contains(t, term.Enter("end"), "end\nplanhat (simulated)>")
	assert.Contains(t, term.Enter("twice(21)"), "\n42\n")
	term.Write("x = 1 +")
	term.Keys(terminal.EnterKey)
	term.Keys(terminal.CtrlC)
	term.Prompt()
	assert.Contains(t, term.Enter("x"), "\nnil\n", "Ctrl-C dropped the line")
}

// At the bottom of the screen there is no room below: what was typed must stay.
func TestContinuesAtTheBottom(t *testing.T) {
	t.Parallel()
	term := start(t, terminal.Setting{Width: 60, Height: 10}, "repl", "--simulate")
	term.Prompt()
	term.Enter("for i = 1, 12 do print(i) end")
	term.Keys("t = {\r  a = 1,\r  b = 2,\r  c = 3\r")
	term.See("t = {", "a = 1,", "b = 2,", "c = 3")
	term.Keys("}\r")
	term.Prompt()
	term.Keys("t.a + t.b + t.c\r")
	term.See("\n6")
}

func TestPastedText(t *testing.T) {
	t.Parallel()
	term := start(t, terminal.Setting{}, "repl", "--simulate", "--companies", "3")
	term.Prompt()
	term.Keys("\x1b[200~local names = {}\nfor _, c in ipairs(planhat.company.get_list()) do\n  names[#names + 1] = c.name -- its name\nend\n#names\x1b[201~")
	term.See("#names")
	term.Keys(terminal.EnterKey)
	term.See("\n3\n")
	term.Prompt()
	assert.Contains(t, term.Enter("#names * 2"), "\n6\n")
}

func TestCompletes(t *testing.T) {
	t.Parallel()
	term := start(t, terminal.Setting{}, "repl", "--simulate", "--companies", "3")
	term.Prompt()
	term.Write("planhat.company.")
	term.Keys(terminal.TabKey)
	term.See("get_lean_list", "Reads a list of records into a table")
	term.Keys("get_li" + terminal.TabKey)
	term.Wait("the completed name", func() bool { return strings.HasSuffix(term.LastLine(), "planhat.company.get_list") })
	term.Write("{")
	term.Keys(terminal.TabKey)
	term.See("page_size", "The maximum number of records in total")
	term.Keys("lim" + terminal.TabKey)
	term.Wait("the completed option", func() bool { return strings.HasSuffix(term.LastLine(), "get_list{limit =") })
	assert.Contains(t, term.Enter("1}"), "company-1")

	term.Enter("c = planhat.company.get_list()[1]")
	term.Write("c.descr")
	term.Keys(terminal.TabKey)
	term.Wait("the completed field", func() bool { return strings.HasSuffix(term.LastLine(), "c.description") })
	term.Keys(terminal.CtrlC)
	term.Prompt()
	term.Write("c.")
	term.Keys(terminal.TabKey)
	term.See("csmScore", "more", "keep typing to narrow the list")
	term.Keys(terminal.CtrlC)
	term.Prompt()
	term.Write(":fi")
	term.Keys(terminal.TabKey)
	term.Wait("the completed command", func() bool { return strings.HasSuffix(term.LastLine(), ":fields") })
	term.Keys("comp" + terminal.TabKey)
	term.Wait("the completed model", func() bool { return strings.HasSuffix(term.LastLine(), ":fields company") })
}

func TestHistoryOutlivesTheProgram(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	term := start(t, terminal.Setting{Home: home}, "repl", "--simulate")
	term.Prompt()
	term.Enter("answer = 40 + 2")
	term.Enter(`other = planhat.new{ api_token = "tok-abcdef-123456" }`)
	term.Keys(terminal.CtrlD)
	require.Equal(t, 0, term.Ends())

	file := filepath.Join(home, "state", "phscript", "history")
	info, err := os.Stat(file)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, "\"answer = 40 + 2\"\n", string(text), "without the line that holds a token")

	again := start(t, terminal.Setting{Home: home}, "repl", "--simulate")
	again.Prompt()
	again.Keys(terminal.UpKey)
	again.Wait("the earlier input", func() bool { return strings.HasSuffix(again.LastLine(), "answer = 40 + 2") })
	again.Keys(terminal.EnterKey)
	again.Prompt()
	assert.Contains(t, again.Enter("answer"), "\n42\n")

	off := start(t, terminal.Setting{Home: t.TempDir(), Env: []string{"PHSCRIPT_HISTORY=off"}}, "repl", "--simulate")
	off.Prompt()
	off.Enter("1")
	off.Keys(terminal.CtrlD)
	require.Equal(t, 0, off.Ends())
	assert.NoDirExists(t, filepath.Join(off.Home, "state"))
}

func TestCtrlCStopsAnEndlessLoop(t *testing.T) {
	t.Parallel()
	term := start(t, terminal.Setting{}, "repl", "--simulate")
	term.Prompt()
	term.Enter("kept = 'still here'")
	term.Write("print('begun') while true do end")
	term.Keys(terminal.EnterKey)
	term.See("\nbegun")
	term.Keys(terminal.CtrlC)
	term.See("stopped")
	term.Prompt()
	assert.Contains(t, term.Enter("kept"), "\n\"still here\"\n")
}

func TestCtrlCFinishesTheCallUnderWay(t *testing.T) {
	t.Parallel()
	server, err := simulator.New(simulator.Options{Latency: 2 * time.Second})
	require.NoError(t, err)
	// The simulator counts a call when it answers; the test needs to know when
	// one is under way.
	arrived := make(chan struct{}, 16)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		server.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	term := start(t, terminal.Setting{Env: []string{"PLANHAT_API_TOKEN=" + server.APIToken(), "PLANHAT_API_URL=" + front.URL}}, "repl")
	term.Prompt()
	assert.Contains(t, term.Text(), "Writes change your data")
	term.Write("for i = 1, 9 do planhat.company.create{ name = 'n' .. i } made = i end")
	term.Keys(terminal.EnterKey)
	<-arrived
	term.Keys(terminal.CtrlC)
	term.See("stopping after the write in progress")
	term.Prompt()
	calls := server.CountsByOperation()["company.create"]
	assert.Less(t, calls, 9)
	assert.Contains(t, term.Enter("made"), fmt.Sprintf("\n%d\n", calls), "the call under way was carried out, and its answer seen")
}

func TestReadingCanBeGivenUp(t *testing.T) {
	t.Parallel()
	term := start(t, terminal.Setting{}, "repl", "--simulate")
	term.Prompt()
	term.Write("print('asking') line = io.read()")
	term.Keys(terminal.EnterKey)
	term.See("\nasking")
	term.Keys("hello\n")
	term.Prompt()
	assert.Contains(t, term.Enter("line"), "\n\"hello\"\n")
	term.Write("print('again') line = io.read()")
	term.Keys(terminal.EnterKey)
	term.See("\nagain")
	term.Keys(terminal.CtrlC)
	term.See("stopped")
	term.Prompt()
	assert.Contains(t, term.Enter("'what is typed now is mine'"), "\n\"what is typed now is mine\"\n")
}

func TestResizing(t *testing.T) {
	t.Parallel()
	term := start(t, terminal.Setting{}, "repl", "--simulate", "--companies", "2")
	term.Prompt()
	wide := term.Enter("planhat.company.get_list()")
	term.Resize(50, 20)
	term.Keys(terminal.CtrlC)
	term.Prompt()
	narrow := term.Enter("planhat.company.get_list()")
	assert.Contains(t, wide, "externalId  ")
	last := narrow[strings.LastIndex(narrow, "get_list()"):]
	assert.NotContains(t, strings.SplitN(last, "\n", 3)[1], "externalId", "a narrower table has fewer columns")
	for _, line := range strings.Split(last, "\n") {
		assert.LessOrEqual(t, len([]rune(line)), 50)
	}
}

func TestColors(t *testing.T) {
	t.Parallel()
	term := start(t, terminal.Setting{}, "repl", "--simulate")
	term.Prompt()
	term.Enter("local x = 'text'")
	assert.Contains(t, term.Output(), "\x1b[35mlocal\x1b[0m")
	assert.Contains(t, term.Output(), "\x1b[32m'text'\x1b[0m")
	plain := start(t, terminal.Setting{Env: []string{"NO_COLOR=1"}}, "repl", "--simulate")
	plain.Prompt()
	plain.Enter("local x = 'text'")
	plain.Enter("nil + 1")
	assert.NotRegexp(t, `\x1b\[3[0-8][;m]`, plain.Output()[:min(len(plain.Output()), 100_000)])
}

func TestUnicode(t *testing.T) {
	t.Parallel()
	term := start(t, terminal.Setting{}, "repl", "--simulate")
	term.Prompt()
	term.Keys("'日本b'" + terminal.LeftKey + terminal.LeftKey + "äé語") // before the b
	term.See("'日本äé語b'")
	term.Keys(terminal.EnterKey)
	term.See("\n\"日本äé語b\"\n")
	term.Prompt()
	table := term.Enter("{ { name = '日本語', n = 1 }, { name = 'Blåbär', n = 22 } }")
	assert.Contains(t, table, "name     n\n日本語   1\nBlåbär  22\n")
}

func TestEnds(t *testing.T) {
	t.Parallel()
	for _, input := range []string{terminal.CtrlD, "exit\r", "quit()\r", ":quit\r", "os.exit()\r"} {
		term := start(t, terminal.Setting{}, "repl", "--simulate")
		term.Prompt()
		term.Keys(input)
		assert.Equal(t, 0, term.Ends(), "%q", input)
	}
	term := start(t, terminal.Setting{}, "repl", "--simulate")
	term.Prompt()
	term.Keys("os.exit(3)\r")
	assert.Equal(t, 3, term.Ends())
}

func TestPlainCommandStartsIt(t *testing.T) {
	t.Parallel()
	term := start(t, terminal.Setting{})
	term.Prompt()
	assert.Contains(t, term.Text(), "without a token: set PLANHAT_API_TOKEN")
	assert.Contains(t, term.Enter("planhat.company.get_list()"), "no Planhat token is configured")
	assert.Contains(t, term.Enter("1 + 1"), "\n2\n")

	flags := start(t, terminal.Setting{}, "--simulate", "--dry-run")
	flags.Prompt()
	assert.Equal(t, "planhat (simulated, dry run)>", flags.LastLine())
}

func TestTerminationLeavesTheTerminalAsItWas(t *testing.T) {
	t.Parallel()
	master, slave, err := pty.Open()
	require.NoError(t, err)
	defer func() { _, _ = master.Close(), slave.Close() }()
	untouched, err := xterm.GetState(int(master.Fd()))
	require.NoError(t, err)
	term := start(t, terminal.Setting{}, "repl", "--simulate")
	term.Prompt()
	term.Write("half an inp")
	raw, err := xterm.GetState(term.Fd())
	require.NoError(t, err)
	assert.NotEqual(t, untouched, raw)
	require.NoError(t, term.Signal(syscall.SIGTERM))
	term.Wait("the end", func() bool {
		return strings.HasSuffix(strings.TrimRight(term.Output(), "\r\n"), "\x1b[?2004l\x1b[?25h")
	})
	assert.Equal(t, 143, term.Ends())
	if after, err := xterm.GetState(term.Fd()); err == nil { // some systems forget it with the program
		assert.Equal(t, untouched, after)
	}
}
