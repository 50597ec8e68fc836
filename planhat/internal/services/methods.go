package services

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dustin/go-humanize/english"

	"github.com/phscript/phscript/planhat/catalog"
)

// method is one Go method to write.
type method struct {
	Name, Doc, Endpoint   string
	Params, Results, Args string
}

const (
	oneRecord = "(Record, error)"
	records   = "([]Record, error)"
	sequence  = "iter.Seq2[Record, error]"
	bulk      = "(*BulkResult, error)"
	bulkIn    = "ctx context.Context, rows []Record, o BulkOptions"
)

// operations are the operations that methods knows.
var operations = []string{
	"get_list", "get_lean_list", "get_by_id", "create", "update", "delete", "bulk_upsert", "duplicate",
	"get_dimension_data", "bulk_insert_metrics", "create_activity", "bulk_create_activity", "segment",
}

// check says what the model lacks that its methods need.
func check(m *catalog.Model) error {
	for _, op := range m.Operations {
		name := m.Snake + "." + op.Name
		switch {
		case !slices.Contains(operations, op.Name):
			return fmt.Errorf("unknown operation %s: use one of %s, or add it to planhat/internal/services/methods.go and planhat",
				name, strings.Join(operations, ", "))
		case op.Base != catalog.Main && op.Base != catalog.Analytics:
			return fmt.Errorf("%s has no known host: set \"base\" of the model to %q or %q", name, catalog.Main, catalog.Analytics)
		case op.Name == "get_list" && op.Parameter("limit") == nil:
			return fmt.Errorf("%s has no query parameter \"limit\": copy \"query\" from a similar model", name)
		}
	}
	return nil
}

func methods(m *catalog.Model) []method {
	var out []method
	for _, op := range m.Operations {
		one := method{Name: Method(op.Name), Endpoint: op.Method + " " + op.Path}
		switch op.Name {
		case "create":
			one.Params, one.Args, one.Results = "ctx context.Context, record any", "ctx, record", oneRecord
		case "update":
			one.Params, one.Args, one.Results = "ctx context.Context, id string, changes any", "ctx, id, changes", oneRecord
		case "get_by_id", "delete":
			one.Params, one.Args, one.Results = "ctx context.Context, id string", "ctx, id", oneRecord
		case "get_list":
			one.Params, one.Args, one.Results = "ctx context.Context, o ListOptions", "ctx, o", records
		case "get_lean_list":
			one.Params, one.Args, one.Results = "ctx context.Context, o LeanOptions", "ctx, o", records
		case "get_dimension_data":
			one.Params, one.Args, one.Results = "ctx context.Context, o DimensionOptions", "ctx, o", records
		case "bulk_upsert", "bulk_insert_metrics", "bulk_create_activity":
			one.Params, one.Args, one.Results = bulkIn, "ctx, rows, o", bulk
		case "duplicate":
			one.Params, one.Args, one.Results = "ctx context.Context, ids []string", "ctx, ids", bulk
		case "create_activity":
			one.Params, one.Args, one.Results = "ctx context.Context, activity any", "ctx, activity", oneRecord
		case "segment":
			one.Params, one.Args, one.Results = "ctx context.Context, call any", "ctx, call", oneRecord
		default:
			panic("services: the catalog has an operation that is not known here: " + op.Name)
		}
		one.Doc = one.Name + " " + describe(m, op)
		out = append(out, one)
		if each := iterator(m, op, one); each != nil {
			out = append(out, *each)
		}
	}
	return out
}

// iterator returns the method that iterates where the operation has pages.
func iterator(m *catalog.Model, op *catalog.Operation, list method) *method {
	each := list
	each.Results = sequence
	switch op.Name {
	case "get_list":
		each.Name = "Each"
	case "get_dimension_data":
		each.Name = "EachDimensionData"
	default:
		return nil
	}
	each.Doc = fmt.Sprintf("%s iterates over the %s that %s would return, page by page. It stops reading when the loop ends; an error ends the sequence.",
		each.Name, m.Plural, list.Name)
	return &each
}

// describe returns what follows the method's name in its comment.
func describe(m *catalog.Model, op *catalog.Operation) string {
	switch op.Name {
	case "create":
		return fmt.Sprintf("stores %s and returns it as Planhat stored it.%s", catalog.WithArticle(m.Noun), required(m))
	case "update":
		return fmt.Sprintf("changes the given properties of %s and leaves the others as they are. The id may be %s.", catalog.WithArticle(m.Noun), ids(m.Keyables.Update))
	case "get_by_id":
		return fmt.Sprintf("returns one of the %s. The id may be %s.", m.Plural, ids(m.Keyables.Get))
	case "delete":
		return fmt.Sprintf("removes one of the %s and returns Planhat's answer, {} where it is empty. The id may be %s.%s", m.Plural, ids(m.Keyables.Delete), lookedUp(m))
	case "get_list":
		return fmt.Sprintf("returns the %s that the options choose, in requests of up to %d.%s", m.Plural, op.Parameter("limit").Max, filters(op))
	case "get_lean_list":
		return "returns companies with " + english.WordSeries(op.Returns, "and") + " only, all in one request." + filters(op)
	case "bulk_upsert":
		return fmt.Sprintf("creates and updates %s, %d in a request. A row updates the record with the same %s, the first that it carries; other rows create one.%s",
			m.Plural, op.MaxItems, english.WordSeries(m.Keyables.Bulk, "or"), requiredInBulk(m))
	case "duplicate":
		return fmt.Sprintf("copies the %s with the given ids.", m.Plural)
	case "get_dimension_data":
		return "reads stored values of metrics, in pages."
	case "bulk_insert_metrics":
		return fmt.Sprintf("stores values of metrics, up to %d MiB in a request. It needs the tenant token and spends no quota. Each row needs %s.",
			op.MaxBodyBytes>>20, english.WordSeries(m.RequiredOnCreate, "and"))
	case "create_activity":
		return fmt.Sprintf("records one activity of an enduser, who is found by %s. It needs the tenant token and spends no quota.", english.WordSeries(m.RequiredOneOf, "or"))
	case "bulk_create_activity":
		return fmt.Sprintf("records activities of endusers, up to %d MiB in a request. It needs the tenant token and spends no quota.", op.MaxBodyBytes>>20)
	default:
		return "sends one identify or track call in Segment's form. It needs the tenant token and spends no quota."
	}
}

func required(m *catalog.Model) string {
	var b strings.Builder
	if len(m.RequiredOnCreate) > 0 {
		b.WriteString(" It needs " + english.WordSeries(m.RequiredOnCreate, "and") + ".")
	}
	if len(m.RequiredOneOf) > 0 {
		b.WriteString(" It needs one of " + english.WordSeries(m.RequiredOneOf, "and") + ".")
	}
	return b.String()
}

func requiredInBulk(m *catalog.Model) string {
	if len(m.RequiredOnBulkCreate) == 0 {
		return ""
	}
	return " A new record needs " + english.WordSeries(m.RequiredOnBulkCreate, "and") + "."
}

func filters(op *catalog.Operation) string {
	var names []string
	for _, q := range op.Filters() {
		names = append(names, q.Name)
	}
	if len(names) == 0 {
		return ""
	}
	return " It filters by " + english.WordSeries(names, "and") + "."
}

func ids(keyables []string) string {
	forms := make([]string, 0, len(keyables))
	for _, k := range keyables {
		if k == "_id" {
			forms = append(forms, "an _id")
			continue
		}
		forms = append(forms, k+"…")
	}
	return english.WordSeries(forms, "or")
}

// lookedUp names the ids that delete takes after a look-up only.
func lookedUp(m *catalog.Model) string {
	var more []string
	for _, k := range m.Keyables.Get {
		if !slices.Contains(m.Keyables.Delete, k) {
			more = append(more, k)
		}
	}
	if len(more) == 0 {
		return ""
	}
	return " With " + ids(more) + " the record is looked up first."
}
