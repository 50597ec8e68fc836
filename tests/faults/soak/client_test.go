package soak

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"maps"

	"github.com/phscript/phscript/planhat"
)

var silent = log.New(io.Discard, "", 0)

// claim is what a script was told about one call.
type claim struct {
	// Start and End are the places in the log before and after the call.
	Start, End int

	OK, Uncertain bool
	Kind, Message string
	ID            string
	IDs           []string
	// Unseen and Read are the tally's figures of the call.
	Unseen, Read int

	Result  bool
	Created int
	Updated int

	Unchanged, UncertainOutcome, Rows int

	Errors []rowError
	Keys   []rowKey
	// Outcomes are what scripts are told of each row.
	Outcomes map[int]string
	// Made are the ids of records that a sweep created.
	Made []string
}

type rowError struct {
	Index     int
	Uncertain bool
	Message   string
}

type rowKey struct {
	Index   int
	ID      string
	Created bool
}

// runClient carries out the script with the Go client.
func runClient(ctx context.Context, t *tenant, l *lane) ([]claim, planhat.Summary, error) {
	tally := &planhat.Tally{}
	cfg := l.config(t)
	cfg.Observer = tally
	cfg.Limiter = planhat.NewLimiter(planhat.LimiterConfig{CallsPerMinute: -1, PerSecond: -1})
	c, err := planhat.New(cfg)
	if err != nil {
		return nil, planhat.Summary{}, err
	}
	ctx = unhurried(ctx)
	claims := make([]claim, len(t.scenario.ops))
	for i, o := range t.scenario.ops {
		before := tally.Snapshot()
		start := t.place()
		claims[i] = carryOut(ctx, c, o)
		claims[i].Start, claims[i].End = start, t.place()
		since := tally.Snapshot().Since(before)
		claims[i].Unseen, claims[i].Read = since.Unseen, since.Read
	}
	return claims, tally.Snapshot(), nil
}

func carryOut(ctx context.Context, c *planhat.Client, o op) (out claim) {
	r, err := c.Model(o.Model)
	if err != nil {
		return claim{Message: err.Error()}
	}
	var record planhat.Record
	rows := make([]planhat.Record, len(o.Rows))
	for i, row := range o.Rows {
		rows[i], _ = json.Marshal(row)
	}
	options := planhat.ListOptions{Sort: o.Sort, PageSize: o.PageSize, Limit: o.Limit}
	if o.Company != "" {
		options.Filter = map[string]string{"companyId": o.Company}
	}
	var result *planhat.BulkResult
	switch o.Kind {
	case "create":
		record, err = r.Create(ctx, rows[0])
	case "update":
		record, err = r.Update(ctx, o.ID, rows[0])
	case "delete":
		_, err = r.Delete(ctx, o.ID)
	case "get":
		record, err = r.GetByID(ctx, o.ID)
	case "list":
		var list []planhat.Record
		list, err = r.GetList(ctx, options)
		out.IDs = ids(list)
	case "lean":
		var list []planhat.Record
		list, err = r.GetLeanList(ctx, planhat.LeanOptions{})
		out.IDs = ids(list)
	case "sweep":
		err = sweep(ctx, r, o, options, &out)
	case "bulk":
		result, err = r.BulkUpsert(ctx, rows, planhat.BulkOptions{ChunkRows: o.Chunk})
	case "metrics":
		result, err = r.BulkInsertMetrics(ctx, rows, planhat.BulkOptions{ChunkRows: o.Chunk})
	case "activities":
		result, err = r.BulkCreateActivity(ctx, rows, planhat.BulkOptions{ChunkRows: o.Chunk})
	}
	out.OK = err == nil
	if e, is := errors.AsType[*planhat.Error](err); is {
		out.Uncertain, out.Kind, out.Message = e.Uncertain, string(e.Kind), e.Message
	}
	if record != nil {
		out.ID = id(record)
	}
	if result != nil {
		out.took(result)
	}
	return out
}

func (c *claim) took(r *planhat.BulkResult) {
	c.Result = true
	c.Created, c.Updated, c.Unchanged, c.UncertainOutcome, c.Rows = r.Created, r.Updated, r.Unchanged, r.UncertainOutcome, r.Rows
	for _, e := range r.Errors {
		c.Errors = append(c.Errors, rowError{e.Index, e.Uncertain, e.Message})
	}
	for _, k := range r.Keys {
		c.Keys = append(c.Keys, rowKey{k.Index, k.ID, k.Created})
	}
}

// most is how many records a sweep may read before it counts as endless.
const most = 5000

// sweep changes each record that it reads.
func sweep(ctx context.Context, r *planhat.Resource, o op, options planhat.ListOptions, out *claim) error {
	for record, err := range r.Each(ctx, options) {
		if err != nil {
			return err
		}
		out.IDs = append(out.IDs, id(record))
		if len(out.IDs) > most {
			return errors.New("the loop does not end")
		}
		switch o.Do {
		case "delete":
			_, _ = r.Delete(ctx, id(record))
		case "archive":
			_, _ = r.Update(ctx, id(record), map[string]any{"archived": true, "isArchived": true})
		case "update":
			_, _ = r.Update(ctx, id(record), map[string]any{"name": "N0"})
		case "create":
			if made, err := r.Create(ctx, maps.Clone(o.Rows[0])); err == nil {
				out.Made = append(out.Made, id(made))
			}
		}
	}
	return nil
}

func ids(list []planhat.Record) []string {
	out := make([]string, len(list))
	for i, record := range list {
		out[i] = id(record)
	}
	return out
}

func id(record planhat.Record) string {
	var r struct {
		ID string `json:"_id"`
	}
	_ = json.Unmarshal(record, &r)
	return r.ID
}
