package sqlstore_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"orderly/internal/storetest"
	"orderly/inventory/httpapi"
	"orderly/pkg/engine"
	"orderly/pkg/httpkit"
)

// commands decides commands at a replica, each in a batch of its own.
type commands struct {
	replica  storetest.Replica
	failures []error // that made a batch run again
}

func (c *commands) Do(ctx context.Context, body any, _ engine.Meta) (any, error) {
	answers, failures, err := c.replica.Commit(ctx, body)
	c.failures = append(c.failures, failures...)
	if err != nil {
		return nil, err
	}
	return answers[0].Reply, answers[0].Err
}

// G4: a request without an idempotency key whose COMMIT loses its answer is
// applied once, and its answer does not call it a repetition. The same request
// sent again is another one.
func TestCommit_unknown_of_an_adjustment_without_a_key(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		r, spy := d.Spied(t)
		r.Do(t, put("MUG", 500))
		c := &commands{replica: r}
		mux := http.NewServeMux()
		httpapi.Register(httpkit.NewAPI(mux, "Products", "1"), httpapi.Service{Engine: c, Products: store(r)})
		for sent, body := range []string{
			`{"product_id":"MUG","on_hand":5,"available":5}`,
			`{"product_id":"MUG","on_hand":10,"available":10}`,
		} {
			spy.LoseNextCommit()
			request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/products/MUG/stock", strings.NewReader(`{"delta":5,"reason":"delivery"}`))
			w := httptest.NewRecorder()
			mux.ServeHTTP(w, request)
			storetest.Want(t, "lost answers", len(c.failures), sent+1)
			storetest.Want(t, "answer", []any{w.Code, strings.TrimSpace(w.Body.String())}, []any{http.StatusOK, body})
			storetest.Want(t, "is a repetition", w.Header().Values("Idempotent-Replayed"), "[]")
		}
		storetest.Want(t, "mugs", counts(t, r, "MUG"), "10 10 0 0")
		storetest.Want(t, "adjustments", storetest.Rows(t, r.DB, "SELECT count(*), sum(delta) FROM adjustments"), "[2 10]")
	})
}
