package serve

import (
	"encoding/json"
)

// longestSummary bounds what is stored of a run's summary.
const longestSummary = 4 << 20

// boundSummary leaves rejected rows out of a summary that is too long, the last
// ones first, and says in it how many. What is too long for other reasons is
// left out as a whole.
func boundSummary(text []byte) []byte {
	if len(text) <= longestSummary {
		return text
	}
	var fields map[string]json.RawMessage
	var rows []json.RawMessage
	if json.Unmarshal(text, &fields) != nil || json.Unmarshal(fields["rejected_rows"], &rows) != nil {
		return nil
	}
	delete(fields, "planned_writes")
	rest := longestSummary
	for name, value := range fields {
		if name != "rejected_rows" {
			rest -= len(name) + len(value) + 4
		}
	}
	kept := []json.RawMessage{}
	for _, row := range rows {
		if rest -= len(row) + 1; rest < 0 {
			break
		}
		kept = append(kept, row)
	}
	fields["rejected_rows"], _ = json.Marshal(kept)
	fields["rejected_rows_left_out"], _ = json.Marshal(len(rows) - len(kept))
	bounded, err := json.Marshal(fields)
	if err != nil || len(bounded) > 2*longestSummary {
		return nil
	}
	return bounded
}
