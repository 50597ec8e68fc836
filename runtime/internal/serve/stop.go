package serve

import (
	"context"
	"errors"
	"time"
)

// shutDown ends the service, and calls gather when no run is left. Runs that do not
// end in time are handed over if they may be retried.
func (s *Service) shutDown(gather func()) error {
	if n := s.worker.Busy(); n > 0 {
		s.o.Log.Info("stopping when the runs in progress have ended", "runs", n, "at_most", s.o.Grace.String())
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.o.Grace)
	defer cancel()
	err := s.o.Engine.Stop(ctx)
	if err != nil && errors.Is(err, context.DeadlineExceeded) {
		s.o.Log.Warn("asking the runs in progress to end", "runs", s.worker.Busy())
		patience, cancel := context.WithTimeout(context.Background(), askedFor+overtime)
		defer cancel()
		err = s.o.Engine.StopAndCancel(patience)
	}
	gather()
	// The runs that have just ended may have failed.
	last, done := context.WithTimeout(context.Background(), noticeTime)
	defer done()
	err = errors.Join(err, s.Deliver(last), s.retire(last))
	s.o.Log.Info("stopped")
	return err
}

// abandon asks the runs in progress to end, and waits for that. The store cannot be
// used, so the engine could not record their ends.
func (s *Service) abandon() {
	ctx, cancel := context.WithTimeout(context.Background(), askedFor+overtime)
	defer cancel()
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		_ = s.o.Engine.StopAndCancel(ctx)
	}()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for s.worker.Busy() > 0 && ctx.Err() == nil {
		<-tick.C
	}
	select {
	case <-stopped:
	case <-time.After(time.Second):
	}
	s.o.Log.Info("stopped")
}

// Ready reports whether schedules are planned, or why not.
func (s *Service) Ready(ctx context.Context) error {
	if s.stopping.Load() {
		return errors.New("the service is stopping")
	}
	if err := s.o.DB.PingContext(ctx); err != nil {
		s.o.Log.Debug("the store is unreachable", "reason", err.Error())
		return errors.New("the store is unreachable; the service's log says why")
	}
	if s.planFails.Load() {
		return errors.New("schedules cannot be planned; the service's log says why")
	}
	if last := time.Unix(0, s.planned.Load()); time.Since(last) > plannedWithin {
		return errors.New("schedules have not been planned recently")
	}
	if began := s.reloading.Load(); began != 0 && time.Since(time.Unix(0, began)) > reloadedWithin {
		return errors.New("the schedules have not been read for too long: a folder or a file does not answer")
	}
	return nil
}
