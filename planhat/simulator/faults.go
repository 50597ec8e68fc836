package simulator

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/phscript/phscript/planhat/catalog"
)

// FaultKind names a way to misbehave.
type FaultKind string

// The kinds of fault. FaultStatus answers with Fault.Status and an error body;
// FaultHTML does so with an HTML page (502 if no status is given). The
// resets cut the connection before the call was applied, or after. Truncate
// announces the whole body and sends half of it. Slow sends the body in
// pieces over Fault.Delay; Latency waits for Fault.Delay before it answers. Odd
// answers with a good status and a body that is not what the operation returns.
// Others lets another client change records before the call is carried out.
const (
	FaultStatus      FaultKind = "status"
	FaultHTML        FaultKind = "html"
	FaultResetBefore FaultKind = "reset-before"
	FaultResetAfter  FaultKind = "reset-after"
	FaultTruncate    FaultKind = "truncate"
	FaultSlow        FaultKind = "slow"
	FaultLatency     FaultKind = "latency"
	FaultOdd         FaultKind = "odd"
	FaultOthers      FaultKind = "others"
)

// Fault is one way in which the server misbehaves, and when. A fault without
// Every, Nth, First and P hits every call that its filters select; with
// several of them, each must agree. The calls are counted per fault, from 1,
// in the order in which they arrive.
type Fault struct {
	Kind   FaultKind
	Status int // for FaultStatus, FaultHTML and FaultOdd

	Every int     // every n-th call
	Nth   int     // the n-th call only
	First int     // the first n calls
	P     float64 // by chance, from Options.Seed
	Times int     // at most this often; 0 means no bound

	// Applied makes a fault that answers carry out the call first, as a server
	// does that fails late.
	Applied bool
	// Late makes a fault carry out the call after its answer: when that time is
	// over, or when LateCalls more calls have come.
	Late      time.Duration
	LateCalls int
	// Shape is the body of an odd answer, "" for one by chance.
	Shape Shape
	// Do is what others do, "" for one by chance, and Rows how often, at least
	// once.
	Do   OthersDo
	Rows int
	// RetryAfter is the header of a status fault: seconds, "date" for one
	// second ahead as an HTTP date, "none" or "" for no header.
	RetryAfter string
	// Delay is the time that slow and latency take.
	Delay time.Duration

	// Filters; empty selects all. Host is "main" or "analytics".
	Model, Operation, Method, Host string
}

// String names the fault as ParseFaults writes it, without its conditions.
func (f Fault) String() string {
	if f.Kind == FaultStatus {
		return itoa(f.Status)
	}
	return string(f.Kind)
}

func (f Fault) selects(c *Call) bool {
	return (f.Model == "" || f.Model == c.Model || sharesPath(catalog.Load().Model(f.Model), catalog.Load().Model(c.Model))) &&
		(f.Operation == "" || f.Operation == c.Operation) &&
		(f.Method == "" || f.Method == c.Method) &&
		(f.Host == "" || f.Host == c.Host)
}

// faultSet decides which faults hit a call. It is safe for concurrent use.
type faultSet struct {
	mu    sync.Mutex
	seed  int64
	armed []*armedFault
}

type armedFault struct {
	Fault
	seen, fired int
	chance      *rand.Rand
}

func (s *faultSet) add(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range faults {
		source := rand.NewPCG(uint64(s.seed), uint64(len(s.armed))+1)
		s.armed = append(s.armed, &armedFault{Fault: f, chance: rand.New(source)})
	}
}

func (s *faultSet) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.armed = nil
}

// struck is what the faults do to one call.
type struck struct {
	// fault ends the call, if it is not nil.
	fault   *Fault
	latency time.Duration
	// others are the changes that come before the call.
	others []othersChange
}

// hit returns what the faults do to a call.
func (s *faultSet) hit(c *Call) struck {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out struck
	for _, a := range s.armed {
		if !a.selects(c) || !a.fires() {
			continue
		}
		switch {
		case a.Kind == FaultLatency:
			out.latency += a.Delay
		case a.Kind == FaultOthers:
			out.others = append(out.others, a.changes()...)
		case out.fault == nil:
			out.fault = a.chosen(c)
		default:
			continue
		}
		a.fired++
	}
	return out
}

// chosen returns the fault with what it leaves to chance.
func (a *armedFault) chosen(c *Call) *Fault {
	f := a.Fault
	if f.Kind != FaultOdd || f.Shape != "" {
		return &f
	}
	if f.Shape = shapes[a.chance.IntN(len(shapes))]; f.Shape == ShapeList && strings.Contains(c.Operation, "list") {
		f.Shape = ShapeNull // an empty list would be nothing odd
	}
	return &f
}

func (a *armedFault) fires() bool {
	a.seen++
	chosen := a.P == 0 || a.chance.Float64() < a.P
	return chosen &&
		(a.Times == 0 || a.fired < a.Times) &&
		(a.Every == 0 || a.seen%a.Every == 0) &&
		(a.Nth == 0 || a.seen == a.Nth) &&
		(a.First == 0 || a.seen <= a.First)
}

// InjectFaults adds faults to those that the server already has. If one is
// invalid, it adds none.
func (s *Server) InjectFaults(faults ...Fault) error {
	var errs []error
	for _, f := range faults {
		errs = append(errs, f.check(s.models))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	s.faults.add(faults...)
	return nil
}

// ClearFaults makes the server behave again.
func (s *Server) ClearFaults() { s.faults.clear() }

// check returns why a fault would never fire, or would not do what it says. The
// models are those of the server.
func (f Fault) check(models []*catalog.Model) error {
	var errs []error
	require := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf("fault %q: "+format, append([]any{string(f.Kind)}, args...)...))
		}
	}
	failure := f.Status >= 400 && f.Status <= 599
	switch f.Kind {
	case FaultStatus:
		require(failure, "Status %d is not an error; use 400 to 599", f.Status)
	case FaultHTML:
		require(failure || f.Status == 0, "Status %d is not an error; use 400 to 599", f.Status)
	case FaultOdd:
		require(f.Status == 0 || f.Status/100 == 2, "Status %d is not a success; use 200 to 299", f.Status)
	case FaultSlow, FaultLatency:
		require(f.Delay > 0, "Delay is missing")
	default:
		if _, err := newFault(string(f.Kind)); err != nil {
			return err
		}
	}
	for _, n := range []struct {
		name  string
		value int64
	}{
		{"Every", int64(f.Every)}, {"Nth", int64(f.Nth)}, {"First", int64(f.First)}, {"Times", int64(f.Times)}, {"Rows", int64(f.Rows)},
		{"LateCalls", int64(f.LateCalls)}, {"Late", int64(f.Late)}, {"Delay", int64(f.Delay)},
	} {
		require(n.value >= 0, "%s is negative", n.name)
	}
	require(f.P >= 0 && f.P <= 1, "P %v must be from 0 to 1", f.P)
	if f.Shape != "" {
		_, err := oneOf(string(f.Shape), shapes)
		require(err == nil, "Shape %q %v", f.Shape, err)
	}
	if f.Do != "" {
		_, err := oneOf(string(f.Do), othersDo)
		require(err == nil, "Do %q %v", f.Do, err)
	}
	if f.RetryAfter != "" {
		err := new(Fault).setRetryAfter(f.RetryAfter)
		require(err == nil, "%v", err)
	}
	names := snakeNames(models)
	require(f.Model == "" || slices.Contains(names, f.Model), "unknown model %q%s", f.Model, catalog.DidYouMean(f.Model, names))
	operations := operationNames(models, f.Model)
	require(f.Operation == "" || slices.Contains(operations, f.Operation), "unknown operation %q%s", f.Operation, catalog.DidYouMean(f.Operation, operations))
	methods := []string{"", http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete}
	require(slices.Contains(methods, f.Method), "no operation has the method %q", f.Method)
	require(f.Host == "" || f.Host == string(catalog.Main) || f.Host == string(catalog.Analytics), "Host %q must be main or analytics", f.Host)
	return errors.Join(errs...)
}

// operationNames returns the operations of a model, or of all models.
func operationNames(models []*catalog.Model, of string) []string {
	var names []string
	for _, m := range models {
		if of != "" && m.Snake != of && !sharesPath(catalog.Load().Model(of), m) {
			continue
		}
		for i := range m.Operations {
			names = append(names, m.Operations[i].Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
