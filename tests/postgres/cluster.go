// Package postgres starts PostgreSQL for tests: a cluster of its own, on
// loopback, that goes away with the test.
package postgres

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// Cluster is a running PostgreSQL.
type Cluster struct {
	t    testing.TB
	bin  string
	dir  string
	port int
	// as is the account that it runs under, where the test runs as root, which
	// PostgreSQL refuses.
	as *account
}

// Start makes and starts a cluster. The test is skipped where PostgreSQL is not
// installed.
func Start(t testing.TB) *Cluster {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	require.NoError(t, err)
	if path, err := exec.LookPath("initdb"); err == nil {
		found = append(found, filepath.Dir(path))
	}
	if len(found) == 0 {
		t.Skip("PostgreSQL is not installed; apt-get install postgresql brings it")
	}
	slices.Sort(found)
	dir, err := os.MkdirTemp("", "phscript-postgres-")
	require.NoError(t, err)
	c := &Cluster{t: t, bin: found[len(found)-1], dir: dir, port: freePort(t)}
	t.Cleanup(func() {
		_ = c.control("stop", "-m", "immediate")
		_ = os.RemoveAll(dir)
	})
	if os.Geteuid() == 0 {
		c.as, err = ownerOf(dir)
		require.NoError(t, err)
	}
	require.NoError(t, c.run("initdb", "-D", c.data(), "-U", "phscript", "-A", "trust", "-N", "-E", "UTF8", "--locale=C"))
	c.Start()
	return c
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}

func (c *Cluster) data() string { return filepath.Join(c.dir, "data") }

// run runs one of PostgreSQL's programs.
func (c *Cluster) run(program string, args ...string) error {
	cmd := exec.Command(filepath.Join(c.bin, program), args...)
	cmd.Dir = c.dir
	// What pg_ctl starts keeps its output open, so that goes to a file.
	log, err := os.CreateTemp("", "phscript-postgres-log-")
	if err != nil {
		return err
	}
	defer func() { _ = log.Close(); _ = os.Remove(log.Name()) }()
	cmd.Stdout, cmd.Stderr = log, log
	if c.as != nil {
		c.as.run(cmd)
	}
	if err := cmd.Run(); err != nil {
		text, _ := os.ReadFile(log.Name())
		return fmt.Errorf("%s %v: %w\n%s", program, args, err, bytes.TrimSpace(text))
	}
	return nil
}

func (c *Cluster) control(action string, more ...string) error {
	return c.run("pg_ctl", append([]string{action, "-D", c.data(), "-w", "-l", filepath.Join(c.dir, "log")}, more...)...)
}

// Start starts it again after Stop.
func (c *Cluster) Start() {
	c.t.Helper()
	require.NoError(c.t, c.control("start", "-o",
		fmt.Sprintf("-c listen_addresses=127.0.0.1 -c port=%d -c unix_socket_directories=%s -c fsync=off -c max_connections=200", c.port, c.dir)))
}

// Stop stops it at once, as a crash does.
func (c *Cluster) Stop() {
	c.t.Helper()
	require.NoError(c.t, c.control("stop", "-m", "immediate"))
}

// URL is the address of its database.
func (c *Cluster) URL() string {
	return fmt.Sprintf("postgres://phscript@127.0.0.1:%d/postgres?sslmode=disable", c.port)
}
