package httpkit_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"go.uber.org/goleak"

	"orderly/pkg/httpkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type note struct {
	Text  string         `json:"text" minLength:"1"`
	Lines []line         `json:"lines,omitempty"`
	Tags  map[string]any `json:"tags,omitempty"`
}

type line struct {
	Count int64 `json:"count" minimum:"1"`
}

type noteInput struct {
	httpkit.Payload
}

type noteOutput struct {
	Body note
}

// newMux serves POST /notes, which answers with the note or with err.
func newMux(err error) *http.ServeMux {
	mux := http.NewServeMux()
	api := httpkit.NewAPI(mux, "Notes", "1")
	op := huma.Operation{OperationID: "add-note", Method: http.MethodPost, Path: "/notes"}
	decode := httpkit.JSONBody[note](api, &op)
	httpkit.Register(api, op, translate, func(_ context.Context, in *noteInput) (*noteOutput, error) {
		body, bad := decode(in.Payload)
		if bad != nil {
			return nil, bad
		}
		return &noteOutput{Body: body}, err
	})
	return mux
}

// translate knows no errors.
func translate(error) *httpkit.Problem { return nil }

// send asks a handler in this process.
func send(h http.Handler, method, path, body string, header ...string) *http.Response {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if body == "" {
		r = httptest.NewRequest(method, path, nil)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

// problemOf fails the test unless the answer is a problem of that status.
func problemOf(t *testing.T, res *http.Response, status int) httpkit.Problem {
	t.Helper()
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != status {
		t.Fatalf("status %d, want %d: %s", res.StatusCode, status, raw)
	}
	if got := res.Header.Get("Content-Type"); got != httpkit.MediaType {
		t.Errorf("Content-Type %q, want %q", got, httpkit.MediaType)
	}
	var p httpkit.Problem
	if err := json.Unmarshal(raw, &p); err != nil {
		t.Fatalf("the problem is not JSON: %v: %s", err, raw)
	}
	if p.Status != status || p.Title == "" || !strings.HasPrefix(p.Type, "urn:orderly:problem:") {
		t.Errorf("incomplete problem: %s", raw)
	}
	return p
}
