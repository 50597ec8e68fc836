package web

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat"
)

// read reads the body. moved is called whenever data arrived that goes to a file.
func (r *request) read(res *http.Response, out *response, file *toFile, moved func()) error {
	host := out.at.Host
	if r.raise && isFailure(res.StatusCode) {
		// The status says more than a body that cannot be read.
		if body, err := decompressed(res, host); err == nil {
			out.body, _ = io.ReadAll(io.LimitReader(body, mostError))
		}
		out.size = int64(len(out.body))
		return nil
	}
	body, err := decompressed(res, host)
	if err != nil {
		return err
	}
	if file == nil || res.StatusCode >= 300 {
		most := r.most
		if r.to != "" {
			most = min(most, defaultMost)
		}
		var text bytes.Buffer
		n, err := io.Copy(&text, io.LimitReader(body, most+1))
		if err != nil {
			return err
		}
		if n > most {
			return r.tooLarge(host, most)
		}
		out.body, out.size = text.Bytes(), n
		return nil
	}
	out.size, err = io.Copy(file, &moving{io.LimitReader(body, r.most+1), moved})
	if err != nil {
		return err
	}
	if out.size > r.most {
		return r.tooLarge(host, r.most)
	}
	return file.keep()
}

// mostError is how much of the body of an error is read.
const mostError = 1 << 20

// tooLarge says that a response is longer than the script wants.
func (r *request) tooLarge(host string, most int64) error {
	e := &planhat.Error{Kind: planhat.KindValidation, Message: fmt.Sprintf("the response of %s has more than %d bytes", host, most)}
	switch {
	case !r.repeatable:
		e.Hint = "the service may have carried out the request: check before you send it again with a higher max_bytes"
	case r.to != "":
		e.Hint = "ask for less at once, or raise the option max_bytes"
	default:
		e.Hint = "ask for less at once; or raise the option max_bytes, or write the response to a file with the option to"
	}
	return &local{e}
}

// toFile is the file that a response is written to.
type toFile struct {
	files bindings.Files
	name  string
	file  io.WriteCloser
	done  bool
}

// openTo opens the file before the request is sent, which then is not in vain. It returns
// nil if there is no name.
func openTo(files bindings.Files, name string) (*toFile, error) {
	if name == "" {
		return nil, nil
	}
	file, err := files.OpenWrite(name, false)
	if err != nil {
		return nil, &local{bindings.FileError(files, "write", name, err)}
	}
	return &toFile{files: files, name: name, file: file}, nil
}

func (t *toFile) Write(p []byte) (int, error) {
	n, err := t.file.Write(p)
	if err != nil {
		err = &local{bindings.FileError(t.files, "write", t.name, err)}
	}
	return n, err
}

// keep gives the file its name.
func (t *toFile) keep() error {
	t.done = true
	if err := t.file.Close(); err != nil {
		return &local{bindings.FileError(t.files, "write", t.name, err)}
	}
	return nil
}

// discard removes what was written, unless it was kept.
func (t *toFile) discard() error {
	if t == nil || t.done {
		return nil
	}
	t.done = true
	if abort, ok := t.file.(bindings.Aborter); ok {
		return abort.Abort()
	}
	return t.file.Close()
}

// local is a failure on this side, which another attempt does not mend.
type local struct{ error }

func (e *local) Unwrap() error { return e.error }

// moving tells when data arrives.
type moving struct {
	from  io.Reader
	moved func()
}

func (m *moving) Read(p []byte) (int, error) {
	n, err := m.from.Read(p)
	if n > 0 {
		m.moved()
	}
	return n, err
}

// unreadable is an error about a response that came, but not in whole or in good order.
type unreadable struct {
	message string
	err     error
}

func (e *unreadable) Error() string { return e.message }

func (e *unreadable) Unwrap() error { return e.err }

// arriving is the body as it comes.
type arriving struct {
	io.Reader
	host   string
	failed bool
}

func (b *arriving) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		b.failed = true
		err = &unreadable{fmt.Sprintf("the response of %s is incomplete: %s", b.host, reason(err)), err}
	}
	return n, err
}

// unzipped is a body without its compression.
type unzipped struct {
	*gzip.Reader
	body *arriving
}

func (u *unzipped) Read(p []byte) (int, error) {
	n, err := u.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) && !u.body.failed {
		err = &unreadable{fmt.Sprintf("the compressed response of %s is damaged", u.body.host), err}
	}
	return n, err
}

// decompressed returns the body without gzip, which is all that a request accepts.
func decompressed(res *http.Response, host string) (io.Reader, error) {
	body := &arriving{Reader: res.Body, host: host}
	if res.Request != nil && res.Request.Method == http.MethodHead || res.StatusCode == http.StatusNoContent || res.StatusCode == http.StatusNotModified {
		return body, nil // there is none, whatever its compression would be
	}
	switch encoding := strings.ToLower(strings.TrimSpace(res.Header.Get("Content-Encoding"))); encoding {
	case "", "identity":
		return body, nil
	case "gzip", "x-gzip":
		unzip, err := gzip.NewReader(body)
		switch {
		case errors.Is(err, io.EOF):
			return http.NoBody, nil
		case err != nil && body.failed:
			return nil, err
		case err != nil:
			return nil, &unreadable{fmt.Sprintf("cannot read the response of %s: the response says it is gzip but is not", host), err}
		}
		return &unzipped{unzip, body}, nil
	default:
		return nil, &local{&planhat.Error{Kind: planhat.KindServer, Status: res.StatusCode, Message: fmt.Sprintf("%s responded with an unsupported compression %q", host, encoding)}}
	}
}
