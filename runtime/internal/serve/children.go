package serve

import (
	"os"
	"os/exec"
	"sync"
)

// Children are the programs that this process has started and waits for. As process 1
// of a container, a process is also the parent of what other programs leave running,
// and has to collect it when it ends. The zero value is ready to use, and so is
// nil, for processes that collect nothing. It is safe for concurrent use.
type Children struct {
	mu  sync.Mutex
	own map[int]bool
}

// start starts a program. The caller calls wait once, which waits for its end.
func (c *Children) start(cmd *exec.Cmd) (wait func() error, err error) {
	if c == nil {
		return cmd.Wait, cmd.Start()
	}
	// Reap must not see a program whose number is not known yet.
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	pid := cmd.Process.Pid
	if c.own == nil {
		c.own = map[int]bool{}
	}
	c.own[pid] = true
	return func() error {
		defer func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			delete(c.own, pid)
		}()
		return cmd.Wait()
	}, nil
}

// Inherits reports whether this process is the parent of the programs whose own parent
// has ended.
func (c *Children) Inherits() bool { return os.Getpid() == 1 }

// Reap collects the programs that have ended and that nobody else waits for.
func (c *Children) Reap() {
	c.mu.Lock()
	defer c.mu.Unlock()
	reap(func(pid int) bool { return c.own[pid] })
}
