package view

import (
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/outcome"
	"github.com/phscript/phscript/runtime/internal/serve"
)

// Form begins every JSON object that --json prints. The tags named doc describe the
// fields for the reference. Fields are added without a new version; a field is renamed
// or removed only with a new one.
type Form struct {
	Version int `json:"version" doc:"the version of this format"`
}

// current is the version of all forms.
var current = Form{Version: 1}

// RunList is what runs list prints.
type RunList struct {
	Form
	Runs []*history.Run `json:"runs" doc:"the runs, the last due first"`
}

// OneRun is what runs show prints.
type OneRun struct {
	Form
	*history.Run
}

// LogLine is what runs logs prints for each line.
type LogLine struct {
	Form
	history.Line
}

// RejectedList is what runs rejected prints.
type RejectedList struct {
	Form
	Run     int64                 `json:"run" doc:"the number of the run"`
	Rows    []outcome.RejectedRow `json:"rows" doc:"the rejected rows"`
	LeftOut int                   `json:"left_out,omitempty" doc:"how many more rows were rejected but not stored"`
}

// ScheduleList is what schedule list prints.
type ScheduleList struct {
	Form
	Schedules []Schedule     `json:"schedules" doc:"the schedules, by name"`
	Services  []serve.Server `json:"services" doc:"the services that use the store or recently used it, the last seen first"`
	Outages   []serve.Outage `json:"outages" doc:"when services could not write to the store, in the last 7 days"`
}

// TickList is what schedule next prints.
type TickList struct {
	Form
	Ticks []Tick `json:"ticks" doc:"the next ticks, in order"`
}

// QuotaList is what quota prints.
type QuotaList struct {
	Form
	Quotas []Quota `json:"quotas" doc:"the quota of each tenant that was called recently"`
}

// CheckedList is what serve --check prints.
type CheckedList struct {
	Form
	Schedules []Checked `json:"schedules" doc:"the schedules in the configuration and in scripts"`
	// Webhooks is empty if none is configured.
	Webhooks []CheckedWebhook `json:"webhooks,omitempty" doc:"the webhooks in the configuration"`
}

// Checked is a schedule that is not served yet.
type Checked struct {
	Name   string `json:"name" doc:"its name"`
	Script string `json:"script" doc:"the script that it runs"`
	Timing
	Source string `json:"source" doc:"the file that defines it"`
}

// Runs makes the form of a list, which is never null, as those of the other lists.
func Runs(list []*history.Run) RunList { return RunList{current, append([]*history.Run{}, list...)} }

// Run makes the form of a run.
func Run(r *history.Run) OneRun { return OneRun{current, r} }

// Log makes the form of a line.
func Log(l history.Line) LogLine { return LogLine{current, l} }

// Rejected makes the form of a run's rejected rows.
func Rejected(run int64, rows []outcome.RejectedRow, leftOut int) RejectedList {
	return RejectedList{current, run, append([]outcome.RejectedRow{}, rows...), leftOut}
}

// ScheduleForm makes the form of schedules and of the services that run them.
func ScheduleForm(list []Schedule, services []serve.Server, outages []serve.Outage) ScheduleList {
	return ScheduleList{current, append([]Schedule{}, list...), append([]serve.Server{}, services...), append([]serve.Outage{}, outages...)}
}

// Ticks makes the form of ticks.
func Ticks(list []Tick) TickList { return TickList{current, append([]Tick{}, list...)} }

// QuotaForm makes the form of quotas.
func QuotaForm(list []Quota) QuotaList { return QuotaList{current, append([]Quota{}, list...)} }

// CheckedForm makes the form of schedules that were checked.
func CheckedForm(list []Checked) CheckedList {
	return CheckedList{Form: current, Schedules: append([]Checked{}, list...)}
}

// Forms are all forms, by the command that prints them with --json. Lines reports
// whether it prints an object a line.
var Forms = []struct {
	Command string
	Lines   bool
	Value   any
}{
	{Command: "access list", Value: AccountList{}},
	{Command: "apply", Value: ApplyDone{}},
	{Command: "config show", Value: SettingList{}},
	{Command: "doctor", Value: Checkup{}},
	{Command: "hooks list", Value: WebhookList{}},
	{Command: "hooks list WEBHOOK", Value: EventList{}},
	{Command: "hooks list --refused", Value: RefusedList{}},
	{Command: "hooks list --outgoing", Value: OutgoingList{}},
	{Command: "hooks show", Value: OneEvent{}},
	{Command: "list", Value: ScriptList{}},
	{Command: "plan show", Value: PlanShown{}},
	{Command: "plans list", Value: WaitingList{}},
	{Command: "plans show", Value: WaitingPlan{}},
	{Command: "quota", Value: QuotaList{}},
	{Command: "runs list", Value: RunList{}},
	{Command: "runs logs", Lines: true, Value: LogLine{}},
	{Command: "runs rejected", Value: RejectedList{}},
	{Command: "runs show", Value: OneRun{}},
	{Command: "schedule list", Value: ScheduleList{}},
	{Command: "schedule next", Value: TickList{}},
	{Command: "schema diff", Value: SchemaChanges{}},
	{Command: "schema show", Value: SchemaShown{}},
	{Command: "serve --check", Value: CheckedList{}},
	{Command: "undo", Value: UndoReport{}},
}
