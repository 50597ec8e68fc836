package simulator

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/phscript/phscript/planhat/catalog"
)

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
    odd            return 200 and a body that the operation never returns (shape=...)
    others         let another client change records of the model first (do=...)

When (all conditions must hold; without any, always)
    every=N        every Nth call
    nth=N          only the Nth call
    first=N        the first N calls
    p=0.05         at random, repeatable with the seed
    times=N        at most N times

Which calls
    model=company  operation=bulk_upsert  method=PUT  host=main|analytics

How
    status=503     for html and odd
    delay=300ms    for slow and latency
    retry-after=2  seconds, or date, or none (429 and other statuses)
    applied=true   carry out the call, then return the error
    late=2s        carry out the call 2 seconds after the response or the cut; late=3 carries it
                   out just before the third call after it
    shape=empty    for odd: empty, object ({}), null, list ([]), text, html or error (an object
                   with an error and status 200); rows (an entry for each row of the call) and
                   counts (counts that do not add up) carry out the call (random if not given)
    do=delete      for others: create, update (which moves a record in a sorted list), archive or
                   delete (random if not given)
    rows=3         for others: how many records they change`

var faultKinds = []FaultKind{
	FaultHTML, FaultResetBefore, FaultResetAfter, FaultTruncate, FaultSlow, FaultLatency, FaultOdd, FaultOthers,
}

var faultSettings = []string{
	"every", "nth", "first", "p", "times", "model", "operation", "method", "host",
	"status", "delay", "retry-after", "applied", "late", "shape", "do", "rows",
}

// ParseFaults reads the text that FaultGrammar documents. An empty text means no
// faults. A fault may name models of the catalog and those declared.
func ParseFaults(text string, declared ...*catalog.Model) ([]Fault, error) {
	known := snakeNames(slices.Concat(catalog.Load().Models, declared))
	var faults []Fault
	for part := range strings.SplitSeq(text, ";") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		f, err := parseFault(part, known)
		if err != nil {
			return nil, fmt.Errorf("fault %q: %w", part, err)
		}
		faults = append(faults, f)
	}
	return faults, nil
}

func parseFault(text string, models []string) (Fault, error) {
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
		if err := f.set(strings.TrimSpace(name), strings.TrimSpace(value), models); err != nil {
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
	case FaultOdd:
		f.Status = 200
	case FaultSlow, FaultLatency:
		f.Delay = time.Second
	}
	return f, nil
}

func (f *Fault) set(name, value string, models []string) (err error) {
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
		if f.Kind == FaultOdd && err == nil && f.Status/100 != 2 {
			return fmt.Errorf("status=%s is not a success; use 200 to 299", value)
		}
		if f.Kind != FaultOdd && err == nil && (f.Status < 400 || f.Status > 599) {
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
	case "rows":
		f.Rows, err = positive(value)
	case "late":
		return f.setLate(value)
	case "shape":
		f.Shape, err = oneOf(value, shapes)
	case "do":
		f.Do, err = oneOf(value, othersDo)
	case "retry-after":
		return f.setRetryAfter(value)
	default:
		return f.setFilter(name, value, models)
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

func (f *Fault) setLate(value string) (err error) {
	if f.LateCalls, err = strconv.Atoi(value); err == nil && f.LateCalls > 0 {
		return nil
	}
	if f.Late, err = time.ParseDuration(value); err != nil || f.Late <= 0 {
		return fmt.Errorf("late=%s must be a duration such as 2s, or a number of calls", value)
	}
	return nil
}

func oneOf[T ~string](value string, known []T) (T, error) {
	if i := slices.Index(known, T(value)); i >= 0 {
		return known[i], nil
	}
	names := make([]string, len(known))
	for i, k := range known {
		names[i] = string(k)
	}
	return "", fmt.Errorf("must be one of %s%s", strings.Join(names, ", "), catalog.DidYouMean(value, names))
}

func (f *Fault) setFilter(name, value string, models []string) error {
	switch name {
	case "model":
		if !slices.Contains(models, value) {
			return fmt.Errorf("unknown model %q%s", value, catalog.DidYouMean(value, models))
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

func snakeNames(models []*catalog.Model) []string {
	var names []string
	for _, m := range models {
		names = append(names, m.Snake)
	}
	return names
}

func itoa(n int) string { return strconv.Itoa(n) }
