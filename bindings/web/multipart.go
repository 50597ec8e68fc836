package web

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"net/textproto"
	"path"
	"path/filepath"

	lua "github.com/yuin/gopher-lua"
	"golang.org/x/net/http/httpguts"

	"github.com/phscript/phscript/bindings"
)

// part is one part of a multipart body: a text, or a file.
type part struct {
	header      textproto.MIMEHeader
	value, file string
}

// sendParts sets a multipart body. Files are read as they are sent.
func (r *request) sendParts(a *args, v lua.LValue) error {
	t, _ := v.(*lua.LTable)
	var parts []part
	for i := 1; t != nil && i <= t.Len(); i++ {
		one, ok := t.RawGetInt(i).(*lua.LTable)
		if !ok {
			return a.Errorf("option 'multipart', part %d: expected a table such as { name = \"note\", value = \"text\" }", i)
		}
		p, err := newPart(a, i, one)
		if err != nil {
			return err
		}
		parts = append(parts, p)
	}
	if len(parts) == 0 {
		return a.Errorf("option 'multipart' has no parts")
	}
	boundary := multipart.NewWriter(io.Discard).Boundary()
	r.header.Set("Content-Type", "multipart/form-data; boundary="+boundary)
	r.body = func() (io.ReadCloser, int64, error) { return openParts(a.Host.Files, boundary, parts) }
	return nil
}

func newPart(a *args, i int, t *lua.LTable) (p part, err error) {
	get := func(name string) string { return lua.LVAsString(t.RawGetString(name)) }
	p.value, p.file = get("value"), get("file")
	name, filename, kind := get("name"), get("filename"), get("type")
	if name == "" || p.file == "" && t.RawGetString("value") == lua.LNil {
		return p, a.Errorf("option 'multipart', part %d: it needs a name, and a value or a file", i)
	}
	if kind != "" && !httpguts.ValidHeaderFieldValue(kind) {
		return p, a.Errorf("option 'multipart', part %d: the type has a control character", i)
	}
	p.header = textproto.MIMEHeader{}
	if p.file != "" && filename == "" {
		filename = path.Base(filepath.ToSlash(p.file))
	}
	disposition := multipart.FileContentDisposition(name, filename)
	if filename == "" {
		const none = `; filename=""`
		disposition = disposition[:len(disposition)-len(none)]
	} else {
		p.header.Set("Content-Type", "application/octet-stream")
	}
	p.header.Set("Content-Disposition", disposition)
	if kind != "" {
		p.header.Set("Content-Type", kind)
	}
	return p, nil
}

// openParts opens the files of a multipart body, and returns it with its length.
func openParts(files bindings.Files, boundary string, parts []part) (io.ReadCloser, int64, error) {
	body := &joined{}
	var text bytes.Buffer
	var readers []io.Reader
	var size int64
	take := func() {
		size += int64(text.Len())
		readers = append(readers, bytes.NewReader(bytes.Clone(text.Bytes())))
		text.Reset()
	}
	w := multipart.NewWriter(&text)
	err := w.SetBoundary(boundary)
	for _, p := range parts {
		to, failed := w.CreatePart(p.header)
		if err = errors.Join(err, failed); err != nil {
			break
		}
		if p.file == "" {
			_, err = io.WriteString(to, p.value)
			continue
		}
		info, failed := files.Stat(p.file)
		if failed != nil {
			return nil, 0, errors.Join(bindings.FileError(files, "read", p.file, failed), body.Close())
		}
		f, failed := files.OpenRead(p.file)
		if failed != nil {
			return nil, 0, errors.Join(bindings.FileError(files, "read", p.file, failed), body.Close())
		}
		take()
		// A file that grows meanwhile is sent as long as it was.
		readers = append(readers, io.LimitReader(f, info.Size()))
		body.files = append(body.files, f)
		size += info.Size()
	}
	if err = errors.Join(err, w.Close()); err != nil {
		return nil, 0, errors.Join(err, body.Close())
	}
	take()
	body.Reader = io.MultiReader(readers...)
	return body, size, nil
}

// joined reads several readers, some of them files.
type joined struct {
	io.Reader
	files []io.Closer
}

func (j *joined) Close() error {
	var errs []error
	for _, f := range j.files {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}
