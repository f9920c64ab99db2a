package httpkit_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"orderly/pkg/httpkit"
)

type shelfInput struct {
	ID    string `path:"id" format:"uuid"`
	Limit int    `query:"limit" minimum:"1" maximum:"2147483647"`
	Order string `query:"order" enum:"up,down"`
	Key   string `header:"Key" maxLength:"3" pattern:"^[!-~]+$" patternDescription:"printable ASCII"`
}

// What is wrong is said in one language, with the numbers as people write them.
func TestFaultsAreForPeople(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	api := httpkit.NewAPI(mux, "Shelves", "1")
	op := huma.Operation{OperationID: "get-shelf", Method: http.MethodGet, Path: "/shelves/{id}"}
	httpkit.Register(api, op, translate, func(context.Context, *shelfInput) (*struct{}, error) { return nil, nil })
	handlers := map[string]http.Handler{
		"GET":  httpkit.NewHandler(mux, httpkit.HandlerConfig{}),
		"POST": httpkit.NewHandler(newMux(nil), httpkit.HandlerConfig{}),
	}
	const shelf = "/shelves/01990000-0000-7000-8000-000000000000"
	tests := []struct{ method, path, body, key, location, message string }{
		{"GET", "/shelves/7", "", "", "path.id", "must be a UUID, as 01990000-0000-7000-8000-000000000000"},
		{"GET", shelf + "?limit=0", "", "", "query.limit", "must be at least 1"},
		{"GET", shelf + "?limit=2147483648", "", "", "query.limit", "must be at most 2147483647"},
		{"GET", shelf + "?limit=x", "", "", "query.limit", "must be a whole number"},
		{"GET", shelf + "?limit=1&limit=1", "", "", "query.limit", "is given more than once"},
		{"GET", shelf + "?order=", "", "", "query.order", "is empty: give a value, or leave it out"},
		{"GET", shelf + "?order=left", "", "", "query.order", "must be one of up, down"},
		{"GET", shelf + "?size=1", "", "", "query.size", "is not a parameter here"},
		{"GET", shelf, "", "long", "header.Key", "must have at most 3 characters"},
		{"GET", shelf, "", "\x01", "header.Key", "must be printable ASCII"},
		{"POST", "/notes", `{"text":1}`, "", "body.text", "must be a string"},
		{"POST", "/notes", `{"text":"x","Text":"x"}`, "", "body.Text", "is not a name here, write it text"},
		{"POST", "/notes", `{"text":"x","lines":[{"count":1.0}]}`, "", "body.lines[0].count", "must be a whole number, written without a point or an exponent, not 1.0"},
		{"POST", "/notes", `{"text":"x","lines":[{"count":9223372036854775808}]}`, "", "body.lines[0].count", "must be a whole number that fits in 64 bits, not 9223372036854775808"},
	}
	for _, tt := range tests {
		var header []string
		if tt.key != "" {
			header = []string{"Key", tt.key}
		}
		p := problemOf(t, send(handlers[tt.method], tt.method, tt.path, tt.body, header...), http.StatusUnprocessableEntity)
		if len(p.Errors) != 1 || p.Errors[0] != (httpkit.Fault{Location: tt.location, Message: tt.message}) {
			t.Errorf("%s %s %s: %+v, want %s at %s", tt.method, tt.path, tt.body, p.Errors, tt.message, tt.location)
		}
		if strings.Contains(p.Detail, "validation failed") {
			t.Errorf("%s %s: detail %q", tt.method, tt.path, p.Detail)
		}
	}
}
