package api_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"testing"

	"orderly/internal/app"
	inventoryapi "orderly/inventory/httpapi"
	orderapi "orderly/order/httpapi"
	"orderly/payment/gateway"
	paymentapi "orderly/payment/httpapi"
	"orderly/pkg/dlqapi"
	"orderly/pkg/httpkit"
)

var update = flag.Bool("update", false, "write the documents anew")

// The document in the repository is the one that a process with all services
// serves.
func TestDocumentIsFresh(t *testing.T) {
	t.Parallel()
	fresh(t, "openapi.yaml", get(t, "/openapi.yaml"))
}

// fresh compares a file with what it should be, and writes it if asked to.
func fresh(t *testing.T, file string, want []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is out of date: run go generate ./api", file)
	}
}

// Every operation and every answer of it speaks of the correlation id.
func TestDocumentHasTheCorrelationID(t *testing.T) {
	t.Parallel()
	type reference struct {
		Ref string `json:"$ref"`
	}
	var document struct {
		Paths map[string]map[string]struct {
			Parameters []reference
			Responses  map[string]struct{ Headers map[string]reference }
		}
	}
	if err := json.Unmarshal(get(t, "/openapi.json"), &document); err != nil {
		t.Fatal(err)
	}
	if len(document.Paths) == 0 {
		t.Fatal("no operations")
	}
	for path, operations := range document.Paths {
		for method, op := range operations {
			if !slices.Contains(op.Parameters, reference{"#/components/parameters/CorrelationID"}) {
				t.Errorf("%s %s: no such parameter", method, path)
			}
			for status, r := range op.Responses {
				if r.Headers[httpkit.CorrelationHeader].Ref != "#/components/headers/CorrelationID" {
					t.Errorf("%s %s, %s: no such header", method, path, status)
				}
			}
		}
	}
}

// Whoever acts says who and why in as many characters, whatever it is about.
func TestDocumentHasOneLimitOfWhoAndWhy(t *testing.T) {
	t.Parallel()
	type text struct {
		MaxLength int
	}
	var document struct {
		Components struct {
			Schemas map[string]struct{ Properties map[string]json.RawMessage }
		}
	}
	if err := json.Unmarshal(get(t, "/openapi.json"), &document); err != nil {
		t.Fatal(err)
	}
	limited := 0
	for schema, s := range document.Components.Schemas {
		for property, want := range map[string]int{"by": 64, "why": 500} {
			var got text
			if raw, ok := s.Properties[property]; !ok || json.Unmarshal(raw, &got) != nil || got.MaxLength == 0 {
				continue // of an answer
			}
			if limited++; got.MaxLength != want {
				t.Errorf("%s: %s has at most %d characters, want %d as everywhere", schema, property, got.MaxLength, want)
			}
		}
	}
	if limited < 12 {
		t.Errorf("only %d limits were found", limited)
	}
}

// get asks an API that has all operations and nothing behind them.
func get(t *testing.T, path string) []byte {
	t.Helper()
	mux := http.NewServeMux()
	api := httpkit.NewAPI(mux, "Orderly", "1")
	orderapi.Register(api, orderapi.Service{})
	inventoryapi.Register(api, inventoryapi.Service{})
	paymentapi.Register(api, paymentapi.Service{Gateway: &gateway.Simulated{}})
	dlqapi.Register(api, nil)
	app.VersionRoutes(api, nil, nil)
	app.ServiceRoutes(api, nil)
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	if w.Code != http.StatusOK {
		t.Fatalf("GET %s: status %d", path, w.Code)
	}
	return w.Body.Bytes()
}
