package simulator

import (
	"math/rand/v2"
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

// InjectFaults adds faults to those that the server already has.
func (s *Server) InjectFaults(faults ...Fault) { s.faults.add(faults...) }

// ClearFaults makes the server behave again.
func (s *Server) ClearFaults() { s.faults.clear() }
