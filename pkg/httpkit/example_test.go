package httpkit_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"orderly/pkg/httpkit"
)

type greeting struct {
	Name string `json:"name" minLength:"1"`
}

type greetInput struct {
	httpkit.Payload
}

type greetOutput struct {
	Body struct {
		Text string `json:"text"`
	}
}

var errShy = errors.New("nobody greets the shy")

func Example() {
	mux := http.NewServeMux()
	api := httpkit.NewAPI(mux, "Greetings", "1.0.0")
	op := huma.Operation{OperationID: "greet", Method: http.MethodPost, Path: "/greetings"}
	decode := httpkit.JSONBody[greeting](api, &op)
	translate := func(err error) *httpkit.Problem {
		if errors.Is(err, errShy) {
			return httpkit.NewProblem(http.StatusConflict, "shy", "Too shy", err.Error())
		}
		return nil
	}
	httpkit.Register(api, op, translate, func(_ context.Context, in *greetInput) (*greetOutput, error) {
		body, err := decode(in.Payload)
		if err != nil {
			return nil, err
		}
		if body.Name == "Shy" {
			return nil, errShy
		}
		out := &greetOutput{}
		out.Body.Text = "Hello, " + body.Name
		return out, nil
	})
	handler := httpkit.NewHandler(mux, httpkit.HandlerConfig{})

	for _, body := range []string{`{"name":"Ada"}`, `{"name":"Shy"}`, `{"nam":"Ada"}`} {
		r := httptest.NewRequest(http.MethodPost, "/greetings", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-Correlation-ID", "example")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Print(w.Code, " ", w.Body)
	}
	// Output:
	// 200 {"text":"Hello, Ada"}
	// 409 {"type":"urn:orderly:problem:shy","title":"Too shy","status":409,"detail":"nobody greets the shy","correlation_id":"example"}
	// 422 {"type":"urn:orderly:problem:validation","title":"The request is not valid","status":422,"detail":"2 things are wrong with the request","correlation_id":"example","errors":[{"location":"body","message":"lacks name"},{"location":"body.nam","message":"is not a name here"}]}
}
