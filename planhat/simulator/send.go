package simulator

import (
	"net"
	"net/http"
	"time"
)

func (x *exchange) send(a *answer) {
	body := x.server.encode(x.w, x.r, a)
	x.call.Status = a.status
	x.record()
	x.w.WriteHeader(a.status)
	_, _ = x.w.Write(body) // a client that went away needs no answer
}

// sendFault answers with the error that a status fault asks for.
func (x *exchange) sendFault(f *Fault) {
	h := x.w.Header()
	switch f.RetryAfter {
	case "", "none":
	case "date":
		h.Set("Retry-After", httpDate(time.Now().Add(time.Second)))
	default:
		h.Set("Retry-After", f.RetryAfter)
	}
	message := "Simulated fault: " + http.StatusText(f.Status)
	if f.Kind == FaultHTML {
		x.send(&answer{status: f.Status, contentType: "text/html; charset=utf-8", body: htmlPage(f.Status, message)})
		return
	}
	x.send(x.server.errorAnswer(refuse(f.Status, message)))
}

// cut ends the connection without an answer, with a TCP reset where the
// connection allows it.
func (x *exchange) cut() {
	x.record()
	conn, _, err := http.NewResponseController(x.w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, isTCP := conn.(*net.TCPConn); isTCP {
		_ = tcp.SetLinger(0) // without it the client sees an orderly end
	}
	_ = conn.Close()
}

// truncate promises the whole body, sends half of it and ends the connection.
func (x *exchange) truncate(a *answer) {
	body := x.server.encode(x.w, x.r, a)
	x.call.Status = a.status
	x.record()
	x.w.WriteHeader(a.status)
	_, _ = x.w.Write(body[:len(body)/2])
	_ = http.NewResponseController(x.w).Flush()
	panic(http.ErrAbortHandler)
}

// drip sends the body in pieces over the given time.
func (x *exchange) drip(a *answer, over time.Duration) {
	body := x.server.encode(x.w, x.r, a)
	x.call.Status = a.status
	x.record()
	x.w.WriteHeader(a.status)
	control := http.NewResponseController(x.w)
	pieces := max(min(20, len(body)), 1)
	step := (len(body) + pieces - 1) / pieces
	for len(body) > 0 {
		n := min(step, len(body))
		if _, err := x.w.Write(body[:n]); err != nil {
			return
		}
		_ = control.Flush()
		body = body[n:]
		if !sleep(x.r.Context(), over/time.Duration(pieces)) {
			return
		}
	}
}
