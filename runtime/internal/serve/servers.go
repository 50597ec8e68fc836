package serve

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/phscript/phscript/runtime/internal/audit"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/quota"
	"github.com/phscript/phscript/runtime/internal/store"
)

const (
	// seenEvery is how often a process records that it serves a store.
	seenEvery = 5 * time.Second
	// wrongFrom is how far a clock may be off before a warning.
	wrongFrom = 30 * time.Second
	// forgetServers is how long the record of a stopped process is kept.
	forgetServers = 30 * 24 * time.Hour
)

// Server is a process that serves the schedules of a store, or did.
type Server struct {
	Name string `json:"name" doc:"its host and process"`
	// Workers is the most runs at once, 0 after it has stopped.
	Workers int       `json:"workers" doc:"the maximum number of runs at once; 0 after it has stopped"`
	Started time.Time `json:"started" doc:"when it started"`
	Seen    time.Time `json:"seen" doc:"when it last reported"`
	// Live reports whether it was seen in the last 20 seconds.
	Live bool `json:"live" doc:"whether it is running"`
	// Folder is the folder of its configuration.
	Folder string `json:"folder" doc:"the folder of its configuration"`
	// Problem is why its changed configuration is not in effect, or "".
	Problem string `json:"problem,omitempty" doc:"why its changed configuration is not in use"`
	// ClockOff is by how many seconds its clock is fast, compared with the store's.
	ClockOff float64 `json:"clock_off_seconds" doc:"how many seconds its clock is fast, compared with the database's; negative if it is slow"`
}

// WrongClock says how wrong the clock of its machine is, or "" if it is right.
func (s *Server) WrongClock() string {
	off := time.Duration(s.ClockOff * float64(time.Second)).Round(time.Second)
	switch {
	case off >= wrongFrom:
		return off.String() + " fast, compared with the database's"
	case off <= -wrongFrom:
		return (-off).String() + " slow, compared with the database's"
	}
	return ""
}

// Servers lists the processes that serve a store or did recently, those seen last
// first.
func Servers(ctx context.Context, db store.Source) (list []Server, err error) {
	err = store.Each(ctx, db, func(row *sql.Rows) error {
		var s Server
		var started, seen, off, now int64
		err := row.Scan(&s.Name, &s.Workers, &started, &seen, &s.Problem, &s.Folder, &off, &now)
		s.ClockOff = float64(off) / 1e6
		s.Started, s.Seen = time.UnixMicro(started), time.UnixMicro(seen)
		s.Live = s.Workers > 0 && now-seen < (4*seenEvery).Microseconds()
		list = append(list, s)
		return err
	}, `SELECT name, workers, started_at, seen_at, problem, folder, clock_off, `+db.Now()+` FROM phscript_server ORDER BY seen_at DESC, name LIMIT 100`)
	return list, err
}

// alone fails with a *store.Error while a process on this machine serves the store
// from another folder: each of the two would remove the other's schedules.
func (s *Service) alone(ctx context.Context) error {
	servers, err := Servers(ctx, s.o.DB)
	if err != nil {
		return err
	}
	host := func(name string) string { return name[:max(0, strings.LastIndex(name, ":"))] }
	for _, other := range servers {
		if other.Live && s.o.Alone {
			return &store.Error{
				Message: fmt.Sprintf("%s is already using the store %s", other.Name, s.o.DB.Location),
				Hint:    "stop it first, or give this service its own store with --state; if it was killed, try again in 30 seconds",
			}
		}
		if other.Live && other.Folder != s.o.Loader.Dir && host(other.Name) == host(s.o.Name) {
			return &store.Error{
				Message: fmt.Sprintf("the store %s already serves the schedules in %s (%s)", s.o.DB.Location, other.Folder, other.Name),
				Hint:    "add these schedules to the phscript.toml there, or give this service its own store with --state; if the other one was killed, try again in 30 seconds",
			}
		}
	}
	return nil
}

// register stores that this process serves from now on.
func (s *Service) register(ctx context.Context) error {
	now, err := s.schedules.now(ctx, s.o.DB)
	if err != nil {
		return err
	}
	s.started = now.UnixMicro()
	return store.Exec(ctx, s.o.DB, `INSERT INTO phscript_server (name, workers, started_at, seen_at, folder) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		s.o.Name, s.o.Workers, s.started, s.started, s.o.Loader.Dir)
}

// seen stores that this process still serves, what is wrong with its configuration, and
// since when the store could not be written, if it can be again.
func (s *Service) seen(ctx context.Context) error {
	problem := ""
	if err := s.Problem(); err != nil {
		problem = err.Error()
	}
	var now int64
	asked := time.Now()
	err := s.o.DB.QueryRowContext(ctx, `UPDATE phscript_server SET seen_at = `+s.o.DB.Now()+`, problem = ?, clock_off = ? WHERE name = ? AND started_at = ? RETURNING seen_at`,
		problem, s.clockOff.Load(), s.o.Name, s.started).Scan(&now)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil // the record was deleted
	} else if err == nil {
		s.noteClock(asked, time.UnixMicro(now))
	}
	if err == nil {
		return s.outage.end(ctx, s.o.DB, s.o.Name)
	}
	s.outage.begin(err)
	return err
}

// noteClock compares the clock of this machine with the store's, which answered a moment
// after it was asked.
func (s *Service) noteClock(asked, answer time.Time) {
	took := time.Since(asked)
	if took > time.Second {
		return
	}
	off := asked.Add(took / 2).Sub(answer)
	before := Server{ClockOff: time.Duration(s.clockOff.Swap(off.Microseconds()) * 1000).Seconds()}
	now := Server{ClockOff: off.Seconds()}
	if wrong := now.WrongClock(); wrong != "" && before.WrongClock() == "" {
		s.o.Log.Warn("the clock of this machine is " + wrong + "; scripts and logs have the wrong time")
	}
}

// retire stores that this process no longer serves.
func (s *Service) retire(ctx context.Context) error {
	return store.Exec(ctx, s.o.DB, `UPDATE phscript_server SET seen_at = `+s.o.DB.Now()+`, workers = 0, problem = '' WHERE name = ? AND started_at = ?`,
		s.o.Name, s.started)
}

// prune deletes what is older than the configuration says, or takes too much.
func (s *Service) prune(ctx context.Context) error {
	s.mu.Lock()
	set := s.loaded.Config.Serve
	s.mu.Unlock()
	days, size := cmp.Or(max(0, set.KeepDays), DefaultKeepDays), int64(DefaultKeepSize)
	if err := config.Set("", set.KeepSize, &size, config.ParseSize); err != nil {
		return err
	}
	now, err := s.schedules.now(ctx, s.o.DB)
	if err != nil {
		return err
	}
	if s.o.Plans != nil { // which count towards the size
		taken, err := s.o.Plans.Size(ctx)
		if err != nil {
			return err
		}
		size = max(size/4, size-taken)
	}
	n, err := s.history.Prune(ctx, now.AddDate(0, 0, -days), size)
	if n > 0 {
		s.o.Log.Info("deleted old runs from the history", "runs", n)
	}
	gone := store.Exec(ctx, s.o.DB, `DELETE FROM phscript_server WHERE seen_at < `+s.o.DB.Now()+` - ?`, forgetServers.Microseconds())
	old := store.Exec(ctx, s.o.DB, `DELETE FROM phscript_outage WHERE until_at < `+s.o.DB.Now()+` - ?`, forgetServers.Microseconds())
	return errors.Join(err, gone, old, quota.Forget(ctx, s.o.DB), audit.Prune(ctx, s.o.DB))
}
