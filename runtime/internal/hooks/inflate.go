package hooks

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

var errTooLarge = errors.New("the body is too large when it is decompressed")

// Encoding returns how a body is compressed, or "" if it is not. All headers with that name
// count.
func Encoding(header http.Header) string {
	var all []string
	for name := range strings.SplitSeq(strings.Join(header.Values("Content-Encoding"), ","), ",") {
		if name = strings.TrimSpace(name); name != "" && !strings.EqualFold(name, "identity") {
			all = append(all, name)
		}
	}
	return strings.Join(all, ", ")
}

// Inflate returns a body without its compression, unless that has more bytes than most.
func Inflate(encoding string, body []byte, most int64) ([]byte, error) {
	var from io.Reader
	var err error
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "", "identity":
		return body, nil
	case "gzip", "x-gzip":
		from, err = gzip.NewReader(bytes.NewReader(body))
	case "deflate":
		if from, err = zlib.NewReader(bytes.NewReader(body)); err != nil {
			from, err = flate.NewReader(bytes.NewReader(body)), nil
		}
	default:
		return nil, fmt.Errorf("unknown compression %.40q", encoding)
	}
	if err != nil {
		return nil, errors.New("the compression of the body is damaged")
	}
	plain, err := io.ReadAll(io.LimitReader(from, most+1))
	switch {
	case int64(len(plain)) > most:
		return nil, errTooLarge
	case err != nil:
		return nil, errors.New("the compression of the body is damaged")
	}
	return plain, nil
}

// inflated returns the body of a message without compression, and counts it until release
// is called.
func (in *Intake) inflated(header http.Header, body []byte, most int64) (plain []byte, release func(), err error) {
	release = func() {}
	encoding := Encoding(header)
	if encoding == "" {
		return body, release, nil
	}
	if !in.memory.TryAcquire(most) {
		return nil, release, &refusal{status: http.StatusServiceUnavailable, reason: "too many events arrive at once"}
	}
	release = func() { in.memory.Release(most) }
	plain, err = Inflate(encoding, body, most)
	switch {
	case errors.Is(err, errTooLarge):
		err = &refusal{status: http.StatusRequestEntityTooLarge, reason: err.Error()}
	case err != nil:
		err = &refusal{status: http.StatusUnsupportedMediaType, reason: err.Error()}
	}
	return plain, release, err
}
