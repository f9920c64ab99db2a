package httpkit

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path"
	"runtime/debug"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"

	"orderly/pkg/logs"
	"orderly/pkg/tracecontext"
)

// CorrelationHeader carries the correlation id of a request and its answer.
const CorrelationHeader = "X-Correlation-ID"

// correlationKey is CorrelationHeader as net/http keeps it.
const correlationKey = "X-Correlation-Id"

const maxBody = 1 << 20

// HandlerConfig says what [NewHandler] does beside its duties.
type HandlerConfig struct {
	// Logger gets each request at debug level, and failures at error level; it
	// may be nil.
	Logger *zap.Logger
	// Metrics, if not nil, counts and times requests.
	Metrics *Metrics
	// Traces, if not nil, gets a span of each request but for those to the health
	// checks and metrics.
	Traces trace.TracerProvider
	// MaxBody is how many bytes the body of a request may have; 1 MiB if zero.
	MaxBody int64
}

type handler struct {
	next       http.Handler
	cfg        HandlerConfig
	tracer     trace.Tracer // nil if there are no traces
	protection *http.CrossOriginProtection
}

// NewHandler returns what stands in front of a mux:
//
//   - X-Correlation-ID is kept if it has 1 to 128 printable ASCII characters
//     without spaces, made if it is missing, and else refused (400). It is in
//     the answer and, with a well-formed traceparent, in the context. If there are
//     traces, that is of the request's own span, which continues the client's trace.
//   - A body above MaxBody is refused (413); a change that a browser sends for
//     another site is refused (403).
//   - A panic is logged and answered with a 500. No route (404), and no such
//     method (405, with Allow), are answered with a problem as well; a path
//     with empty or dotted segments has no route.
//
// Next is expected to be a *http.ServeMux: the pattern that it notes in the
// request labels the metrics.
func NewHandler(next http.Handler, cfg HandlerConfig) http.Handler {
	if cfg.Logger == nil {
		cfg.Logger = zap.NewNop()
	}
	if cfg.MaxBody == 0 {
		cfg.MaxBody = maxBody
	}
	h := &handler{next: next, cfg: cfg, protection: http.NewCrossOriginProtection()}
	if cfg.Traces != nil {
		h.tracer = cfg.Traces.Tracer("orderly/pkg/httpkit")
	}
	return h
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	x, refusal := identify(r)
	r = r.WithContext(context.WithValue(h.traced(r, x), exchangeKey{}, x))
	rec := &recorder{ResponseWriter: w, request: r}
	defer h.finish(rec, x, began)
	setHeaders(w.Header(), x)

	if refusal == nil {
		refusal = h.admit(w, r)
	}
	if refusal != nil {
		rec.refuse(refusal)
		return
	}
	h.next.ServeHTTP(rec, r)
}

// setHeaders makes one array for all values, since each request has them.
func setHeaders(header http.Header, x *exchange) {
	values := [...]string{x.correlationID, "nosniff", "DENY", "no-referrer"}
	for i, name := range [...]string{correlationKey, "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy"} {
		header[name] = values[i : i+1 : i+1]
	}
}

// identify gives the request its names. One whose correlation id is refused
// gets an id of its own, for the answer.
func identify(r *http.Request) (*exchange, *Problem) {
	x := &exchange{}
	if parent := r.Header.Get("Traceparent"); tracecontext.Valid(parent) {
		x.traceParent = parent
	}
	given := r.Header[correlationKey]
	if len(given) == 1 && validCorrelationID(given[0]) {
		x.correlationID = given[0]
		return x, nil
	}
	x.correlationID = newCorrelationID()
	if len(given) == 0 || len(given) == 1 && given[0] == "" {
		return x, nil
	}
	p := Unreadable("a correlation id has between 1 and 128 printable ASCII characters without spaces")
	p.Errors = []Fault{{Location: "header." + CorrelationHeader, Message: "not a correlation id"}}
	return x, p
}

func newCorrelationID() string {
	id, err := uuid.NewV7()
	if err != nil { // no randomness: a name that is not unique is better than no answer
		return fmt.Sprintf("at-%d", time.Now().UnixNano())
	}
	return id.String()
}

func (h *handler) admit(w http.ResponseWriter, r *http.Request) *Problem {
	if err := h.protection.Check(r); err != nil {
		return standard(http.StatusForbidden, "a browser sent this for another site")
	}
	if !clean(r.URL.EscapedPath()) {
		return standard(http.StatusNotFound, r.Method+" "+r.URL.EscapedPath())
	}
	if r.ContentLength > h.cfg.MaxBody {
		w.Header().Set("Connection", "close") // nobody reads the rest
		return bodyTooLarge(h.cfg.MaxBody)
	}
	r.Body = http.MaxBytesReader(w, r.Body, h.cfg.MaxBody)
	return nil
}

// clean says whether a path has no empty or dotted segments. A mux answers one
// that has with a redirect, in HTML, to where it thinks that the client wanted.
func clean(p string) bool {
	c := path.Clean(p)
	return p == c || p == c+"/" && c != "/"
}

// finish recovers from a panic, and logs and counts the request.
func (h *handler) finish(w *recorder, x *exchange, began time.Time) {
	thrown := recover()
	if thrown != nil && thrown != http.ErrAbortHandler {
		x.failure = &panicError{thrown, debug.Stack()}
		if w.status == 0 {
			w.refuse(internal())
			thrown = nil
		}
	}
	if w.status == 0 {
		w.status = http.StatusOK // what the server sends for a handler that wrote nothing
	}
	took := time.Since(began)
	if h.cfg.Metrics != nil {
		h.cfg.Metrics.observe(w.request, w.status, took)
	}
	x.endSpan(w)
	h.log(w, x, took)
	if thrown != nil {
		panic(http.ErrAbortHandler) // half an answer was sent: the client must not take it for a whole one
	}
}

func (h *handler) log(w *recorder, x *exchange, took time.Duration) {
	fields := []zap.Field{
		zap.String("method", w.request.Method),
		zap.String("path", w.request.URL.EscapedPath()),
		zap.Int("status", w.status),
		logs.Took(took),
		zap.String("correlation_id", x.correlationID),
		logs.TraceID(x.traceParent),
	}
	if x.failure == nil {
		h.cfg.Logger.Debug("request", fields...)
		return
	}
	fields = append(fields, zap.Error(x.failure))
	var p *panicError
	switch {
	case errors.As(x.failure, &p):
		h.cfg.Logger.Error("request panicked", append(fields, zap.ByteString("stack", p.stack))...)
	case w.request.Context().Err() != nil:
		h.cfg.Logger.Debug("request abandoned by its client", fields...)
	case w.status == http.StatusServiceUnavailable:
		h.cfg.Logger.Warn("request not answered", fields...)
	default:
		h.cfg.Logger.Error("request failed", fields...)
	}
}

type panicError struct {
	value any
	stack []byte
}

// Error gives the panic's value.
func (e *panicError) Error() string { return fmt.Sprintf("panic: %v", e.value) }
