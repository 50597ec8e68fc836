package standin

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
)

// Exchanges is the environment variable that names a folder for recordings. If it
// is set, all stand-ins add what they were asked and what they answered to files
// in it, named after the vendor and the process, with one [Exchange] per line.
// tests/conformance compares them with the vendor's specification: run any tests
// of a connector with the variable set, then that suite.
const Exchanges = "PHSCRIPT_EXCHANGES"

// Exchange is a request and its answer. It has no headers with tokens. Requests
// with an injected fault are not recorded, and of those that differ only in
// digits and values, a process records the first few.
type Exchange struct {
	Method      string
	URL         string // path and query
	ContentType string
	Body        string
	Status      int
	AnswerType  string // its Content-Type
	AnswerBody  string
}

// mostAlike is how many exchanges of a kind a process records.
const mostAlike = 20

var recorder = struct {
	sync.Mutex
	files map[string]*os.File
	alike map[string]int
}{files: map[string]*os.File{}, alike: map[string]int{}}

var digits = regexp.MustCompile(`\d{3,}`)

// record adds an exchange to the vendor's file, if there is a folder for it. A
// file that cannot be written fails the tests: recordings must not be missing
// silently.
func record(vendor string, r *http.Request, request *Request, a *answer) {
	folder := os.Getenv(Exchanges)
	if folder == "" {
		return
	}
	recorder.Lock()
	defer recorder.Unlock()
	kind := vendor + " " + r.Method + " " + digits.ReplaceAllString(r.URL.Path, "#") + " " + strconv.Itoa(a.status)
	if recorder.alike[kind]++; recorder.alike[kind] > mostAlike {
		return
	}
	line, err := json.Marshal(Exchange{
		r.Method, r.URL.RequestURI(), r.Header.Get("Content-Type"), string(request.Body),
		a.status, a.header.Get("Content-Type"), a.body.String(),
	})
	if err == nil && recorder.files[vendor] == nil {
		name := filepath.Join(folder, vendor+"-"+strconv.Itoa(os.Getpid())+".jsonl")
		recorder.files[vendor], err = os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	}
	if err == nil {
		_, err = recorder.files[vendor].Write(append(line, '\n'))
	}
	if err != nil {
		panic("recording an exchange: " + err.Error())
	}
}
