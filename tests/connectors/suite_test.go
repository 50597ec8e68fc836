package connectors

import "testing"

// vendors are the connectors that the suite tests.
func vendors() []vendor {
	return []vendor{askNicelyVendor(), ahaVendor(), gcalVendor(), hubspotVendor(), intercomVendor(), intercomCompanies(), intercomConversations(), jiraVendor(), productboardVendor(), salesforceVendor(), surveyMonkeyVendor(), typeformVendor(), zendeskVendor(), zendeskOrganizations()}
}

// kinds are the kinds of complaints about connectors, and the test of each.
var kinds = []struct {
	letter, about string
	test          func(*testing.T, vendor)
}{
	{"A", "boundaries of pages and times", testBoundaries},
	{"B", "killed anywhere", testKilled},
	{"C", "zones and precision", testZones},
	{"D", "deleted and restored", testDeleted},
	{"E", "limits of the vendor", testLimits},
	{"F", "tokens that work once", testTokens},
	{"G", "fields that come and go", testFields},
	{"H", "associations", testAssociations},
	{"I", "no duplicates", testDuplicates},
	{"J", "reading again", testBackfill},
	{"K", "memory and page size", testMemory},
	{"L", "errors that say what happened", testErrors},
	{"M", "values without a counterpart", testMapping},
	{"N", "both ways without an echo", testEcho},
	{"O", "a few bad records", testPartial},
	{"P", "dry runs", testDryRun},
	{"Q", "runs that are cut short", testResumed},
	{"R", "the end of a version", testSunset},
	{"S", "webhooks", testWebhooks},
}

// TestSuite runs the shared tests for each connector: go test ./tests/connectors -run
// TestSuite/hubspot/B
func TestSuite(t *testing.T) {
	t.Parallel()
	for _, v := range vendors() {
		t.Run(v.name, func(t *testing.T) {
			for _, k := range kinds {
				t.Run(k.letter+" "+k.about, func(t *testing.T) {
					t.Parallel()
					if why := v.without[k.letter]; why != "" {
						t.Log("does not apply: " + why)
						return
					}
					if own := v.own[k.letter]; own != nil {
						own(t)
					}
					k.test(t, v)
				})
			}
		})
	}
}
