package connectors

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/tests/program"
)

// survey imports files of survey tools into a simulated Planhat.
type survey struct {
	dir     string
	planhat *simulator.Server
	target  *httptest.Server
	peak    int // the most memory that the last run used, in kB
}

func newSurvey(t *testing.T) *survey {
	t.Helper()
	s := &survey{dir: t.TempDir()}
	var err error
	s.planhat, err = simulator.New(simulator.Options{CallsPerMinute: -1, PerSecond: -1})
	require.NoError(t, err)
	s.target = httptest.NewServer(s.planhat)
	t.Cleanup(s.target.Close)
	return s
}

func (s *survey) file(t *testing.T, name, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600))
}

// did is what an import returned, and the rows that it rejected: the line and the reason of each.
type did struct {
	Preset                                               string
	Read, Created, Updated, Unchanged, Rejected, Planned int
	LeftOut                                              map[string]int `json:"left_out"`

	rejects [][2]string
	out     string
}

// run imports a file with options written in Lua.
func (s *survey) run(t *testing.T, options string, flags ...string) did {
	t.Helper()
	got, out := did{}, s.execute(t, `
local ok, err = pcall(function() print("did " .. json.encode(require("connectors.nps_csv").import{ `+options+` })) end)
if not ok then print("failed " .. tostring(err)) end`, flags...)
	got.out = out
	if _, text, found := strings.Cut(out, "did {"); found {
		require.NoError(t, json.NewDecoder(strings.NewReader("{"+text)).Decode(&got), out)
	}
	text, err := os.ReadFile(filepath.Join(s.dir, "rejects.csv"))
	if err != nil {
		return got
	}
	require.NoError(t, os.Remove(filepath.Join(s.dir, "rejects.csv")))
	lines, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")))).ReadAll()
	require.NoError(t, err)
	for _, line := range lines[1:] {
		got.rejects = append(got.rejects, [2]string{line[4], line[0]})
	}
	return got
}

func (s *survey) execute(t *testing.T, script string, flags ...string) string {
	t.Helper()
	var cmd *exec.Cmd
	ended := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		text, err := os.ReadFile("/proc/" + strconv.Itoa(cmd.Process.Pid) + "/status")
		assert.NoError(t, err)
		if found := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(text); assert.NotNil(t, found) {
			s.peak, _ = strconv.Atoi(string(found[1]))
		}
	}))
	defer ended.Close()
	s.file(t, "import.lua", script+"\nrequire(\"http\").get(\""+ended.URL+"\")\n")
	args := append([]string{"run", "--calls-per-min", "100000", "--allow-net", "127.0.0.1", "--allow-write", ".", "--rejects", "rejects.csv"}, flags...)
	cmd = exec.Command(program.Path(t), append(args, "import.lua")...)
	cmd.Dir = s.dir
	cmd.Env = []string{
		"HOME=" + s.dir, "PHSCRIPT_STATE=" + filepath.Join(s.dir, ".state", "state.db"), "PLANHAT_API_TOKEN=" + s.planhat.APIToken(),
		"PLANHAT_TENANT_TOKEN=" + s.planhat.TenantToken(), "PLANHAT_API_URL=" + s.target.URL, "PLANHAT_ANALYTICS_URL=" + s.target.URL,
	}
	var out safeBuffer
	cmd.Stdout, cmd.Stderr = &out, &out
	require.NoError(t, cmd.Start())
	_ = cmd.Wait()
	return out.String()
}

// answers are Planhat's answers, as "id email score date comment".
func (s *survey) answers() []string {
	var list []string
	for _, r := range s.planhat.Records("nps") {
		list = append(list, fmt.Sprintf("%v %v %v %v %v", r["sourceId"], r["email"], r["score"], r["dateAnswered"], r["comment"]))
	}
	return list
}

// hash replaces the id of an answer without one: a hash of its e-mail address and its time.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])[:24]
}

// exports are files in the form of each tool's export.
var exports = map[string]struct{ file, options string }{
	"delighted": {
		"\xef\xbb\xbfResponse ID;Person Email;Score;Comment;Created At;Permalink;Survey Type;Delighted Source\r\n" +
			"5435;kim@northwind.example;9;\"Fast,\r\nand \"\"kind\"\"; thanks\";2026-11-20T09:01:30Z;https://delighted.example/r/1;nps;Email\r\n" +
			"\r\n;;;;;;;\r\n" +
			"Response ID;Person Email;Score;Comment;Created At;Permalink;Survey Type;Delighted Source\r\n" +
			"5436;lou@northwind.example;4;;2026-11-21T09:01:30Z;;csat;Email\r\n" +
			"5437;;4;;2026-11-21T09:01:30Z;;nps;Link\r\n" +
			"5438;lou@northwind.example;;;2026-11-21T09:01:30Z;;nps;Email\r\n" +
			"5439;lou@northwind.example;0;;1795338090000;;nps;Email\r\n", ``,
	},
	"surveymonkey": {
		"Respondent ID,Collector ID,Start Date,End Date,IP Address,Email Address,First Name,Last Name,Custom Data 1,How likely is it that you would recommend us to a friend?,What is missing?,\n" +
			",,,,,,,,,,Open-Ended Response,Other\n" +
			"118,40,11/20/2026 10:00:11 AM,11/20/2026 10:01:30 AM,,kim@northwind.example,Kim,Lund,,Extremely likely - 10,\"Nothing\nmuch\",\n" +
			"119,40,11/20/2026 10:00:11 AM,13/20/2026 10:01:30 AM,,lou@northwind.example,,,,Not at all likely - 0,,\n" +
			"120,40,11/20/2026 10:00:11 AM,11/21/2026 12:01:30 AM,,lou@northwind.example,,,,Not at all likely - 0,,\n",
		`, zone = "America/New_York", date_format = "%m/%d/%Y %I:%M:%S %p", columns = { comment = "What is missing?" }`,
	},
	"typeform": {
		"#,How likely are you to recommend us?,Why?,email,Response Type,Start Date (UTC),Stage Date (UTC),Submit Date (UTC),Network ID,Tags\n" +
			"2108,8,\"Good, \"\"mostly\"\"\",kim@northwind.example,completed,2026-11-20 09:00:11,,2026-11-20 09:01:30,d35,\n" +
			"2109,3,,lou@northwind.example,partial,2026-11-20 09:00:11,2026-11-20 09:00:40,,d35,\n" +
			"2110,3.5,,lou@northwind.example,completed,2026-11-20 09:00:11,,2026-11-20 09:00:40,d35,\n",
		`, columns = { comment = "Why?" }`,
	},
	"qualtrics": {
		"StartDate,EndDate,Status,IPAddress,Progress,Duration (in seconds),Finished,RecordedDate,ResponseId,RecipientLastName,RecipientFirstName,RecipientEmail,ExternalReference,LocationLatitude,LocationLongitude,DistributionChannel,UserLanguage,Q1_NPS_GROUP,Q1,Q2\n" +
			"Start Date,End Date,Response Type,IP Address,Progress,Duration (in seconds),Finished,Recorded Date,Response ID,Recipient Last Name,Recipient First Name,Recipient Email,External Data Reference,Location Latitude,Location Longitude,Distribution Channel,User Language,How likely are you to recommend us? - Group,How likely are you to recommend us?,Why?\n" +
			`"{""ImportId"":""startDate""}",,,,,,,"{""ImportId"":""recordedDate""}","{""ImportId"":""_recordId""}",,,,,,,,,,"{""ImportId"":""QID1""}",` + "\n" +
			"2026-11-20 10:00:11,2026-11-20 10:01:30,IP Address,,100,79,True,2026-11-20 10:01:31,R_1,Lund,Kim,kim@northwind.example,,,,email,EN,Promoter,9,Fast\n" +
			"2026-11-20 10:00:11,2026-11-20 10:01:30,Survey Preview,,100,79,True,2026-11-20 10:01:31,R_2,,,lou@northwind.example,,,,preview,EN,Detractor,1,\n" +
			"2026-11-20 10:00:11,2026-11-20 10:01:30,IP Address,,100,79,True,2026-11-20 10:01:31,R_3,,,lou at northwind,,,,email,EN,Detractor,1,\n",
		`, zone = "Europe/Berlin", columns = { comment = "Q2" }`,
	},
	"google_forms": {
		"Timestamp,Email Address,How likely are you to recommend us to others?,Anything else?\n" +
			"2026/11/20 2:31:30 PM GMT+5:30,Kim@Northwind.example,9,\"Fast\n\nand good\"\n" +
			"2026/11/20 12:31:30 AM GMT-3,lou@northwind.example,0 - Not at all,\n" +
			"2026/11/20 12:31:30 AM GMT-3,lou@northwind.example,11,\n",
		`, columns = { comment = "Anything else?" }`,
	},
}

func TestNPSExports(t *testing.T) {
	for name, want := range map[string]struct {
		answers []string
		leftOut map[string]int
		rejects [][2]string
	}{
		"delighted": {
			[]string{"delighted-5435 kim@northwind.example 9 2026-11-20T09:01:30.000Z Fast,\r\nand \"kind\"; thanks", "delighted-5439 lou@northwind.example 0 2026-11-22T09:01:30.000Z <nil>"},
			map[string]int{"the header again": 1, "an answer without a score": 1},
			[][2]string{{"7", `the answer is to a survey of the kind "csat"`}, {"8", "the answer has no e-mail address"}},
		},
		"surveymonkey": {
			[]string{"surveymonkey-118 kim@northwind.example 10 2026-11-20T15:01:30.000Z Nothing\nmuch", "surveymonkey-120 lou@northwind.example 0 2026-11-21T05:01:30.000Z <nil>"},
			map[string]int{"a line below the header": 1},
			[][2]string{{"5", `End Date: "13/20/2026 10:01:30 AM" is not`}},
		},
		"typeform": {
			[]string{`typeform-2108 kim@northwind.example 8 2026-11-20T09:01:30.000Z Good, "mostly"`},
			map[string]int{"a response that was not completed": 1},
			[][2]string{{"4", `the score "3.5" is not a whole number`}},
		},
		"qualtrics": {
			[]string{"qualtrics-R_1 kim@northwind.example 9 2026-11-20T09:01:31.000Z Fast"},
			map[string]int{"a line below the header": 2, "a preview or a test": 1},
			[][2]string{{"6", `"lou at northwind" is not an e-mail address`}},
		},
		"google_forms": {
			[]string{"google_forms-" + hash("kim@northwind.example 2026-11-20T09:01:30Z") + " Kim@Northwind.example 9 2026-11-20T09:01:30.000Z Fast\n\nand good", "google_forms-" + hash("lou@northwind.example 2026-11-20T03:31:30Z") + " lou@northwind.example 0 2026-11-20T03:31:30.000Z <nil>"},
			map[string]int{},
			[][2]string{{"6", `the score "11" is above 10`}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSurvey(t)
			s.file(t, "export.csv", exports[name].file)
			for i, options := range []string{`path = "export.csv", preset = "` + name + `"` + exports[name].options, `path = "export.csv"` + exports[name].options} {
				got := s.run(t, options)
				assert.Equal(t, name, got.Preset, got.out)
				assert.Equal(t, [2]int{len(want.answers) * (1 - i), len(want.answers) * i}, [2]int{got.Created, got.Unchanged}, "created and unchanged in run %d", i+1)
				assert.Equal(t, want.leftOut, got.LeftOut)
				assert.Len(t, got.rejects, got.Rejected)
				if assert.Len(t, got.rejects, len(want.rejects)) {
					for j, reject := range want.rejects {
						assert.Equal(t, reject[0], got.rejects[j][0], "the line")
						assert.Contains(t, got.rejects[j][1], reject[1])
					}
				}
				assert.Equal(t, want.answers, s.answers())
			}
			assert.Equal(t, 1, s.planhat.Count(simulator.Filter{Model: "nps", Operation: "bulk_upsert"}), "the second run sent nothing")
		})
	}
}

// Workbooks have the same columns, with dates and numbers as such.
func TestNPSWorkbook(t *testing.T) {
	s := newSurvey(t)
	s.execute(t, `require("xlsx").write("export.xlsx", {
  { ["#"] = "2108", score = 8, email = "kim@northwind.example", submit = "2026-11-20T09:01:30" },
  { ["#"] = "2109", score = 8, email = "", submit = "2026-11-20T09:01:30" },
}, { columns = { "#", "score", "email", "submit" }, titles = { score = "How likely are you to recommend us?", submit = "Submit Date (UTC)" }, dates = { "submit" } })`)
	got := s.run(t, `path = "export.xlsx"`)
	assert.Equal(t, "typeform", got.Preset, got.out)
	assert.Equal(t, []string{"typeform-2108 kim@northwind.example 8 2026-11-20T09:01:30.000Z <nil>"}, s.answers())
	require.Len(t, got.rejects, 1)
	assert.Equal(t, "3", got.rejects[0][0])
}

// A company is found by its key, or else by its domain; Planhat finds the end user.
func TestNPSCompanies(t *testing.T) {
	s := newSurvey(t)
	require.NoError(t, s.planhat.Put("company",
		map[string]any{"_id": "6500000000000000000000a1", "name": "Northwind", "externalId": "N-1", "domains": []any{"northwind.example"}},
		map[string]any{"_id": "6500000000000000000000a2", "name": "Contoso", "sourceId": "77", "domains": []any{"contoso.example"}}))
	require.NoError(t, s.planhat.Put("enduser", map[string]any{"_id": "6500000000000000000000b1", "email": "kim@northwind.example", "companyId": "6500000000000000000000a1"}))
	s.file(t, "own.csv", "id,mail,points,when,account,site,plan\n"+
		"1,kim@northwind.example,9,2026-11-20,77,,Gold\n2,lou@mail.example,9,2026-11-20,none,https://www.Contoso.example/x,\n3,ann@mail.example,9,2026-11-20,none,,\n4,kim@northwind.example,9,2026-11-20,,,\n")
	got := s.run(t, `path = "own.csv", source = "paper", columns = { id = "id", email = "mail", score = "points", answered = "when", company = "account", domain = "site", ["custom.Plan"] = "plan" }`)
	require.Equal(t, 4, got.Created, got.out)
	companies := map[any]any{}
	for _, r := range s.planhat.Records("nps") {
		companies[r["sourceId"]] = r["cId"]
		if r["sourceId"] == "paper-1" {
			assert.Equal(t, "6500000000000000000000b1", r["euId"])
			assert.Equal(t, map[string]any{"Plan": "Gold"}, r["custom"])
		}
	}
	assert.Equal(t, map[any]any{"paper-1": "6500000000000000000000a2", "paper-2": "6500000000000000000000a2", "paper-3": nil, "paper-4": "6500000000000000000000a1"}, companies)
}

// What cannot be imported at all stops before anything is sent, and the error says what to write.
func TestNPSRefused(t *testing.T) {
	five := strings.Repeat("kim@northwind.example,4,2026-11-20\n", 10)
	for name, x := range map[string]struct{ file, options, want string }{
		"unknown":   {"a,b\n1,2\n", ``, `is not an export of a tool that this module knows (delighted, surveymonkey, typeform, qualtrics, google_forms). Its columns are "a", "b". Say which preset it is, or name the columns: columns = { email = "...", score = "...", answered = "..." }`},
		"preset":    {"a,b\n1,2\n", `, preset = "delightful"`, `unknown preset "delightful"; there are delighted, `},
		"no score":  {"#,email,Submit Date (UTC)\n1,a@b.example,2026-11-20\n", ``, `is the score of an answer of Typeform; name it with columns = { score = "the column's name" }. The columns are "#", "email", "Submit Date (UTC)"`},
		"two":       {"#,email,nps,nps score,Submit Date (UTC)\n1,a@b.example,1,1,2026-11-20\n", ``, `has several columns that can be the score: "nps", "nps score"; name it`},
		"repeated":  {"#,email,email,nps,Submit Date (UTC)\n1,a@b.example,c@d.example,1,2026-11-20\n", ``, `several columns that can be the email: "email", "email_2"`},
		"column":    {"#,email\n", `, preset = "typeform", columns = { score = "Score" }`, `has no column "Score"; it has "#", "email"`},
		"purpose":   {"#,email\n", `, preset = "typeform", columns = { rating = "email" }`, `option 'columns' has "rating"; it takes id, email, score`},
		"option":    {"#,email\n", `, colums = {}`, `unknown option "colums"; there are columns, date_format`},
		"csat":      {"email,score,when\n" + five, `, columns = { email = "email", score = "score", answered = "when" }`, `all 10 scores in "score" are from 1 to 5, as those of CSAT are; Planhat's NPS takes whole numbers from 0 to 10`},
		"zone":      {"Timestamp,Email,NPS\n2026-11-20 10:00:00,a@b.example,9\n", ``, `do not say in which zone they are; set zone to that of your account`},
		"date":      {"Timestamp,Email,NPS\n1/2/2026 10:00:00,a@b.example,9\n", `, zone = "UTC"`, `no date in "Timestamp" can be read`},
		"no scores": {"Timestamp,Email,NPS\n2026-11-20,a@b.example,good\n", ``, `no row of export.csv has a score from 0 to 10 in "NPS"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSurvey(t)
			s.file(t, "export.csv", x.file)
			got := s.run(t, `path = "export.csv"`+x.options)
			assert.Contains(t, got.out, "failed NPS import: ")
			assert.Contains(t, got.out, x.want)
			assert.Empty(t, s.answers())
		})
	}
	s := newSurvey(t)
	s.file(t, "export.csv", "email,score,when\n"+five)
	got := s.run(t, `path = "export.csv", scale = "0-10", columns = { email = "email", score = "score", answered = "when" }`)
	assert.Equal(t, [2]int{1, 9}, [2]int{got.Created, got.Rejected}, "one answer by each person at a time: %s", got.out)
}

// A dry run sends nothing, and a file of rejected rows can be corrected and imported.
func TestNPSAgain(t *testing.T) {
	s := newSurvey(t)
	s.file(t, "export.csv", exports["delighted"].file)
	got := s.run(t, `path = "export.csv"`, "--dry-run")
	assert.Equal(t, [2]int{2, 2}, [2]int{got.Created, got.Planned}, got.out)
	assert.Empty(t, s.answers())

	s.execute(t, `require("connectors.nps_csv").import{ path = "export.csv" }`)
	text, err := os.ReadFile(filepath.Join(s.dir, "rejects.csv"))
	require.NoError(t, err)
	require.NoError(t, os.Remove(filepath.Join(s.dir, "rejects.csv")))
	s.file(t, "corrected.csv", strings.NewReplacer(",csat,", ",nps,", "5437,,4", "5437,ann@northwind.example,4").Replace(string(text)))
	got = s.run(t, `path = "corrected.csv"`)
	assert.Equal(t, [2]int{2, 0}, [2]int{got.Created, got.Rejected}, got.out)
	assert.Len(t, s.answers(), 4)
}

// Memory hardly grows with the file: what is kept of each answer is what it is compared by.
func TestNPSMemory(t *testing.T) {
	peak := func(n int) int {
		s := newSurvey(t)
		var b strings.Builder
		b.WriteString("#,How likely are you to recommend us?,Why?,email,Submit Date (UTC)\n")
		for i := range n {
			fmt.Fprintf(&b, "token-%d,%d,\"%s\",kim%d@northwind.example,2026-11-20 09:01:30\n", i, i%11, strings.Repeat("a long answer, ", 20), i)
		}
		s.file(t, "export.csv", b.String())
		got := s.run(t, `path = "export.csv", columns = { comment = "Why?" }`)
		require.Equal(t, n, got.Created, got.out)
		return s.peak
	}
	few, many := peak(5_000), peak(50_000)
	t.Logf("5,000 rows: %d MB, 50,000: %d MB", few>>10, many>>10)
	assert.Less(t, many, 200<<10)
	assert.Less(t, many-few, 60<<10, "less than 1,400 bytes a row")
}
