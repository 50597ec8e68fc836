package simulator

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
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

// FaultGrammar documents the text that ParseFaults reads.
const FaultGrammar = `Faults are separated by semicolons; each is a kind and, after a colon, settings separated by commas:

    429:every=10,retry-after=2;500:p=0.05;reset-after:nth=3,model=task

Kinds
    400 to 599     return that status and an error body
    html           return an HTML error page (status=502)
    reset-before   cut the connection before the call is applied
    reset-after    apply the call, then cut the connection
    truncate       send half of the body
    slow           send the body in pieces (delay=1s)
    latency        wait before responding (delay=1s)

When (all conditions must hold; without any, always)
    every=N        every Nth call
    nth=N          only the Nth call
    first=N        the first N calls
    p=0.05         at random, repeatable with the seed
    times=N        at most N times

Which calls
    model=company  operation=bulk_upsert  method=PUT  host=main|analytics

How
    status=503     for html
    delay=300ms    for slow and latency
    retry-after=2  seconds, or date, or none (429 and other statuses)
    applied=true   carry out the call, then return the error`

var faultKinds = []FaultKind{
	FaultHTML, FaultResetBefore, FaultResetAfter, FaultTruncate, FaultSlow, FaultLatency,
}

var faultSettings = []string{
	"every", "nth", "first", "p", "times", "model", "operation", "method", "host",
	"status", "delay", "retry-after", "applied",
}

// ParseFaults reads the text that FaultGrammar documents. An empty text means no
// faults.
func ParseFaults(text string) ([]Fault, error) {
	var faults []Fault
	for part := range strings.SplitSeq(text, ";") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		f, err := parseFault(part)
		if err != nil {
			return nil, fmt.Errorf("fault %q: %w", part, err)
		}
		faults = append(faults, f)
	}
	return faults, nil
}

func parseFault(text string) (Fault, error) {
	kind, settings, _ := strings.Cut(text, ":")
	f, err := newFault(strings.TrimSpace(kind))
	if err != nil {
		return Fault{}, err
	}
	for part := range strings.SplitSeq(settings, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		name, value, found := strings.Cut(part, "=")
		if !found {
			return Fault{}, fmt.Errorf("%q needs a value, as in every=10", part)
		}
		if err := f.set(strings.TrimSpace(name), strings.TrimSpace(value)); err != nil {
			return Fault{}, err
		}
	}
	return f, nil
}

func newFault(kind string) (Fault, error) {
	if status, err := strconv.Atoi(kind); err == nil {
		if status < 400 || status > 599 {
			return Fault{}, fmt.Errorf("status %d is not an error; use 400 to 599", status)
		}
		return Fault{Kind: FaultStatus, Status: status}, nil
	}
	f := Fault{Kind: FaultKind(kind)}
	if !slices.Contains(faultKinds, f.Kind) {
		known := []string{"429", "500"}
		for _, k := range faultKinds {
			known = append(known, string(k))
		}
		return Fault{}, fmt.Errorf("unknown fault %q%s; use one of %s", kind, catalog.DidYouMean(kind, known), strings.Join(known, ", "))
	}
	switch f.Kind {
	case FaultHTML:
		f.Status = 502
	case FaultSlow, FaultLatency:
		f.Delay = time.Second
	}
	return f, nil
}

func (f *Fault) set(name, value string) (err error) {
	switch name {
	case "every":
		f.Every, err = positive(value)
	case "nth":
		f.Nth, err = positive(value)
	case "first":
		f.First, err = positive(value)
	case "times":
		f.Times, err = positive(value)
	case "p":
		f.P, err = strconv.ParseFloat(value, 64)
		if err != nil || f.P <= 0 || f.P > 1 {
			return fmt.Errorf("p=%s must be above 0 and at most 1", value)
		}
	case "status":
		f.Status, err = positive(value)
		if err == nil && (f.Status < 400 || f.Status > 599) {
			return fmt.Errorf("status=%s is not an error; use 400 to 599", value)
		}
	case "delay":
		f.Delay, err = time.ParseDuration(value)
		if err != nil {
			return fmt.Errorf("delay=%s is not a duration such as 300ms or 2s", value)
		}
	case "applied":
		f.Applied, err = strconv.ParseBool(value)
		if err != nil {
			return fmt.Errorf("applied=%s must be true or false", value)
		}
	case "retry-after":
		return f.setRetryAfter(value)
	default:
		return f.setFilter(name, value)
	}
	if err != nil {
		return fmt.Errorf("%s=%s: %w", name, value, err)
	}
	return nil
}

func (f *Fault) setRetryAfter(value string) error {
	if value != "date" && value != "none" {
		if n, err := strconv.Atoi(value); err != nil || n < 0 {
			return fmt.Errorf("retry-after=%s must be a number of seconds, date or none", value)
		}
	}
	f.RetryAfter = value
	return nil
}

func (f *Fault) setFilter(name, value string) error {
	switch name {
	case "model":
		if catalog.Load().Model(value) == nil {
			return fmt.Errorf("unknown model %q%s", value, catalog.DidYouMean(value, modelNames()))
		}
		f.Model = value
	case "operation":
		f.Operation = value
	case "method":
		f.Method = strings.ToUpper(value)
	case "host":
		if value != string(catalog.Main) && value != string(catalog.Analytics) {
			return fmt.Errorf("host=%s must be main or analytics", value)
		}
		f.Host = value
	default:
		return fmt.Errorf("unknown setting %q%s", name, catalog.DidYouMean(name, faultSettings))
	}
	return nil
}

func positive(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("must be a whole number, at least 1")
	}
	return n, nil
}

func modelNames() []string {
	var names []string
	for _, m := range catalog.Load().Models {
		names = append(names, m.Snake)
	}
	return names
}

func itoa(n int) string { return strconv.Itoa(n) }
