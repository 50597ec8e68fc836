package bindings

import (
	"context"
	"fmt"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings/internal/calendar"
	"github.com/phscript/phscript/planhat"
)

const tenantErrors = "`config` without a tenant token; "

var dimensionFields = []Field{
	{Name: "company_id", Type: "string", Doc: "Only the values of the company with this `_id`. You can also write `cId`, the API's own name."},
	{Name: "cId", Type: "string", Doc: "The same as `company_id`."},
	{Name: "dimension_id", Type: "string", Doc: "Only the values of this metric. You can also write `dimid`, the API's own name."},
	{Name: "dimid", Type: "string", Doc: "The same as `dimension_id`."},
	{Name: "from", Type: "string|integer", Doc: "The first day, as ISO text or days since 1970-01-01.", Text: refusedDay("from")},
	{Name: "to", Type: "string|integer", Doc: "The last day.", Text: refusedDay("to")},
	{Name: "limit", Type: "integer", Doc: "The maximum number of rows in total. Default: all.", Number: refusedPaging("limit", 1)},
	{Name: "offset", Type: "integer", Doc: "How many rows to skip. Default: 0.", Number: refusedPaging("offset", 0)},
	{Name: "page_size", Type: "integer", Doc: "How many rows per request.", Number: refusedPaging("page_size", 1)},
}

func dimensionOptions(a *Args) (planhat.DimensionOptions, error) {
	opt := a.Options(0)
	d := planhat.DimensionOptions{
		CompanyID: opt.String("company_id"), DimensionID: opt.String("dimension_id"),
		Limit: opt.Int("limit"), Offset: opt.Int("offset"), PageSize: opt.Int("page_size"),
	}
	for _, same := range []struct {
		name, api string
		value     *string
	}{{"company_id", "cId", &d.CompanyID}, {"dimension_id", "dimid", &d.DimensionID}} {
		if !opt.Has(same.api) {
			continue
		}
		if opt.Has(same.name) && opt.String(same.api) != *same.value {
			return d, a.Errorf("options '%s' and '%s' mean the same, but differ", same.name, same.api)
		}
		*same.value = opt.String(same.api)
	}
	var err error
	if d.From, err = dayOf(a, "from"); err != nil {
		return d, err
	}
	d.To, err = dayOf(a, "to")
	return d, err
}

func dimensionPages(a *Args) (func(*planhat.Resource) *planhat.Pager, error) {
	d, err := dimensionOptions(a)
	return func(r *planhat.Resource) *planhat.Pager { return r.PagesDimensionData(d) }, err
}

func (b binding) dimensionData() *Func {
	return &Func{
		Name:    "get_dimension_data",
		Doc:     "Reads the values of metrics: " + b.endpoint() + ". It reads all pages automatically.",
		Params:  []Param{{Name: "options", Type: "table", Optional: true, Doc: "Which values to read.", Fields: dimensionFields}},
		Returns: []Return{{Type: "Metrics[]", Doc: "Rows with `dimensionId`, `time`, `value`, `model`, `parentId`, `companyId`, `companyName`."}},
		Errors:  listErrors,
		Example: "local rows = planhat.metrics.get_dimension_data{ dimension_id = \"daily_logins\", from = \"2024-01-01\", to = \"2024-01-31\" }",
		Source:  "§8 Metrics",
		Call:    b.list(dimensionPages),
	}
}

func (b binding) eachDimension() *Func {
	return &Func{
		Name:    "each_dimension_data",
		Doc:     "Returns an iterator over the values of metrics: " + b.endpoint() + ". Pages are read as the loop needs them.",
		Params:  []Param{{Name: "options", Type: "table", Optional: true, Doc: "Which values to read.", Fields: dimensionFields}},
		Returns: []Return{{Type: "fun(): Metrics?", Doc: "An iterator for `for`."}},
		Errors:  listErrors,
		Example: "local sum = 0\nfor row in planhat.metrics.each_dimension_data{ dimension_id = \"daily_logins\" } do sum = sum + row.value end",
		Source:  "§8 Metrics",
		Call:    b.iterate(dimensionPages),
	}
}

func (b binding) insertMetrics() *Func {
	return &Func{
		Name: "bulk_insert_metrics",
		Doc: "Writes values of metrics: " + b.endpoint() + ". A row is `{ dimensionId, value, externalId, model, date }`; " +
			"`model` defaults to `Company`, `date` to the time of the request. These calls do not count toward the call quota." +
			"\n\nYou can also write `companyId` (as `extid-...`) for `externalId`, and `time` for `date`.",
		Params: []Param{
			{Name: "rows", Type: "Metrics[]|fun(): Metrics?", Doc: "The values: a list, or an iterator."},
			bulkOptionsParam,
		},
		Returns: []Return{{Type: "BulkResult", Doc: "`created` counts the values that were accepted."}},
		Errors:  tenantErrors + bulkErrors,
		Example: "planhat.metrics.bulk_insert_metrics{\n  { dimensionId = \"daily_logins\", externalId = \"a-17\", value = 150, date = \"2024-01-15\" },\n}",
		Source:  "§8 Metrics",
		Call:    func(a *Args) (int, error) { return b.bulk(a, (*planhat.Resource).BulkInsertMetricsSeq) },
	}
}

const activityNames = "You can also write `event`, `userId`, `timestamp` and `companyId` (as `extid-...`) for `action`, `externalId`, `date` and `companyExternalId`."

func (b binding) createActivity() *Func {
	return &Func{
		Name: "create_activity",
		Doc: "Records what an enduser did: " + b.endpoint() + ". Name the enduser by `email` or `externalId`. " +
			"An unknown enduser is created if `companyExternalId` names the company.\n\n" + activityNames,
		Params: []Param{
			{Name: "activity", Type: "User_Activity|User_Activity[]", Doc: "The activity; with `bulk`, a list of them."},
			{Name: "options", Type: "table", Optional: true, Doc: "How to send it.", Fields: append([]Field{
				{Name: "bulk", Type: "boolean", Doc: "Take a list and send it as `bulk_create_activity` does."}}, bulkOptionFields...)},
		},
		Returns: []Return{{Type: "table|BulkResult", Doc: "The API's response, which may be empty; with `bulk`, a BulkResult."}},
		Errors:  tenantErrors + writeErrors,
		Example: "planhat.user_activity.create_activity{ email = \"ada@example.com\", companyExternalId = \"a-17\", action = \"login\" }",
		Source:  "§9 User activity",
		Call: func(a *Args) (int, error) {
			if a.Options(1).Bool("bulk") {
				bulk := b
				bulk.op = b.model.Operation("bulk_create_activity")
				return bulk.bulk(a, (*planhat.Resource).BulkCreateActivitySeq)
			}
			if t := a.Table(0); t.Len() > 0 {
				return 0, a.Errorf("to send a list of activities, pass { bulk = true } as the second argument or call bulk_create_activity")
			}
			return b.send(a, 0, func(ctx context.Context, r *planhat.Resource, body planhat.Record) (planhat.Record, error) {
				return r.CreateActivity(ctx, body)
			})
		},
	}
}

func (b binding) bulkActivities() *Func {
	return &Func{
		Name: "bulk_create_activity",
		Doc:  "Records many activities: " + b.endpoint() + ". The same as `create_activity(list, { bulk = true })`.\n\n" + activityNames,
		Params: []Param{
			{Name: "activities", Type: "User_Activity[]|fun(): User_Activity?", Doc: "The activities: a list, or an iterator."},
			bulkOptionsParam,
		},
		Returns: []Return{{Type: "BulkResult", Doc: "`created` counts the activities that were accepted."}},
		Errors:  tenantErrors + bulkErrors,
		Example: "planhat.user_activity.bulk_create_activity{ { email = \"ada@example.com\", action = \"login\" } }",
		Source:  "§9 User activity",
		Call:    func(a *Args) (int, error) { return b.bulk(a, (*planhat.Resource).BulkCreateActivitySeq) },
	}
}

func (b binding) segment() *Func {
	return &Func{
		Name: "segment",
		Doc: "Sends a call in Segment's format: " + b.endpoint() + ". `identify` says who an enduser is, `track` what they did. " +
			"Planhat ignores other types.",
		Params: []Param{{Name: "call", Type: "table", Doc: "The call.", Fields: []Field{
			{Name: "type", Type: "string", Required: true, Doc: "`identify` or `track`."},
			{Name: "user_id", Type: "string", Doc: "The enduser's id in your system."},
			{Name: "userId", Type: "string", Doc: "The same, in Segment's own spelling."},
			{Name: "event", Type: "string", Doc: "What happened, for `track`."},
			{Name: "traits", Type: "table", Doc: "`name`, `email`, `companyId` (the company's externalId), for `identify`."},
			{Name: "properties", Type: "table", Doc: "More about the event, for `track`."},
		}}},
		Returns: []Return{{Type: "table", Doc: "The API's response, which may be empty."}},
		Errors:  tenantErrors + writeErrors,
		Example: "planhat.user_activity.segment{ type = \"track\", user_id = \"u-1\", event = \"report exported\" }",
		Source:  "§9 User activity",
		Call: func(a *Args) (int, error) {
			raw, err := CodecOf(a.L).EncodeBytes(a.Get(0), EncodeOptions{})
			if err != nil {
				return 0, a.Errorf("the call cannot be sent: %v", err)
			}
			ctx, v := a.Context(), a.Get(0)
			return b.call(a, func(r *planhat.Resource, turn Turn) (planhat.Record, error) {
				return r.Segment(a.located(ctx, []lua.LValue{v}, turn), raw)
			})
		},
	}
}

// dayOf reads an option that is a day: ISO text or a number of days.
func dayOf(a *Args, option string) (int, error) {
	v := a.Options(0).Get(option)
	if s, ok := v.(lua.LString); ok {
		if err := refusedDay(option)(string(s)); err != nil {
			return 0, a.Errorf("%w", err)
		}
		return calendar.EpochDays(string(s))
	}
	return int(lua.LVAsNumber(v)), nil
}

func refusedDay(option string) func(string) error {
	return func(day string) error {
		if _, err := calendar.EpochDays(day); err != nil {
			return fmt.Errorf("option '%s': %w", option, err)
		}
		return nil
	}
}

func epochDaysFormat() *Func {
	return &Func{
		Name: "epoc_days_format",
		Doc:  "Converts a date to days since 1970-01-01, as Planhat stores the days of metrics, invoices and timesheets.",
		Params: []Param{{Name: "date", Type: "string|number", Optional: true,
			Doc: "ISO text such as `2024-01-15`, or seconds since 1970 as `os.time()` returns them. Default: today."}},
		Returns: []Return{{Type: "integer", Doc: "The day's number, counted in UTC."}},
		Errors:  "When the text is not a date.",
		Example: "print(planhat.metrics.epoc_days_format(\"2024-01-15\")) --> 19737",
		Source:  "§10 Data standards",
		Call: func(a *Args) (int, error) {
			var days int
			switch v := a.Get(0).(type) {
			case lua.LString:
				var err error
				if days, err = calendar.EpochDays(string(v)); err != nil {
					return 0, a.Errorf("%v", err)
				}
			case lua.LNumber:
				days = planhat.EpochDays(time.Unix(int64(v), 0))
			default:
				days = planhat.EpochDays(a.Host.Clock.Now())
			}
			return a.Push(lua.LNumber(days))
		},
	}
}
