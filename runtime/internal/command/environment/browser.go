package environment

import (
	"errors"
	"html/template"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"time"
)

// errNoBrowser is the error of a machine without a desktop.
var errNoBrowser = errors.New("this machine has no desktop to open a browser on")

// forgetAfter is when a page that leads to an address is deleted: the browser has read it.
const forgetAfter = time.Minute

// leads is a page that leads to an address at once.
var leads = template.Must(template.New("").Parse(`<!doctype html>
<meta charset="utf-8"><meta name="referrer" content="no-referrer"><meta http-equiv="refresh" content="0; url={{.}}">
<title>phscript</title><p><a href="{{.}}">Continue to phscript</a></p>
`))

// browse opens an address in the user's browser. It does not wait for the browser.
//
// Every user of a machine sees the arguments of its programs, and the address may hold a
// secret. So the browser is given a file that only its owner can read, and that leads to
// the address. forget deletes the file; it is deleted after a minute in any case.
func browse(getenv func(string) (string, bool)) func(address string) (forget func(), err error) {
	return func(address string) (forget func(), err error) {
		var program []string
		switch runtime.GOOS {
		case "darwin":
			program = []string{"open"}
		case "windows":
			program = []string{"rundll32", "url.dll,FileProtocolHandler"}
		default:
			x11, _ := getenv("DISPLAY")
			wayland, _ := getenv("WAYLAND_DISPLAY")
			if x11 == "" && wayland == "" {
				return nil, errNoBrowser
			}
			program = []string{"xdg-open"}
		}
		page, forget, err := leadTo(address)
		if err != nil {
			return nil, err
		}
		cmd := exec.Command(program[0], append(program[1:], page)...)
		if err := cmd.Start(); err != nil {
			forget()
			return nil, err
		}
		go func() { _ = cmd.Wait() }()
		time.AfterFunc(forgetAfter, forget)
		return forget, nil
	}
}

// leadTo writes a page that leads to an address into a folder that only this user can read.
func leadTo(address string) (page string, forget func(), err error) {
	dir, err := os.MkdirTemp("", "phscript-open-") // with mode 0700
	if err != nil {
		return "", nil, err
	}
	forget = sync.OnceFunc(func() { _ = os.RemoveAll(dir) })
	page = filepath.Join(dir, "open.html")
	file, err := os.OpenFile(page, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		err = errors.Join(leads.Execute(file, address), file.Close())
	}
	if err != nil {
		forget()
	}
	return page, forget, err
}
