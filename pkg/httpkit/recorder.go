package httpkit

import "net/http"

// recorder notes what was answered, and answers with a problem where the mux
// found no route.
type recorder struct {
	http.ResponseWriter
	request *http.Request // the one that the mux gets, and notes its pattern in
	status  int           // 0 until something was written
	mute    bool          // the mux's own text is not sent
	problem bool          // the status is of a problem of this package
}

// Unwrap lets http.ResponseController reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader sends the status once.
func (w *recorder) WriteHeader(status int) {
	if w.status != 0 || w.mute {
		return
	}
	if status >= 100 && status < 200 && status != http.StatusSwitchingProtocols {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	unrouted := w.request.Pattern == "" && !w.problem
	if unrouted && (status == http.StatusNotFound || status == http.StatusMethodNotAllowed) {
		w.refuse(standard(status, w.request.Method+" "+w.request.URL.EscapedPath()))
		w.mute = true
		return
	}
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Write sends a part of the body.
func (w *recorder) Write(b []byte) (int, error) {
	if w.mute {
		return len(b), nil
	}
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(b)
}

// refuse answers with a problem whatever the route.
func (w *recorder) refuse(p *Problem) {
	w.problem = true
	WriteProblem(w, w.request, p)
}
