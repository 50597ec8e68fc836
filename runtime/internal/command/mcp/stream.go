package mcp

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"sync"
	"time"
)

// streams are the input and the output of the server. The end of the input is held back until
// each request before it has its answer, so requests can come from a file.
type streams struct {
	in   *bufio.Reader
	out  io.Writer
	rest []byte
	// wait is how long the end of the input is held back at most.
	wait time.Duration

	mu   sync.Mutex
	open int
	done chan struct{}
	line []byte
}

func newStreams(in io.Reader, out io.Writer, wait time.Duration) *streams {
	return &streams{in: bufio.NewReader(in), out: out, wait: wait, done: make(chan struct{}, 1)}
}

// message is what tells requests from answers and notifications.
type message struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
}

func (m message) request() bool { return m.ID != nil && m.Method != "" }
func (m message) answer() bool  { return m.ID != nil && m.Method == "" }

// Read reads at most a line.
func (s *streams) Read(p []byte) (int, error) {
	if len(s.rest) == 0 {
		line, err := s.in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			var long []byte
			long, err = s.long(line)
			line = long
		}
		var m message
		if json.Unmarshal(line, &m) == nil && m.request() {
			s.count(1)
		}
		if len(line) == 0 && err != nil {
			s.drain()
			return 0, err
		}
		s.rest = append(s.rest[:0], line...)
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

// long reads the rest of a line up to the size of a request; more than that is an error of
// the protocol, for which the line is not needed as a whole.
func (s *streams) long(begin []byte) ([]byte, error) {
	line := append([]byte{}, begin...)
	for len(line) <= most {
		more, err := s.in.ReadSlice('\n')
		line = append(line, more...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
	return line, nil
}

// Write writes a part of an answer.
func (s *streams) Write(p []byte) (int, error) {
	n, err := s.out.Write(p)
	s.line = append(s.line, p[:n]...)
	for {
		end := bytes.IndexByte(s.line, '\n')
		if end < 0 {
			return n, err
		}
		var m message
		if json.Unmarshal(s.line[:end], &m) == nil && m.answer() {
			s.count(-1)
		}
		s.line = s.line[end+1:]
	}
}

// Close leaves both open.
func (s *streams) Close() error { return nil }

func (s *streams) count(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open += n; s.open <= 0 {
		select {
		case s.done <- struct{}{}:
		default:
		}
	}
}

// drain waits until no request is open.
func (s *streams) drain() {
	end := time.After(s.wait)
	for {
		s.mu.Lock()
		open := s.open
		s.mu.Unlock()
		if open <= 0 {
			return
		}
		select {
		case <-s.done:
		case <-end:
			return
		}
	}
}
