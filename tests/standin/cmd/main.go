// Command cmd runs the stand-in of a vendor, to try it by hand:
//
//	go run ./tests/standin/cmd hubspot --addr 127.0.0.1:9101 --companies 500
package main

import (
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/aha"
	"github.com/phscript/phscript/tests/standin/asknicely"
	"github.com/phscript/phscript/tests/standin/gcal"
	"github.com/phscript/phscript/tests/standin/hubspot"
	"github.com/phscript/phscript/tests/standin/intercom"
	"github.com/phscript/phscript/tests/standin/jira"
	"github.com/phscript/phscript/tests/standin/productboard"
	"github.com/phscript/phscript/tests/standin/salesforce"
	"github.com/phscript/phscript/tests/standin/surveymonkey"
	"github.com/phscript/phscript/tests/standin/typeform"
	"github.com/phscript/phscript/tests/standin/zendesk"
)

// vendors are the stand-ins by name. Each reads its options and returns its
// handler and what to tell the user.
var vendors = map[string]func(flags *flag.FlagSet, arguments []string) (http.Handler, string, error){
	"aha":          ahaIdeas,
	"asknicely":    askNicely,
	"gcal":         googleCalendar,
	"hubspot":      hubSpot,
	"intercom":     interCom,
	"jira":         jiraCloud,
	"productboard": productBoard,
	"salesforce":   salesForce,
	"surveymonkey": surveyMonkey,
	"typeform":     typeForm,
	"zendesk":      zenDesk,
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

func run(arguments []string) error {
	if len(arguments) == 0 || vendors[arguments[0]] == nil {
		return fmt.Errorf("usage: cmd VENDOR [options]; vendors: %s", strings.Join(slices.Sorted(maps.Keys(vendors)), ", "))
	}
	flags := flag.NewFlagSet(arguments[0], flag.ContinueOnError)
	address := flags.String("addr", "127.0.0.1:9101", "address to listen on")
	handler, help, err := vendors[arguments[0]](flags, arguments[1:])
	if err != nil {
		return err
	}
	fmt.Printf("%s stand-in on http://%s\n%s\n", arguments[0], *address, help)
	server := &http.Server{Addr: *address, Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	return server.ListenAndServe()
}

func ahaIdeas(flags *flag.FlagSet, arguments []string) (http.Handler, string, error) {
	organizations := flags.Int("organizations", 100, "organizations")
	ideas := flags.Int("ideas", 500, "ideas")
	features := flags.Int("features", 100, "features")
	if err := flags.Parse(arguments); err != nil {
		return nil, "", err
	}
	vendor := aha.New(standin.RunningClock(time.Now()))
	vendor.Fill(*organizations, *ideas, *features)
	vendor.After(func(r *standin.Request) { fmt.Println(r) })
	return vendor, "token           " + aha.Token, nil
}

func askNicely(flags *flag.FlagSet, arguments []string) (http.Handler, string, error) {
	responses := flags.Int("responses", 1000, "responses")
	if err := flags.Parse(arguments); err != nil {
		return nil, "", err
	}
	vendor := asknicely.New(standin.RunningClock(time.Now()))
	vendor.Fill(*responses)
	vendor.After(func(r *standin.Request) { fmt.Println(r) })
	return vendor, "key             " + asknicely.Key, nil
}

func hubSpot(flags *flag.FlagSet, arguments []string) (http.Handler, string, error) {
	var n hubspot.Sizes
	flags.IntVar(&n.Companies, "companies", 100, "companies")
	flags.IntVar(&n.Contacts, "contacts", 300, "contacts")
	flags.IntVar(&n.Deals, "deals", 100, "deals")
	flags.IntVar(&n.Tickets, "tickets", 100, "tickets")
	flags.IntVar(&n.Owners, "owners", 5, "owners")
	lag := flags.Duration("search-lag", 0, "time until searches see a write")
	rotate := flags.Bool("rotate", false, "replace the refresh token at each refresh")
	if err := flags.Parse(arguments); err != nil {
		return nil, "", err
	}
	vendor := hubspot.New(standin.RunningClock(time.Now()))
	vendor.Fill(n)
	vendor.Configure(func(s *hubspot.Settings) { s.SearchLag = *lag })
	vendor.OAuth.Rotate = *rotate
	tokens := vendor.Install()
	vendor.After(func(r *standin.Request) { fmt.Println(r) })
	return vendor, fmt.Sprintf("service key     %s\nclient          %s %s\nrefresh token   %s",
		hubspot.ServiceKey, hubspot.ClientID, hubspot.ClientSecret, tokens.Refresh), nil
}

func interCom(flags *flag.FlagSet, arguments []string) (http.Handler, string, error) {
	var n intercom.Sizes
	flags.IntVar(&n.Companies, "companies", 100, "companies")
	flags.IntVar(&n.Contacts, "contacts", 300, "contacts")
	flags.IntVar(&n.Conversations, "conversations", 1000, "conversations")
	if err := flags.Parse(arguments); err != nil {
		return nil, "", err
	}
	vendor := intercom.New(standin.RunningClock(time.Now()))
	vendor.Fill(n)
	vendor.After(func(r *standin.Request) { fmt.Println(r) })
	return vendor, "token           " + intercom.Token, nil
}

func productBoard(flags *flag.FlagSet, arguments []string) (http.Handler, string, error) {
	companies := flags.Int("companies", 100, "companies, each with a user")
	features := flags.Int("features", 100, "features")
	notes := flags.Int("notes", 1000, "notes")
	if err := flags.Parse(arguments); err != nil {
		return nil, "", err
	}
	vendor := productboard.New(standin.RunningClock(time.Now()))
	vendor.Fill(*companies, *features, *notes)
	vendor.After(func(r *standin.Request) { fmt.Println(r) })
	return vendor, "token           " + productboard.Token, nil
}

func salesForce(flags *flag.FlagSet, arguments []string) (http.Handler, string, error) {
	var n salesforce.Sizes
	flags.IntVar(&n.Accounts, "accounts", 100, "accounts")
	flags.IntVar(&n.Contacts, "contacts", 300, "contacts")
	flags.IntVar(&n.Opportunities, "opportunities", 100, "opportunities")
	flags.IntVar(&n.Cases, "cases", 100, "cases")
	flags.IntVar(&n.Tasks, "tasks", 100, "tasks")
	flags.IntVar(&n.Events, "events", 100, "events")
	rotate := flags.Bool("rotate", false, "replace the refresh token at each refresh")
	if err := flags.Parse(arguments); err != nil {
		return nil, "", err
	}
	vendor := salesforce.New(standin.RunningClock(time.Now()))
	vendor.Fill(n)
	vendor.OAuth.Rotate = *rotate
	tokens := vendor.Install()
	vendor.After(func(r *standin.Request) { fmt.Println(r) })
	return vendor, fmt.Sprintf("client          %s %s\naccess token    %s\nrefresh token   %s", salesforce.ClientID, salesforce.ClientSecret, tokens.Access, tokens.Refresh), nil
}

func surveyMonkey(flags *flag.FlagSet, arguments []string) (http.Handler, string, error) {
	responses := flags.Int("responses", 1000, "responses")
	day := flags.Int("day", 500, "requests in a day")
	if err := flags.Parse(arguments); err != nil {
		return nil, "", err
	}
	vendor := surveymonkey.New(standin.RunningClock(time.Now()))
	vendor.Fill(*responses)
	vendor.Configure(func(s *surveymonkey.Settings) { s.Day = *day })
	vendor.After(func(r *standin.Request) { fmt.Println(r) })
	return vendor, "token           " + surveymonkey.Token, nil
}

func typeForm(flags *flag.FlagSet, arguments []string) (http.Handler, string, error) {
	responses := flags.Int("responses", 1000, "responses")
	if err := flags.Parse(arguments); err != nil {
		return nil, "", err
	}
	vendor := typeform.New(standin.RunningClock(time.Now()))
	form := vendor.Fill(*responses)
	vendor.After(func(r *standin.Request) { fmt.Println(r) })
	return vendor, fmt.Sprintf("token           %s\nform            %s", typeform.Token, form), nil
}

func zenDesk(flags *flag.FlagSet, arguments []string) (http.Handler, string, error) {
	var n zendesk.Sizes
	flags.IntVar(&n.Organizations, "organizations", 100, "organizations")
	flags.IntVar(&n.Users, "users", 300, "users")
	flags.IntVar(&n.Tickets, "tickets", 1000, "tickets")
	if err := flags.Parse(arguments); err != nil {
		return nil, "", err
	}
	vendor := zendesk.New(standin.RunningClock(time.Now()))
	vendor.Fill(n)
	vendor.After(func(r *standin.Request) { fmt.Println(r) })
	return vendor, fmt.Sprintf("token           %s\nclient          %s %s", zendesk.Token, zendesk.ClientID, zendesk.ClientSecret), nil
}

func jiraCloud(flags *flag.FlagSet, arguments []string) (http.Handler, string, error) {
	issues := flags.Int("issues", 300, "issues")
	if err := flags.Parse(arguments); err != nil {
		return nil, "", err
	}
	vendor := jira.New(standin.RunningClock(time.Now()))
	for i := range *issues {
		vendor.Add(jira.Fields{"summary": fmt.Sprintf("Issue %d", i+1), "labels": []any{fmt.Sprintf("customer-%d", i%10+1)}})
	}
	vendor.After(func(r *standin.Request) { fmt.Println(r) })
	return vendor, fmt.Sprintf("email           %s\ntoken           %s\nsite            %s", jira.Email, jira.Token, jira.Site), nil
}

func googleCalendar(flags *flag.FlagSet, arguments []string) (http.Handler, string, error) {
	key := flags.String("key", "", "file to which the service account's key is written")
	if err := flags.Parse(arguments); err != nil {
		return nil, "", err
	}
	vendor := gcal.New(standin.RunningClock(time.Now()))
	vendor.Fill(20)
	if *key != "" {
		if err := os.WriteFile(*key, []byte(vendor.Key()), 0o600); err != nil {
			return nil, "", err
		}
	}
	vendor.After(func(r *standin.Request) { fmt.Println(r) })
	return vendor, fmt.Sprintf("user            %s\nclient          %s %s\nrefresh token   %s", gcal.Account, gcal.ClientID, gcal.ClientSecret,
		vendor.OAuth.Grant(gcal.ClientID, gcal.Account).Refresh), nil
}
