package planhat_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/simulator"
)

// local starts a server in Planhat's place and returns a client of it.
func local(handler http.HandlerFunc) (*planhat.Client, func()) {
	server := httptest.NewServer(handler)
	client, err := planhat.New(planhat.Config{APIToken: "token", TenantToken: "tenant", BaseURL: server.URL, AnalyticsURL: server.URL})
	if err != nil {
		panic(err)
	}
	return client, func() {
		client.Close()
		server.Close()
	}
}

func Example() {
	client, done := local(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `{"_id":"67d08140557181002fd170dd","name":"Acme"}`)
	})
	defer done()

	company, err := client.Company.GetByID(context.Background(), "extid-21432948")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(company)
	// Output: {"_id":"67d08140557181002fd170dd","name":"Acme"}
}

func ExampleCompanyService_Each() {
	client, done := local(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `[{"_id":"1","name":"Acme"},{"_id":"2","name":"Globex"}]`)
	})
	defer done()

	for company, err := range client.Company.Each(context.Background(), planhat.ListOptions{Select: []string{"name"}}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(company)
	}
	// Output:
	// {"_id":"1","name":"Acme"}
	// {"_id":"2","name":"Globex"}
}

func ExampleLicenseService_BulkUpsert() {
	client, done := local(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusPartialContent)
		_, _ = io.WriteString(w, `{"created":1,"insertsKeys":[{"_id":"67d0","externalId":"l-1"}],
			"createdErrors":[{"externalId":"l-2","message":"unknown company"}]}`)
	})
	defer done()

	result, err := client.License.BulkUpsert(context.Background(), []planhat.Record{
		planhat.Record(`{"externalId":"l-1","companyId":"extid-1","_currency":"USD","value":100}`),
		planhat.Record(`{"externalId":"l-2","companyId":"extid-9","_currency":"USD","value":100}`),
	}, planhat.BulkOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("created", result.Created)
	for _, row := range result.Errors {
		fmt.Printf("row %d (%s): %s\n", row.Index, row.Key, row.Message)
	}
	// Output:
	// created 1
	// row 1 (externalId l-2): unknown company
}

// Rows may come from structs, and records go into them. The simulator stands in
// for Planhat here.
func ExampleRecords() {
	server, err := simulator.Start(simulator.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = server.Close() }()
	client, err := planhat.New(planhat.Config{
		APIToken: server.APIToken(), TenantToken: server.TenantToken(), BaseURL: server.URL(), AnalyticsURL: server.AnalyticsURL(),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()

	type company struct {
		ExternalID string  `json:"externalId"`
		Name       string  `json:"name"`
		MRR        float64 `json:"mrr,omitzero"`
	}
	rows, err := planhat.Records([]company{{"a-1", "Acme", 0}, {"g-1", "Globex", 0}, {"a-1", "Acme again", 0}})
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := client.Company.BulkUpsert(context.Background(), rows, planhat.BulkOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(result.Created, "created")
	for _, row := range result.Errors {
		fmt.Println(row.Key+":", row.Message)
	}

	record, err := client.Company.GetByID(context.Background(), "extid-g-1")
	if err != nil {
		fmt.Println(err)
		return
	}
	var globex company
	if err := json.Unmarshal(record, &globex); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(globex.Name)
	// Output:
	// 2 created
	// externalId a-1: row 1 has the same key, and one would overwrite the other: if both are the same company, merge them or delete one; otherwise correct the key
	// Globex
}

func ExampleError() {
	client, done := local(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNotFound) })
	defer done()

	_, err := client.Enduser.GetByID(context.Background(), "extid-7")
	var e *planhat.Error
	if errors.As(err, &e) && e.Kind == planhat.KindNotFound {
		fmt.Println(e)
	}
	// Output: enduser.get_by_id: there is no enduser with the id "extid-7" (GET /endusers/extid-7, status 404)
}

func ExampleGate() {
	client, err := planhat.New(planhat.Config{
		APIToken: "token",
		Gate: func(_ context.Context, w planhat.Write) error {
			fmt.Println("would send", w.Method, w.Path, string(w.Body))
			return planhat.ErrWithheld
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	task, err := client.Task.Create(context.Background(), map[string]any{"mainType": "task", "companyId": "extid-1"})
	fmt.Println(task, err)
	// Output:
	// would send POST /tasks {"companyId":"extid-1","mainType":"task"}
	// {"_id":"dry-run-1","companyId":"extid-1","mainType":"task"} <nil>
}

func ExampleTally() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, `{"_id":"1"}`) }))
	defer server.Close()
	tally := new(planhat.Tally)
	client, err := planhat.New(planhat.Config{APIToken: "token", BaseURL: server.URL, Observer: tally})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	_, _ = client.Company.Create(context.Background(), map[string]any{"name": "Acme"})
	_, _ = client.Company.Update(context.Background(), "1", map[string]any{"name": "Acme Ltd"})
	s := tally.Snapshot()
	fmt.Println(s.Calls, "calls,", s.Created, "created,", s.Updated, "updated")
	// Output: 2 calls, 1 created, 1 updated
}

func ExampleEachAs() {
	client, done := local(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `[{"_id":"1","name":"Acme","mrr":120.5},{"_id":"2","name":"Globex"}]`)
	})
	defer done()

	for company, err := range planhat.EachAs[planhat.Company](client.Company.Each(context.Background(), planhat.ListOptions{})) {
		if err != nil {
			fmt.Println(err)
			return
		}
		mrr := 0.0
		if company.MRR != nil {
			mrr = *company.MRR
		}
		fmt.Println(*company.Name, mrr)
	}
	// Output:
	// Acme 120.5
	// Globex 0
}

func ExampleWithResponse() {
	client, done := local(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Request-Id", "r-1")
		_, _ = io.WriteString(w, `{"_id":"1"}`)
	})
	defer done()

	var response planhat.Response
	_, err := client.Company.GetByID(planhat.WithResponse(context.Background(), &response), "1")
	fmt.Println(response.Status, response.Header.Get("X-Request-Id"), response.Attempts, err)
	// Output: 200 r-1 1 <nil>
}
