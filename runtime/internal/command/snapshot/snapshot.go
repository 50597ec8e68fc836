// Package snapshot is phscript snapshot: it saves a tenant's records as fixtures.
package snapshot

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"
	"github.com/spf13/cobra"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/runtime/internal/anonymize"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/host"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/display"
	"github.com/phscript/phscript/runtime/internal/snapshot"
)

// folder is the folder that is written if none is named.
const folder = "fixtures"

type options struct {
	host.Options
	models, companies, keep []string
	limit                   int
	anonymize               bool
	key                     string
}

// New returns the command snapshot.
func New(env *environment.Env) *cobra.Command {
	o := &options{}
	cmd := &cobra.Command{
		Use:   "snapshot [flags] [DIR]",
		Short: "Save records of Planhat as fixtures for tests and --simulate",
		Long: "snapshot reads the records of your tenant and writes them to the folder DIR (default fixtures), one file\n" +
			"for each model. It only reads. 'phscript run --simulate=DIR' and 'phscript simulate --fixtures DIR' start\n" +
			"with these records.\n\n" +
			"Names, e-mail addresses, phone numbers, domains, addresses, ids of other systems and all other text are\n" +
			"replaced, also in custom fields. The same text always gets the same replacement, so records still belong\n" +
			"together, and a new snapshot differs from the last only where records have changed. Planhat's own ids,\n" +
			"numbers, dates, phases, statuses and other values from a list are kept, and so are the definitions of\n" +
			"custom fields: look at the files before you share them. --keep keeps more.\n\n" +
			"The folder is written after everything has been read. If it holds anything but a snapshot, it is not\n" +
			"changed.\n\n" +
			"Exit codes: 0 done, 1 failed, 2 usage or configuration, 4 authentication or permission,\n130 interrupted.",
		Example: "  phscript snapshot\n" +
			"  phscript snapshot --limit 50 --keep custom.Tier,product tests/fixtures\n" +
			"  phscript snapshot --company extid-acme --models company,enduser,license acme",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.Given(cmd.Flags()); err != nil {
				return err
			}
			dir := folder
			if len(args) == 1 {
				dir = args[0]
			}
			return o.save(env, dir)
		},
		ValidArgsFunction: usage.OneFolder,
	}
	f := cmd.Flags()
	f.StringSliceVar(&o.models, "models", nil, "Save only these `MODELS`, and those that they need (default all)")
	f.StringSliceVar(&o.companies, "company", nil, "Save only the company with this `ID` and what belongs to it; the id may begin with extid- or srcid-")
	f.IntVar(&o.limit, "limit", 0, "Save only the first `N` companies and what belongs to them")
	f.BoolVar(&o.anonymize, "anonymize", true, "Replace names, addresses and other text about people and companies")
	f.StringSliceVar(&o.keep, "keep", nil, "Do not replace this `PROPERTY`, such as product, company.name, custom.Tier or custom")
	f.StringVar(&o.key, "key", "", "Anonymize with the key in `FILE`, which is created if it is missing (default a file in the state directory)")
	o.AddConnectionFlags(cmd)
	usage.Complete(cmd, "models", completeModel)
	usage.CompleteNothing(cmd, "company", "limit", "keep")
	return cmd
}

// completeModel completes the last of several models.
func completeModel(_ *cobra.Command, _ []string, typed string) (list []cobra.Completion, _ cobra.ShellCompDirective) {
	before := typed[:strings.LastIndexByte(typed, ',')+1]
	for _, m := range listable(catalog.Load().Models) {
		list = append(list, before+m.Snake)
	}
	return list, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

// listable returns the models whose records can be listed.
func listable(models []*catalog.Model) []*catalog.Model {
	return slices.DeleteFunc(slices.Clone(models), func(m *catalog.Model) bool { return m.Operation("get_list") == nil })
}

// known returns the models of the catalog and of the configuration.
func known(c config.Config) []*catalog.Model {
	all := slices.Clone(c.Models)
	for _, m := range catalog.Load().Models {
		if !slices.ContainsFunc(c.Models, func(own *catalog.Model) bool { return own.Snake == m.Snake }) {
			all = append(all, m)
		}
	}
	return listable(all)
}

// check refuses options that contradict each other, and misspelt names.
func (o *options) check(all []*catalog.Model) (models []*catalog.Model, err error) {
	switch {
	case o.limit < 0:
		return nil, &usage.Error{Message: "--limit must be at least 1"}
	case o.limit > 0 && len(o.companies) > 0:
		return nil, &usage.Error{Message: "--limit and --company cannot be used together", Hint: "name the companies, or say how many you want"}
	case !o.anonymize && len(o.keep) > 0:
		return nil, &usage.Error{Message: "--keep needs --anonymize, since nothing else is replaced"}
	case !o.anonymize && o.key != "":
		return nil, &usage.Error{Message: "--key needs --anonymize, since nothing is replaced"}
	}
	var names []string
	for _, m := range all {
		names = append(names, m.Snake)
	}
	for _, name := range o.models {
		i := slices.IndexFunc(all, func(m *catalog.Model) bool {
			return strings.EqualFold(m.Snake, name) || strings.EqualFold(m.Name, name)
		})
		if i < 0 {
			return nil, &usage.Error{Message: fmt.Sprintf("--models: unknown model %q%s", name, catalog.DidYouMean(name, names)), Hint: "the models are " + strings.Join(names, ", ")}
		}
		models = append(models, all[i])
	}
	if len(models) == 0 {
		models = all
	}
	for _, name := range o.keep {
		if err := checkKept(all, name); err != nil {
			return nil, err
		}
	}
	return models, nil
}

// checkKept refuses a property that no model has.
func checkKept(all []*catalog.Model, name string) error {
	model, rest, dotted := strings.Cut(name, ".")
	of := all
	if i := slices.IndexFunc(all, func(m *catalog.Model) bool { return m.Snake == model }); dotted && i >= 0 {
		of = all[i : i+1]
	} else {
		rest = name
	}
	property, inner, custom := strings.Cut(rest, ".")
	var properties []string
	for _, m := range of {
		if m.Open {
			return nil
		}
		for _, p := range m.Properties {
			properties = append(properties, p.Name)
		}
	}
	switch {
	case custom && (property != "custom" || inner == ""):
		return &usage.Error{Message: fmt.Sprintf("--keep: %q is not the name of a property", name), Hint: "write it as product, company.name, custom.Tier or company.custom.Tier"}
	case !slices.Contains(properties, property):
		return &usage.Error{
			Message: fmt.Sprintf("--keep: there is no property %q%s", name, catalog.DidYouMean(property, properties)),
			Hint:    "write your own fields as custom.Tier",
		}
	}
	return nil
}

// save takes the snapshot.
func (o *options) save(env *environment.Env, dir string) (err error) {
	c, err := o.Settings(env)
	if err != nil {
		return err
	}
	all := known(c)
	models, err := o.check(all)
	if err != nil {
		return err
	}
	target := env.Path(dir)
	if !env.IsDir(filepath.Dir(target)) {
		return &usage.Error{Message: "there is no folder " + filepath.Dir(target), Hint: "create it first, or name another folder"}
	}
	if target == env.Dir {
		return &usage.Error{Message: "a snapshot cannot replace the working directory", Hint: "name a folder in it, such as " + folder}
	}
	before, err := snapshot.Look(target)
	switch {
	case errors.Is(err, snapshot.ErrOther):
		return &usage.Error{Message: dir + " was not changed: " + err.Error(), Hint: "name a new folder, or move those files elsewhere"}
	case err != nil:
		return &usage.Error{Message: "cannot read the folder " + dir + ": " + err.Error()}
	case before != nil && before.Anonymized && !o.anonymize:
		return &usage.Error{Message: dir + " holds an anonymized snapshot; it was not replaced by one that is not", Hint: "name another folder"}
	}
	h, err := o.Open(env, c)
	if err != nil {
		return err
	}
	defer h.Close()
	mark := &snapshot.Marked{Anonymized: o.anonymize, Kept: o.keep, Records: map[string]int{}}
	var mask *anonymize.Records
	if o.anonymize {
		where := cmp.Or(h.Config.APIURL, planhat.DefaultBaseURL)
		if o.Simulated {
			where = host.Simulated // its port changes
		}
		secret, err := host.MaskKey(env, o.key, where, true)
		if err != nil {
			return err
		}
		masker := anonymize.New(secret)
		mask, mark.Key = anonymize.NewRecords(masker, o.keep), masker.Fingerprint()
		if before != nil && before.Key != "" && before.Key != mark.Key {
			fmt.Fprintf(env.Stderr, "warning: %s was made with another key, so every text in it changes\n", dir)
		}
	}
	rules, err := simulator.New(simulator.Options{Models: c.Models})
	if err != nil {
		return err
	}
	draft, err := snapshot.Begin(target)
	if err != nil {
		return &usage.Error{Message: "cannot write beside the folder " + dir + ": " + err.Error()}
	}
	defer func() { err = errors.Join(err, draft.Abandon()) }()
	ctx, stopped, release := env.Interruptible()
	defer release()
	client, closeClient, err := h.Client(ctx, "snapshot")
	if err != nil {
		return err
	}
	defer closeClient()
	report, err := snapshot.Save(ctx, draft.Folder, snapshot.Options{
		Client: client, Known: all, Models: snapshot.Complete(all, models), Companies: o.companies, Limit: o.limit, Mask: mask, Fits: rules.Fits,
		Progress: func(m *catalog.Model, saved int, done bool) { tell(env, m, saved, done) },
	})
	release()
	if err != nil {
		if by := stopped(); by != nil {
			return errors.Join(by, err)
		}
		return err
	}
	for _, saved := range report.Models {
		if saved.Records > 0 {
			file := saved.Model.Snake
			if saved.Model.Part != nil {
				file = saved.Model.Part.Of
			}
			mark.Records[file] += saved.Records
		}
	}
	doubts := o.doubts(report, mask)
	if doubt := snapshot.Try(draft.Folder, c.Models); doubt != nil {
		doubts = append(doubts, "the simulator cannot load the snapshot as it is: "+doubt.Error())
	}
	if err := draft.Finish(mark, !o.anonymize); err != nil {
		return &usage.Failure{Message: "the snapshot was not written: " + err.Error()}
	}
	for _, doubt := range doubts {
		fmt.Fprintln(env.Stderr, "warning:", h.Secrets.String(display.Text(doubt)))
	}
	o.end(env, dir, mark)
	return nil
}

// tell shows how far the snapshot is.
func tell(env *environment.Env, m *catalog.Model, saved int, done bool) {
	switch {
	case !done:
		fmt.Fprintf(env.Stderr, "%s: %s so far\n", m.Snake, humanize.Comma(int64(saved)))
	case saved > 0:
		fmt.Fprintf(env.Stderr, "%s: %s\n", m.Snake, counted(saved, "record"))
	}
}

func counted(n int, word string) string {
	return humanize.Comma(int64(n)) + " " + english.PluralWord(n, word, "")
}

// doubts says what is not in the snapshot.
func (o *options) doubts(report *snapshot.Report, mask *anonymize.Records) (list []string) {
	for _, u := range report.Unreadable {
		message := u.Err.Error()
		if failed, ok := errors.AsType[*planhat.Error](u.Err); ok {
			message = failed.Message
		}
		list = append(list, fmt.Sprintf("%s is missing, because Planhat does not list it: %s", u.Model.Snake, message))
	}
	for _, saved := range report.Models {
		for _, why := range slices.Sorted(maps.Keys(saved.Without)) {
			if n := saved.Without[why]; o.limit == 0 && len(o.companies) == 0 {
				list = append(list, fmt.Sprintf("%s: left out %s that %s", saved.Model.Snake, counted(n, "record"), why))
			}
		}
		for _, name := range slices.Sorted(maps.Keys(saved.Lost)) {
			list = append(list, fmt.Sprintf("%s.%s: left out %s, since fixtures cannot hold them: %s", saved.Model.Snake, name, counted(saved.Lost[name], "value"), saved.Why[name]))
		}
	}
	if mask != nil {
		for _, name := range mask.Unused() {
			list = append(list, fmt.Sprintf("--keep: no record has %s", name))
		}
	}
	return list
}

// end says what was written, and what to do with it.
func (o *options) end(env *environment.Env, dir string, mark *snapshot.Marked) {
	total := 0
	for _, n := range mark.Records {
		total += n
	}
	fmt.Fprintf(env.Stdout, "wrote %s of %s to %s\n", counted(total, "record"), counted(len(mark.Records), "model"), dir)
	if !o.anonymize {
		fmt.Fprintf(env.Stderr, "warning: %s holds records of your customers as they are; do not commit or share it\n", dir)
	}
	fmt.Fprintf(env.Stderr, "run a script with them: phscript run --simulate=%s FILE.lua\n", dir)
}
