package serve

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/history"
	"github.com/phscript/phscript/tests/patience"
)

var pagesAt = regexp.MustCompile(`health and metrics address=(\S+)`)

// page gets one of a service's pages.
func (s *service) page(path string) (status int, text string) {
	s.w.t.Helper()
	s.says("health and metrics address=")
	answer, err := http.Get("http://" + pagesAt.FindStringSubmatch(s.String())[1] + path)
	require.NoError(s.w.t, err)
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	require.NoError(s.w.t, err)
	return answer.StatusCode, string(body)
}

// metrics parses the metrics, as Prometheus does.
func (s *service) metrics() map[string]*dto.MetricFamily {
	s.w.t.Helper()
	status, text := s.page("/metrics")
	require.Equal(s.w.t, http.StatusOK, status)
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	require.NoError(s.w.t, err)
	return families
}

// value finds a counter or gauge by its labels, written name=value.
func value(families map[string]*dto.MetricFamily, name string, labels ...string) float64 {
	for _, m := range families[name].GetMetric() {
		fits := 0
		for _, l := range m.GetLabel() {
			for _, want := range labels {
				if l.GetName()+"="+l.GetValue() == want {
					fits++
				}
			}
		}
		if fits == len(labels) {
			return m.GetGauge().GetValue() + m.GetCounter().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return -1
}

// TestPagesAndReload: the health and metrics pages, and what they say while the
// configuration is changed, broken and mended.
func TestPagesAndReload(t *testing.T) {
	t.Parallel()
	w := newFixture(t, "")
	w.file("phscript.toml", "[[schedule]]\nname = \"often\"\nscript = \"often.lua\"\nevery = \"2s\"\n")
	w.file("often.lua", "print(#planhat.company.get_list())\n")
	s := w.serve("--listen", "127.0.0.1:0")
	w.await("often", atLeast(2, history.Succeeded))
	status, text := s.page("/healthz")
	assert.Equal(t, 200, status)
	assert.Equal(t, "ok\n", text)
	status, text = s.page("/readyz")
	assert.Equal(t, 200, status, text)
	m := s.metrics()
	assert.GreaterOrEqual(t, value(m, "phscript_runs_total", "schedule=often", "status=succeeded"), 2.0)
	assert.GreaterOrEqual(t, value(m, "phscript_run_duration_seconds", "schedule=often"), 2.0)
	assert.GreaterOrEqual(t, value(m, "phscript_run_calls_total", "schedule=often"), 2.0)
	assert.Equal(t, 0.0, value(m, "phscript_run_call_retries_total", "schedule=often"))
	assert.GreaterOrEqual(t, value(m, "phscript_run_quota_waited_seconds_total", "schedule=often"), 0.0)
	assert.Equal(t, 0.0, value(m, "phscript_retries_total"))
	assert.GreaterOrEqual(t, value(m, "phscript_quota_used"), 2.0)
	assert.Equal(t, 200.0, value(m, "phscript_quota_limit"))
	assert.Equal(t, 0.0, value(m, "phscript_configuration_broken"))
	assert.GreaterOrEqual(t, value(m, "phscript_runs_stored", "status=succeeded"), 2.0)

	// A broken file: the last good one stays, and everybody can see why.
	w.file("phscript.toml", "[[schedule]]\nname = \"often\"\nscript = \"often.lua\"\nevry = \"2s\"\n")
	s.says("the changed configuration is invalid")
	assert.Equal(t, 1.0, value(s.metrics(), "phscript_configuration_broken"))
	status, text = s.page("/readyz")
	assert.Equal(t, 200, status, "it goes on with what it has")
	assert.Equal(t, "ok\nthe changed configuration is not in use; the service's log says why\n", text)
	patience.Await(t, 200*time.Millisecond, func() bool {
		return strings.Contains(w.do("schedule", "list"), "did you mean 'every'?")
	}, "the problem is never shown")
	n := len(with(w.runs("often"), history.Succeeded))
	w.await("often", atLeast(n+1, history.Succeeded))

	// Mended, with another schedule, and one in a script's header.
	w.file("phscript.toml", "[[schedule]]\nname = \"mended\"\nscript = \"often.lua\"\nevery = \"1s\"\n")
	s.says("the changed configuration is now in use")
	w.await("mended", atLeast(1, history.Succeeded))
	assert.Empty(t, with(w.runs("often"), history.Queued), "a schedule that is gone is called off")
	assert.Equal(t, 0.0, value(s.metrics(), "phscript_configuration_broken"))
	w.file("header.lua", "-- @schedule \"every 1s\" name=header\nprint('hello')\n")
	w.await("header", atLeast(1, history.Succeeded))
	w.file("header.lua", "-- @schedule \"every 1s\" name=other\nprint('hello')\n")
	w.await("other", atLeast(1, history.Succeeded))
	// A script that does not compile is not taken into use either.
	w.file("header.lua", "-- @schedule \"every 1s\" name=other\nprint('hello'\n")
	s.says("header.lua:")
	s.stop()
}

// TestAReleaseIsSwitched: a service whose folder is a link goes on with the
// folder that the link leads to by now.
func TestAReleaseIsSwitched(t *testing.T) {
	t.Parallel()
	w := newFixture(t, "")
	for _, release := range []string{"v1", "v2"} {
		require.NoError(t, os.Mkdir(filepath.Join(w.dir, release), 0o700))
		w.file(release+"/phscript.toml", "")
		w.file(release+"/job.lua", "-- @schedule \"every 1s\"\nprint('"+release+"')\n")
	}
	current := filepath.Join(w.dir, "current")
	require.NoError(t, os.Symlink("v1", current))
	s := w.serve("--config", "current/phscript.toml")
	says := func(release string) {
		t.Helper()
		w.await("job", func(runs []*history.Run) bool {
			done := with(runs, history.Succeeded)
			return len(done) > 0 && strings.Contains(w.do("runs", "logs", strconv.FormatInt(done[len(done)-1].ID, 10)), release)
		})
	}
	says("v1")
	require.NoError(t, os.Symlink("v2", current+".new"))
	require.NoError(t, os.Rename(current+".new", current))
	s.says("the changed configuration is now in use")
	says("v2")
	s.stop()
}
