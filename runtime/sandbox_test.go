package runtime

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestScriptsStayInTheirFolders(t *testing.T) {
	outside := t.TempDir()
	secret := filepath.Join(outside, "secret.txt")
	require.NoError(t, os.WriteFile(secret, []byte("secret"), 0o644))
	b := newBench(t)
	b.put(t, "in.txt", "inside")
	require.NoError(t, os.Symlink(secret, filepath.Join(b.dir, "link")))
	b.opts.Env = func(string) (string, bool) { return "value", true }
	b.opts.EnvAllow = []string{"REGION"}
	r, err := b.run(t, `
		local secret, dir = ...
		local refused = {}
		local function refuse(what, flag, f, ...)
			local got = { pcall(f, ...) }
			local failure = got[1] and (got[2] == nil and got[3]) or (not got[1] and got[2])
			assert(failure, what .. " was allowed")
			failure = tostring(failure)
			assert(failure:find(flag, 1, true), what .. ": " .. failure)
		end
		refuse("io.open", "--allow-read=", io.open, secret)
		refuse("io.lines", "--allow-read=", io.lines, secret)
		refuse("a link", "--allow-read=", io.open, "link")
		refuse("dots", "--allow-read=", io.open, "../../../../../../../../etc/passwd")
		refuse("fs.read", "--allow-read=", fs.read, secret)
		refuse("fs.list", "--allow-read=", fs.list, "/")
		refuse("dofile", "--allow-read=", dofile, secret)
		refuse("loadfile", "--allow-read=", loadfile, secret)
		refuse("writing", "--allow-write=" .. dir, io.open, "report.csv", "w")
		refuse("appending", "--allow-write=" .. dir, io.open, "in.txt", "a")
		refuse("fs.write", "--allow-write=" .. dir, fs.write, "report.csv", "x")
		refuse("os.remove", "--allow-write=" .. dir, os.remove, "in.txt")
		refuse("os.rename", "--allow-write=" .. dir, os.rename, "in.txt", "x")
		refuse("os.tmpname", "--allow-write=" .. dir, os.tmpname)
		refuse("env.get", "--allow-env=HOME", env.get, "HOME")
		refuse("os.execute", "not available", os.execute, "ls")
		refuse("io.popen", "not available", io.popen, "ls")
		assert(os.getenv("HOME") == nil and os.getenv("REGION") == "value" and env.get("REGION") == "value")
		return fs.read("in.txt"), io.open(dir .. "/in.txt"):read("*a")`, secret, b.dir)
	require.NoError(t, err)
	assert.Equal(t, []any{"inside", "inside"}, r.Values)
	require.Len(t, r.Warnings, 1)
	assert.Contains(t, r.Warnings[0], "--allow-env=HOME")
	left, err := os.ReadDir(b.dir)
	require.NoError(t, err)
	assert.Len(t, left, 2, "nothing was made")
}

func TestFilesOfAFailedRunAreDropped(t *testing.T) {
	b := newBench(t)
	b.opts.WriteDirs = []string{b.dir}
	b.put(t, "kept.txt", "old")
	const write = `local f = io.open("kept.txt", "w") f:write("new") local g = io.open("other.txt", "w") g:write("x") `
	assert.Equal(t, "no", b.fails(t, write+`error("no")`).Message)
	left, err := os.ReadDir(b.dir)
	require.NoError(t, err)
	assert.Len(t, left, 1)
	text, err := os.ReadFile(filepath.Join(b.dir, "kept.txt"))
	require.NoError(t, err)
	assert.Equal(t, "old", string(text))

	for _, end := range []string{"", "os.exit(0)"} {
		_, err = b.run(t, write+end)
		require.NoError(t, err)
		text, err = os.ReadFile(filepath.Join(b.dir, "other.txt"))
		require.NoError(t, err)
		assert.Equal(t, "x", string(text), "what a finished script left open is written")
		require.NoError(t, os.Remove(filepath.Join(b.dir, "other.txt")))
	}
}

func TestModuleFileLeftOpenIsAnError(t *testing.T) {
	b := newBench(t)
	b.opts.WriteDirs = []string{b.dir}
	_, err := b.run(t, `csv.writer("report.csv", { columns = { "a" } }):write{ a = 1 }`)
	assert.ErrorContains(t, err, "report.csv: opened for writing and never closed")
	assert.NoFileExists(t, filepath.Join(b.dir, "report.csv"))
	_, err = b.run(t, `local f for i = 1, 500 do f = io.open("f" .. i % 3, "w") f:write(i) f:close() end io.output("out") io.write("end")`)
	require.NoError(t, err)
	text, err := os.ReadFile(filepath.Join(b.dir, "out"))
	require.NoError(t, err)
	assert.Equal(t, "end", string(text))
}
