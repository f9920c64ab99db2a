package httpkit_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"orderly/pkg/engine"
	"orderly/pkg/httpkit"
)

// echo answers with what NewHandler put in the context.
func echo() http.Handler {
	return httpkit.NewHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m := httpkit.Meta(r.Context())
		fmt.Fprintf(w, "%s|%s", m.CorrelationID, m.TraceParent)
	}), httpkit.HandlerConfig{})
}

func TestCorrelationID(t *testing.T) {
	t.Parallel()
	longest := strings.Repeat("x", 128)
	tests := []struct {
		name  string
		given []string // headers
		want  string   // "" = made
		bad   bool
	}{
		{"absent is made", nil, "", false},
		{"empty is made", []string{""}, "", false},
		{"kept", []string{"call-7!~"}, "call-7!~", false},
		{"longest", []string{longest}, longest, false},
		{"too long", []string{longest + "x"}, "", true},
		{"space", []string{"a b"}, "", true},
		{"control character", []string{"a\x01b"}, "", true},
		{"line break", []string{"a\r\nX-Evil: 1"}, "", true},
		{"not ASCII", []string{"ä"}, "", true},
		{"two of them", []string{"a", "b"}, "", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var header []string
			for _, v := range tt.given {
				header = append(header, httpkit.CorrelationHeader, v)
			}
			res := send(echo(), http.MethodGet, "/", "", header...)
			got := res.Header.Get(httpkit.CorrelationHeader)
			if tt.want == "" {
				if _, err := uuid.Parse(got); err != nil {
					t.Errorf("%s: %q is not a made id", httpkit.CorrelationHeader, got)
				}
			} else if got != tt.want {
				t.Errorf("%s: %q, want %q", httpkit.CorrelationHeader, got, tt.want)
			}
			if tt.bad {
				if p := problemOf(t, res, http.StatusBadRequest); p.CorrelationID != got {
					t.Errorf("the problem names the request %q, the header %q", p.CorrelationID, got)
				}
				return
			}
			if body := read(t, res); body != got+"|" {
				t.Errorf("in the context: %q, want %q", body, got)
			}
		})
	}
}

func TestTraceParent(t *testing.T) {
	t.Parallel()
	const good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	tests := map[string]bool{
		good:                  true,
		"cc" + good[2:]:       true,
		"":                    false,
		"ff" + good[2:]:       false,
		good + "-more":        false,
		strings.ToUpper(good): false,
		"00-00000000000000000000000000000000-00f067aa0ba902b7-01": false,
		"00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01": false,
		"00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01": false,
		"00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01": false,
	}
	for given, kept := range tests {
		want := ""
		if kept {
			want = given
		}
		res := send(echo(), http.MethodGet, "/", "", "traceparent", given, httpkit.CorrelationHeader, "c")
		if got := read(t, res); got != "c|"+want {
			t.Errorf("traceparent %q: the context has %q, want %q", given, got, "c|"+want)
		}
	}
}

func TestUnroutedRequestsGetProblems(t *testing.T) {
	t.Parallel()
	h := httpkit.NewHandler(newMux(nil), httpkit.HandlerConfig{})
	if p := problemOf(t, send(h, http.MethodGet, "/nowhere", ""), http.StatusNotFound); p.Type != "urn:orderly:problem:not-found" {
		t.Errorf("type %q", p.Type)
	}
	for _, path := range []string{"//notes", "/notes//", "/./notes", "/x/../notes", "//"} {
		problemOf(t, send(h, http.MethodPost, path, "{}"), http.StatusNotFound)
	}
	res := send(h, http.MethodDelete, "/notes", "")
	if got := res.Header.Get("Allow"); got != "POST" {
		t.Errorf("Allow: %q, want POST", got)
	}
	problemOf(t, res, http.StatusMethodNotAllowed)
}

// A handler's own 404 is its own affair.
func TestRoutedNotFoundIsLeftAlone(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /mine", func(w http.ResponseWriter, r *http.Request) { http.Error(w, "mine", http.StatusNotFound) })
	res := send(httpkit.NewHandler(mux, httpkit.HandlerConfig{}), http.MethodGet, "/mine", "")
	if got := read(t, res); res.StatusCode != http.StatusNotFound || got != "mine\n" {
		t.Errorf("got %d %q", res.StatusCode, got)
	}
}

func TestPanicBecomesProblem(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zap.DebugLevel)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", func(http.ResponseWriter, *http.Request) { panic("secret of the handler") })
	h := httpkit.NewHandler(mux, httpkit.HandlerConfig{Logger: zap.New(core)})
	p := problemOf(t, send(h, http.MethodGet, "/", "", httpkit.CorrelationHeader, "c-1"), http.StatusInternalServerError)
	if strings.Contains(p.Detail, "secret") || p.CorrelationID != "c-1" {
		t.Errorf("problem: %+v", p)
	}
	entries := logs.FilterMessage("request panicked").All()
	if len(entries) != 1 {
		t.Fatalf("%d entries in the log, want 1", len(entries))
	}
	fields := entries[0].ContextMap()
	if fields["correlation_id"] != "c-1" || !strings.Contains(fmt.Sprint(fields["error"]), "secret") || fmt.Sprint(fields["stack"]) == "" {
		t.Errorf("logged: %v", fields)
	}
}

// Half an answer must not look like a whole one.
func TestPanicInTheMiddleCutsTheAnswer(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half")
		_ = http.NewResponseController(w).Flush()
		panic("in the middle")
	})
	server := httptest.NewServer(httpkit.NewHandler(mux, httpkit.HandlerConfig{}))
	defer server.Close()
	res, err := server.Client().Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if raw, err := io.ReadAll(res.Body); err == nil {
		t.Errorf("read %q without an error", raw)
	}
}

func TestErrorsBecomeProblems(t *testing.T) {
	t.Parallel()
	secret := errors.New("dial tcp 10.0.0.7: secret")
	tests := []struct {
		name   string
		err    error
		status int
		retry  string
		logged bool
	}{
		{"own problem", fmt.Errorf("wrapped: %w", httpkit.NewProblem(http.StatusConflict, "taken", "Taken", "it is taken")), http.StatusConflict, "", false},
		{"busy", fmt.Errorf("%w: %w", engine.ErrBusy, secret), http.StatusServiceUnavailable, "1", true},
		{"stopped", engine.ErrStopped, http.StatusServiceUnavailable, "1", true},
		{"deadline", fmt.Errorf("%w: %w", context.DeadlineExceeded, secret), http.StatusServiceUnavailable, "1", true},
		{"unknown", secret, http.StatusInternalServerError, "", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			core, logs := observer.New(zap.WarnLevel)
			h := httpkit.NewHandler(newMux(tt.err), httpkit.HandlerConfig{Logger: zap.New(core)})
			res := send(h, http.MethodPost, "/notes", `{"text":"x"}`, httpkit.CorrelationHeader, "c-2")
			if got := res.Header.Get("Retry-After"); got != tt.retry {
				t.Errorf("Retry-After: %q, want %q", got, tt.retry)
			}
			p := problemOf(t, res, tt.status)
			if strings.Contains(p.Detail, "secret") || p.CorrelationID != "c-2" {
				t.Errorf("problem: %+v", p)
			}
			if got := logs.Len() == 1; got != tt.logged {
				t.Errorf("%d entries in the log, want one: %v", logs.Len(), tt.logged)
			}
		})
	}
}

func TestBodyLimit(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(httpkit.NewHandler(newMux(nil), httpkit.HandlerConfig{}))
	defer server.Close()
	exact := `{"text":"` + strings.Repeat("x", 1<<20-len(`{"text":""}`)) + `"}`
	tests := []struct {
		name   string
		body   io.Reader
		status int
	}{
		{"exactly the limit", strings.NewReader(exact), http.StatusOK},
		{"one more, declared", strings.NewReader(exact + " "), http.StatusRequestEntityTooLarge},
		{"one more, in chunks", io.MultiReader(strings.NewReader(exact), strings.NewReader(" ")), http.StatusRequestEntityTooLarge},
		{"ten times, in chunks", io.LimitReader(endless{}, 10<<20), http.StatusRequestEntityTooLarge},
	}
	for _, tt := range tests {
		res, err := server.Client().Post(server.URL+"/notes", "application/json", tt.body)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if tt.status == http.StatusOK {
			if read(t, res); res.StatusCode != tt.status {
				t.Errorf("%s: status %d", tt.name, res.StatusCode)
			}
			continue
		}
		problemOf(t, res, tt.status)
	}
}

// endless is a JSON string without an end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '"'
	}
	return len(p), nil
}

func TestChangesForAnotherSiteAreRefused(t *testing.T) {
	t.Parallel()
	h := httpkit.NewHandler(newMux(nil), httpkit.HandlerConfig{})
	problemOf(t, send(h, http.MethodPost, "/notes", `{"text":"x"}`, "Origin", "https://evil.example"), http.StatusForbidden)
	if res := send(h, http.MethodPost, "/notes", `{"text":"x"}`, "Origin", "http://example.com"); res.StatusCode != http.StatusOK {
		t.Errorf("the site's own request: status %d", res.StatusCode)
	}
}

func TestUnknownQueryParameterIsRefused(t *testing.T) {
	t.Parallel()
	h := httpkit.NewHandler(newMux(nil), httpkit.HandlerConfig{})
	p := problemOf(t, send(h, http.MethodPost, "/notes?x=1", `{"text":"x"}`), http.StatusUnprocessableEntity)
	if len(p.Errors) != 1 || p.Errors[0].Location != "query.x" {
		t.Errorf("errors: %+v", p.Errors)
	}
}

func TestMetricsCountByRoute(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	metrics, err := httpkit.NewMetrics(registry)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := httpkit.NewMetrics(registry); err == nil {
		t.Error("registered twice without an error")
	}
	mux := newMux(nil)
	mux.Handle("GET /metrics", httpkit.MetricsHandler(registry))
	mux.HandleFunc("GET /things/{id}", func(http.ResponseWriter, *http.Request) {})
	h := httpkit.NewHandler(mux, httpkit.HandlerConfig{Metrics: metrics})
	send(h, http.MethodGet, "/things/1", "")
	send(h, http.MethodGet, "/things/2", "")
	send(h, "BREW", "/pot", "")
	got := read(t, send(h, http.MethodGet, "/metrics", ""))
	for _, want := range []string{
		`orderly_http_requests_total{code="200",method="GET",route="/things/{id}"} 2`,
		`orderly_http_requests_total{code="404",method="other",route="none"} 1`,
		`orderly_http_request_duration_seconds_count{code="200",method="GET",route="/things/{id}"} 2`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s", want)
		}
	}
}

func TestDocument(t *testing.T) {
	t.Parallel()
	mux := newMux(nil)
	document := read(t, send(mux, http.MethodGet, "/openapi.json", ""))
	for _, want := range []string{`"openapi":"3.1.0"`, `"$ref":"#/components/schemas/Note"`, `"application/problem+json"`, `"correlation_id"`} {
		if !strings.Contains(document, want) {
			t.Errorf("no %s in the document", want)
		}
	}
	for _, unwanted := range []string{"$schema", "ErrorModel"} {
		if strings.Contains(document, unwanted) {
			t.Errorf("%s in the document", unwanted)
		}
	}
	if res := send(mux, http.MethodGet, "/docs", ""); res.StatusCode != http.StatusNotFound {
		t.Errorf("/docs: status %d", res.StatusCode)
	}
	if res := send(mux, http.MethodPost, "/notes", `{"text":"x"}`); res.Header.Get("Link") != "" || strings.Contains(read(t, res), "$schema") {
		t.Error("answers link to a schema")
	}
}

var _ huma.StatusError = (*httpkit.Problem)(nil)

func read(t *testing.T, res *http.Response) string {
	t.Helper()
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
