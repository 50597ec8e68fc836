package suite

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/recording"
)

// replay answers the script's requests from the recording that the test names.
func (f *file) replay(a *bindings.Args, r *scriptRun, o *runtime.Options) error {
	name := a.Options(1).String("replay")
	if name == "" {
		return nil
	}
	file, err := recording.Read(filepath.Join(filepath.Dir(f.result.Path), filepath.FromSlash(name)))
	switch {
	case errors.Is(err, os.ErrNotExist):
		return a.Errorf("no recording %s beside %s; make one with phscript record -o %s", name, f.result.Name, name)
	case err != nil:
		return a.Errorf("cannot use the recording %s: %v", name, err)
	}
	r.replay = recording.NewReplay(file, name, &recording.Masks{}, o.Now)
	h := r.replay.Header()
	o.Transport, o.Offline, o.Stubs = r.replay.Transport, true, nil
	o.Planhat.Retry = planhat.RetryPolicy{MaxAttempts: 1, MaxPauses: 1}
	o.Planhat.BaseURL, o.Planhat.AnalyticsURL = h.APIURL, h.AnalyticsURL
	return nil
}
