package environment

import (
	"errors"
	"os/exec"
	"runtime"
)

// errNoBrowser is the error of a machine without a desktop.
var errNoBrowser = errors.New("this machine has no desktop to open a browser on")

// browse opens an address in the user's browser. It does not wait for the browser.
func browse(getenv func(string) (string, bool)) func(url string) error {
	return func(url string) error {
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
				return errNoBrowser
			}
			program = []string{"xdg-open"}
		}
		cmd := exec.Command(program[0], append(program[1:], url)...)
		if err := cmd.Start(); err != nil {
			return err
		}
		go func() { _ = cmd.Wait() }()
		return nil
	}
}
