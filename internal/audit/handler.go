package audit

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"
)

// Feed is one feed of a service.
type Feed struct {
	// Path is where it is served, as "/v1/audit/orders".
	Path string
	// Read emits the head, then the records, and ends with emit's first error.
	Read func(ctx context.Context, emit func(Line) error) error
}

const (
	mediaType = "application/x-ndjson"
	bufferFor = 64 << 10
	// stallTimeout is how long a reader may leave what was sent to it unread.
	stallTimeout = time.Minute
)

// Handler serves a feed. It is told by failed, which may be nil, why a feed
// could not be read; who asked only learns that it broke off. A feed has no
// time limit as long as somebody reads it.
func Handler(f Feed, failed func(error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out := newWriter(w)
		err := f.Read(r.Context(), out.emit)
		if err != nil && failed != nil && r.Context().Err() == nil {
			failed(err)
		}
		if err != nil && !out.begun {
			http.Error(w, "the feed cannot be read", http.StatusServiceUnavailable)
			return
		}
		out.end(err)
	})
}

// writer sends the lines of one feed.
type writer struct {
	w       http.ResponseWriter
	buffer  *bufio.Writer
	encoder *json.Encoder
	begun   bool
	records int
}

func newWriter(w http.ResponseWriter) *writer {
	out := &writer{w: w}
	out.buffer = bufio.NewWriterSize(patient{w, http.NewResponseController(w)}, bufferFor)
	out.encoder = json.NewEncoder(out.buffer)
	out.encoder.SetEscapeHTML(false)
	return out
}

func (o *writer) emit(l Line) error {
	if l.Head == nil {
		o.records++
		return o.encoder.Encode(l)
	}
	// The head tells that the snapshot was taken, which is waited for.
	o.begun = true
	o.w.Header().Set("Content-Type", mediaType)
	o.w.Header().Set("Cache-Control", "no-store")
	if err := o.encoder.Encode(l); err != nil {
		return err
	}
	return o.flush()
}

func (o *writer) end(failed error) {
	end := &End{Records: o.records}
	if failed != nil {
		end.Failed = "the service could not read on"
	}
	if o.encoder.Encode(Line{End: end}) == nil {
		_ = o.flush() // a reader that is gone misses the end, which is all that can be told
	}
}

func (o *writer) flush() error {
	if err := o.buffer.Flush(); err != nil {
		return err
	}
	err := http.NewResponseController(o.w).Flush()
	if errors.Is(err, http.ErrNotSupported) {
		return nil
	}
	return err
}

// patient moves the server's write deadline on with each write.
type patient struct {
	http.ResponseWriter
	control *http.ResponseController
}

func (p patient) Write(b []byte) (int, error) {
	err := p.control.SetWriteDeadline(time.Now().Add(stallTimeout))
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	return p.ResponseWriter.Write(b)
}
