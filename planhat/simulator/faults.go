package simulator

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/phscript/phscript/planhat/catalog"
)

// FaultKind names a way to misbehave.
type FaultKind string

// The kinds of fault. FaultStatus answers with Fault.Status and an error body;
// FaultHTML does so with an HTML page (502 where no status is given). The
// resets cut the connection before the call was applied, or after. Truncate
// announces the whole body and sends half of it. Slow sends the body in
// pieces over Fault.Delay; Latency waits for Fault.Delay before it answers.
const (
	FaultStatus      FaultKind = "status"
	FaultHTML        FaultKind = "html"
	FaultResetBefore FaultKind = "reset-before"
	FaultResetAfter  FaultKind = "reset-after"
	FaultTruncate    FaultKind = "truncate"
	FaultSlow        FaultKind = "slow"
	FaultLatency     FaultKind = "latency"
)

// Fault is one way in which the server misbehaves, and when. A fault without
// Every, Nth, First and P hits every call that its filters select; with
// several of them, each must agree. The calls are counted per fault, from 1,
// in the order in which they arrive.
type Fault struct {
	Kind   FaultKind
	Status int // for FaultStatus and FaultHTML

	Every int     // every n-th call
	Nth   int     // the n-th call only
	First int     // the first n calls
	P     float64 // by chance, from Options.Seed
	Times int     // at most this often; 0 means no bound

	// Applied makes a status fault carry out the call before it answers with
	// the error, as a server does that fails late.
	Applied bool
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

// hit returns the fault that ends the call, or nil, and the latency that
// latency faults add to it.
func (s *faultSet) hit(c *Call) (*Fault, time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var hit *Fault
	var delay time.Duration
	for _, a := range s.armed {
		if !a.selects(c) || !a.fires() {
			continue
		}
		if a.Kind == FaultLatency {
			a.fired++
			delay += a.Delay
			continue
		}
		if hit == nil {
			a.fired++
			hit = &a.Fault
		}
	}
	return hit, delay
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
