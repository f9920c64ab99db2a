package api_test

import (
	"bytes"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	inventoryapi "orderly/inventory/httpapi"
	orderapi "orderly/order/httpapi"
	"orderly/payment/gateway"
	paymentapi "orderly/payment/httpapi"
	"orderly/pkg/httpkit"
)

const file = "openapi.yaml"

var update = flag.Bool("update", false, "write "+file+" anew")

// The document in the repository is the one that a process with all services
// serves.
func TestDocumentIsFresh(t *testing.T) {
	t.Parallel()
	want := get(t, "/openapi.yaml")
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

// get asks an API that has all operations and nothing behind them.
func get(t *testing.T, path string) []byte {
	t.Helper()
	mux := http.NewServeMux()
	api := httpkit.NewAPI(mux, "Orderly", "1")
	orderapi.Register(api, orderapi.Service{})
	inventoryapi.Register(api, inventoryapi.Service{})
	paymentapi.Register(api, paymentapi.Service{Gateway: &gateway.Simulated{}})
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	if w.Code != http.StatusOK {
		t.Fatalf("GET %s: status %d", path, w.Code)
	}
	return w.Body.Bytes()
}
