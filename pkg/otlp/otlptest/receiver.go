// Package otlptest is a receiver of OTLP over HTTP for tests, in their own process.
package otlptest

import (
	"compress/gzip"
	"encoding/hex"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// Span is a span that was received. Ids are hexadecimal.
type Span struct {
	TraceID    string
	ID         string
	Parent     string // empty at the root of a trace
	Name       string
	Service    string // of its resource
	Kind       string // as SPAN_KIND_SERVER
	Begin, End time.Time
	Attributes map[string]string // of whatever type
	Links      []Link
	Events     []string // their names
	Error      string   // the description of a status that is an error
}

// Link names a span of any trace.
type Link struct{ TraceID, ID string }

// Receiver keeps what it receives. Any goroutine may use it.
type Receiver struct {
	// URL is the endpoint that an exporter is told.
	URL string

	mu       sync.Mutex // guards what follows
	spans    []Span
	requests []*http.Request // without their bodies
	refuse   []int
}

// Start starts a receiver that ends with the test.
func Start(t testing.TB) *Receiver {
	t.Helper()
	r := &Receiver{}
	server := httptest.NewServer(http.HandlerFunc(r.serve))
	t.Cleanup(server.Close)
	r.URL = server.URL + "/v1/traces"
	return r
}

// Refuse has the next requests answered with these statuses, one each.
func (r *Receiver) Refuse(statuses ...int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refuse = append(r.refuse, statuses...)
}

// Spans returns all that was received so far, by when they began.
func (r *Receiver) Spans() []Span {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.SortedStableFunc(slices.Values(r.spans), func(a, b Span) int { return a.Begin.Compare(b.Begin) })
}

// Requests returns the requests so far, those that were refused too.
func (r *Receiver) Requests() []*http.Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.requests)
}

func (r *Receiver) serve(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = append(r.requests, req)
	if len(r.refuse) > 0 {
		w.WriteHeader(r.refuse[0])
		r.refuse = r.refuse[1:]
		return
	}
	data, err := read(req)
	var got tracepb.TracesData
	if err == nil {
		err = proto.Unmarshal(data, &got)
	}
	if err != nil || req.URL.Path != "/v1/traces" || req.Header.Get("Content-Type") != "application/x-protobuf" {
		http.Error(w, "not OTLP", http.StatusBadRequest)
		return
	}
	for _, resource := range got.GetResourceSpans() {
		of := attributes(resource.GetResource().GetAttributes())
		for _, scope := range resource.GetScopeSpans() {
			for _, s := range scope.GetSpans() {
				r.spans = append(r.spans, spanOf(s, of["service.name"]))
			}
		}
	}
}

func read(req *http.Request) ([]byte, error) {
	if req.Header.Get("Content-Encoding") != "gzip" {
		return io.ReadAll(req.Body)
	}
	unpacked, err := gzip.NewReader(req.Body)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(unpacked)
}

func spanOf(s *tracepb.Span, service string) Span {
	out := Span{
		TraceID:    hex.EncodeToString(s.GetTraceId()),
		ID:         hex.EncodeToString(s.GetSpanId()),
		Parent:     hex.EncodeToString(s.GetParentSpanId()),
		Name:       s.GetName(),
		Service:    service,
		Kind:       s.GetKind().String(),
		Begin:      time.Unix(0, int64(s.GetStartTimeUnixNano())),
		End:        time.Unix(0, int64(s.GetEndTimeUnixNano())),
		Attributes: attributes(s.GetAttributes()),
	}
	for _, l := range s.GetLinks() {
		out.Links = append(out.Links, Link{TraceID: hex.EncodeToString(l.GetTraceId()), ID: hex.EncodeToString(l.GetSpanId())})
	}
	for _, e := range s.GetEvents() {
		out.Events = append(out.Events, e.GetName())
	}
	if s.GetStatus().GetCode() == tracepb.Status_STATUS_CODE_ERROR {
		out.Error = s.GetStatus().GetMessage()
	}
	return out
}

func attributes(all []*commonpb.KeyValue) map[string]string {
	return maps.Collect(func(yield func(string, string) bool) {
		for _, a := range all {
			v := a.GetValue()
			text := v.GetStringValue()
			if _, number := v.GetValue().(*commonpb.AnyValue_IntValue); number {
				text = strconv.FormatInt(v.GetIntValue(), 10)
			}
			if !yield(a.GetKey(), text) {
				return
			}
		}
	})
}
