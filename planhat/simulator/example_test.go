package simulator_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/phscript/phscript/planhat/simulator"
)

// A test starts a Planhat of its own, puts in what it needs, lets the code
// under test talk to it, and looks at what arrived.
func Example() {
	planhat, err := simulator.Start(simulator.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = planhat.Close() }()
	if err := planhat.Put("company", map[string]any{"externalId": "42", "name": "Acme"}); err != nil {
		fmt.Println(err)
		return
	}

	// The code under test.
	request, _ := http.NewRequest(http.MethodPut, planhat.URL()+"/companies/extid-42", strings.NewReader(`{"phase":"Growth"}`))
	request.Header.Set("Authorization", "Bearer "+planhat.APIToken())
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()

	fmt.Println(response.StatusCode, planhat.Record("company", "extid-42")["phase"])
	fmt.Println(planhat.Count(simulator.Filter{Model: "company", Operation: "update"}), "update")
	// Output:
	// 200 Growth
	// 1 update
}

// Faults and switches make the server behave as a bad day would.
func Example_faults() {
	faults, err := simulator.ParseFaults("429:first=1,retry-after=2")
	if err != nil {
		fmt.Println(err)
		return
	}
	planhat, err := simulator.Start(simulator.Options{Faults: faults})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = planhat.Close() }()
	for range 2 {
		request, _ := http.NewRequest(http.MethodGet, planhat.URL()+"/companies", nil)
		request.Header.Set("Authorization", "Bearer "+planhat.APIToken())
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			fmt.Println(err)
			return
		}
		_ = response.Body.Close()
		fmt.Println(response.StatusCode, response.Header.Get("Retry-After"))
	}
	// Output:
	// 429 2
	// 200
}
