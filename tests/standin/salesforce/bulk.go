package salesforce

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// job is a bulk query.
type job struct {
	id, operation, query, version string
	created                       time.Time
	statement                     *statement
	polls                         int // how often it still is not complete
	fails, aborted, done          bool
	rows                          [][]string
}

func (j *job) state(s Settings) string {
	switch {
	case j.aborted:
		return "Aborted"
	case j.done && j.fails:
		return "Failed"
	case j.done:
		return "JobComplete"
	case j.polls < s.JobPolls:
		return "InProgress"
	}
	return "UploadComplete"
}

func (s *Server) createJob(w http.ResponseWriter, r *http.Request) error {
	var request struct{ Operation, Query, ContentType, ColumnDelimiter, LineEnding string }
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		return refuse("JSON_PARSER_ERROR", "%s", err)
	}
	orDefault := func(value, usual string) bool { return value == "" || value == usual }
	switch {
	case request.Operation != "query" && request.Operation != "queryAll":
		return refuse("INVALIDJOB", "Unsupported operation: %s", request.Operation)
	case !orDefault(request.ContentType, "CSV") || !orDefault(request.ColumnDelimiter, "COMMA") || !orDefault(request.LineEnding, "LF"):
		return refuse("INVALIDJOB", "the stand-in makes only CSV with commas and LF")
	}
	o := s.Org
	o.mu.Lock()
	defer o.mu.Unlock()
	statement, err := o.parse(request.Query, request.Operation == "queryAll")
	if err != nil {
		return err
	}
	if statement.count {
		return refuse("API_ERROR", "Aggregate functions are not supported")
	}
	o.lastID++
	j := &job{id: newID("750", o.lastID), operation: request.Operation, query: request.Query, version: r.PathValue("version"), created: o.clock.Now(), statement: statement, polls: o.settings.JobPolls}
	if o.settings.FailJobs > 0 {
		o.settings.FailJobs--
		j.fails = true
	}
	o.jobs[j.id] = j
	writeJSON(w, http.StatusOK, o.info(j))
	return nil
}

func (o *Org) info(j *job) map[string]any {
	version, _ := strconv.ParseFloat(j.version, 64)
	body := map[string]any{
		"id": j.id, "operation": j.operation, "object": j.statement.object.name, "createdById": "005AA0000000001AAA",
		"createdDate": stamp(j.created), "systemModstamp": stamp(o.clock.Now()), "state": j.state(o.settings), "concurrencyMode": "Parallel",
		"contentType": "CSV", "apiVersion": version, "jobType": "V2Query", "lineEnding": "LF", "columnDelimiter": "COMMA",
	}
	if j.done {
		body["numberRecordsProcessed"], body["retries"], body["totalProcessingTime"] = len(j.rows), 0, 334
		if j.fails {
			body["numberRecordsProcessed"], body["errorMessage"] = 0, "InternalServerError: the query could not be processed"
		}
	}
	return body
}

// job returns the job of a request. The org is locked.
func (o *Org) job(r *http.Request) (*job, error) {
	j := o.jobs[Long(r.PathValue("id"))]
	if j == nil {
		return nil, notFound()
	}
	return j, nil
}

func (s *Server) readJob(w http.ResponseWriter, r *http.Request) error {
	o := s.Org
	o.mu.Lock()
	defer o.mu.Unlock()
	j, err := o.job(r)
	if err != nil {
		return err
	}
	if !j.done && !j.aborted {
		if j.polls--; j.polls < 0 {
			j.done = true
			for _, found := range o.run(j.statement) {
				row := make([]string, len(j.statement.fields))
				for i, p := range j.statement.fields {
					row[i] = cell(o.follow(j.statement.object, found, p))
				}
				j.rows = append(j.rows, row)
			}
		}
	}
	writeJSON(w, http.StatusOK, o.info(j))
	return nil
}

// cell is a value as CSV has it. Times end with Z, unlike those of JSON answers.
func cell(value any) string {
	switch value := value.(type) {
	case nil:
		return ""
	case float64:
		text := strconv.FormatFloat(value, 'f', -1, 64)
		if !strings.Contains(text, ".") {
			text += ".0"
		}
		return text
	case string:
		return strings.Replace(value, ".000+0000", ".000Z", 1)
	}
	return fmt.Sprint(value)
}

func (s *Server) jobResults(w http.ResponseWriter, r *http.Request) error {
	o := s.Org
	o.mu.Lock()
	defer o.mu.Unlock()
	j, err := o.job(r)
	switch {
	case err != nil:
		return err
	case j.version != r.PathValue("version"):
		return &apiError{status: http.StatusConflict, code: "API_ERROR", message: "the API version of the request differs from the job's"}
	case j.state(o.settings) != "JobComplete":
		return refuse("INVALIDJOBSTATE", "Results are available when the job is complete; its state is %s", j.state(o.settings))
	}
	query := r.URL.Query()
	from, size := 0, o.settings.LargestSet
	if text := query.Get("locator"); text != "" {
		decoded, err := base64.RawURLEncoding.DecodeString(text)
		if from, _ = strconv.Atoi(string(decoded)); err != nil || from <= 0 || from >= len(j.rows) {
			return refuse("INVALID_LOCATOR", "invalid locator %s", text)
		}
	}
	if n, err := strconv.Atoi(query.Get("maxRecords")); err == nil && n > 0 {
		size = min(size, n)
	}
	to := min(from+size, len(j.rows))
	locator := "null"
	if to < len(j.rows) {
		locator = base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(to)))
	}
	w.Header().Set("Content-Type", "text/csv")
	w.Header().Set("Sforce-NumberOfRecords", strconv.Itoa(to-from))
	w.Header().Set("Sforce-Locator", locator)
	header := make([]string, len(j.statement.fields))
	for i, p := range j.statement.fields {
		header[i] = p.name
	}
	var text strings.Builder
	for _, row := range append([][]string{header}, j.rows[from:to]...) {
		for i, value := range row {
			if i > 0 {
				text.WriteByte(',')
			}
			text.WriteString(`"` + strings.ReplaceAll(value, `"`, `""`) + `"`)
		}
		text.WriteByte('\n')
	}
	_, _ = w.Write([]byte(text.String()))
	return nil
}

func (s *Server) deleteJob(w http.ResponseWriter, r *http.Request) error {
	o := s.Org
	o.mu.Lock()
	defer o.mu.Unlock()
	j, err := o.job(r)
	if err != nil {
		return err
	}
	if !j.done && !j.aborted {
		return refuse("INVALIDJOBSTATE", "a job in the state %s cannot be deleted", j.state(o.settings))
	}
	delete(o.jobs, j.id)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) abortJob(w http.ResponseWriter, r *http.Request) error {
	var request struct{ State string }
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil || request.State != "Aborted" {
		return refuse("INVALIDJOB", "the only state to set is Aborted")
	}
	o := s.Org
	o.mu.Lock()
	defer o.mu.Unlock()
	j, err := o.job(r)
	if err != nil {
		return err
	}
	j.aborted = !j.done
	writeJSON(w, http.StatusOK, o.info(j))
	return nil
}

// Jobs returns how many bulk jobs the org holds.
func (o *Org) Jobs() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.jobs)
}

// ForgetJobs removes all bulk jobs, as the vendor does after seven days.
func (o *Org) ForgetJobs() {
	o.mu.Lock()
	defer o.mu.Unlock()
	clear(o.jobs)
}
