package dlqapi_test

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"

	"orderly/pkg/dlqapi"
	"orderly/pkg/engine"
	"orderly/pkg/event"
	"orderly/pkg/httpkit"
	"orderly/pkg/natsbus/natstest"
	"orderly/pkg/sqldb"
	"orderly/pkg/sqldb/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// greeting is the payload of the only event that there is.
type greeting struct {
	Text string `json:"text"`
}

// rig is a service that refuses what it hears until it is mended, and its API.
type rig struct {
	testing.TB
	handler http.Handler
	mended  atomic.Bool
	js      jetstream.JetStream
	letters *engine.DeadLetters
}

func newRig(t testing.TB) *rig {
	t.Helper()
	r := &rig{TB: t, js: natstest.Connect(t, natstest.Start(t)).JetStream()}
	for _, name := range []string{"greetings", "dlq"} {
		_, err := r.js.CreateStream(t.Context(), jetstream.StreamConfig{Name: name, Subjects: []string{name + ".>"}})
		check(t, err)
	}
	_, err := r.js.CreateConsumer(t.Context(), "greetings", jetstream.ConsumerConfig{Durable: "host", AckPolicy: jetstream.AckExplicitPolicy, MaxDeliver: -1})
	check(t, err)
	db, err := sqlite.Options{Synchronous: sqlite.Off}.Open(t.Context(), filepath.Join(t.TempDir(), "host.db"))
	check(t, err)
	t.Cleanup(func() { check(t, db.Close()) })
	check(t, db.Migrate(t.Context(), sqldb.Schema{Tables: []sqldb.Tables{engine.Tables()}}))
	registry, err := event.NewRegistry("test.", event.Contract{
		Name: "greetings.sent", Version: 1, Encode: json.Marshal,
		Decode: func(data []byte) (any, error) {
			var g greeting
			return g, json.Unmarshal(data, &g)
		},
	})
	check(t, err)
	handlers, err := engine.Handlers("host", db, registry, engine.Handle("greetings.sent", func(context.Context, *sql.Tx, greeting) ([]event.Event, error) {
		if r.mended.Load() {
			return nil, nil
		}
		return nil, engine.Never(errors.New("how rude"))
	}))
	check(t, err)
	e, err := engine.New(engine.Config{Name: "host", DB: db, Decider: handlers, JetStream: r.js, Registry: registry, Consumers: []engine.Consumer{{Stream: "greetings", Name: "host"}}})
	check(t, err)
	check(t, e.Start())
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		check(t, e.Stop(ctx))
	})
	r.letters = e.DeadLetters()
	mux := http.NewServeMux()
	dlqapi.Register(httpkit.NewAPI(mux, "Host", "1"), dlqapi.Services{"host": r.letters})
	r.handler = httpkit.NewHandler(mux, httpkit.HandlerConfig{})
	return r
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// greet sends so many greetings, and waits until they are dead letters.
func (r *rig) greet(n int) []dlqapi.Letter {
	r.Helper()
	for i := range n {
		e := event.Event{ID: "e" + strconv.Itoa(i), Name: "greetings.sent", Subject: "guest"}
		_, err := r.js.PublishMsg(r.Context(), &nats.Msg{Subject: "greetings.sent.v1.standard", Data: []byte(`{"text":"hello"}`), Header: nats.Header{
			"ce-specversion": {"1.0"}, "ce-id": {e.ID}, "ce-source": {"/test"}, "ce-type": {"test.greetings.sent.v1"}, "ce-subject": {e.Subject},
			"ce-time": {"2026-01-02T03:04:05Z"}, "content-type": {"application/json"}, "shop": {"a", "b"},
		}})
		check(r, err)
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(20 * time.Second); ; <-tick.C {
		found := must[page](r, r.get("/v1/dead-letters/host?limit=500"), http.StatusOK)
		if len(found.Items) == n {
			return found.Items
		}
		if time.Now().After(deadline) {
			r.Fatalf("%d dead letters, want %d", len(found.Items), n)
		}
	}
}

type page struct {
	Items []dlqapi.Letter
	Next  string
}

type results struct{ Results []dlqapi.Result }

func (r *rig) get(path string) *httptest.ResponseRecorder { return r.send(http.MethodGet, path, "") }

func (r *rig) send(method, path, body string) *httptest.ResponseRecorder {
	r.Helper()
	w := httptest.NewRecorder()
	request := httptest.NewRequestWithContext(r.Context(), method, path, strings.NewReader(body))
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	r.handler.ServeHTTP(w, request)
	return w
}

// must decodes the body of an answer that has the wanted status.
func must[T any](t testing.TB, w *httptest.ResponseRecorder, status int) T {
	t.Helper()
	var v T
	if w.Code != status {
		t.Fatalf("status %d, want %d: %s", w.Code, status, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	return v
}

// act asks for an action about letters and checks the outcomes.
func (r *rig) act(action, body string, want ...string) {
	r.Helper()
	got := must[results](r, r.send(http.MethodPost, "/v1/dead-letters/host/"+action, body), http.StatusOK)
	var outcomes []string
	for _, one := range got.Results {
		outcomes = append(outcomes, one.Outcome)
	}
	if !slices.Equal(outcomes, want) {
		r.Errorf("%s %s: %+v, want %v", action, body, got.Results, want)
	}
}

// G6: from a list over the message to replay and discard.
func TestAPI(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	all := r.greet(5)
	first := must[page](t, r.get("/v1/dead-letters/host?limit=3&kind=refused&type=greetings.sent&younger_than=1h"), http.StatusOK)
	rest := must[page](t, r.get("/v1/dead-letters/host?limit=3&cursor="+first.Next), http.StatusOK)
	if got := append(first.Items, rest.Items...); rest.Next != "" || !slices.Equal(got, all) {
		t.Errorf("two pages: %+v, want %+v", got, all)
	}
	id := all[0].ID
	d := must[dlqapi.Details](t, r.get("/v1/dead-letters/host/"+id), http.StatusOK)
	data, err := base64.StdEncoding.DecodeString(d.Data)
	if err != nil || string(data) != `{"text":"hello"}` || !slices.Equal(d.Headers["shop"], []string{"a", "b"}) || d.Error != "how rude" || len(d.History) != 1 || d.Key != "guest" {
		t.Errorf("letter: %+v", d)
	}

	list := `"` + id + `","` + all[1].ID + `"`
	r.act("replay", `{"ids":[`+list+`],"by":"ann"}`, "failed", "failed")
	r.mended.Store(true)
	r.act("replay", `{"ids":[`+list+`],"by":"ann","dry_run":true}`, "would_replay", "would_replay")
	r.act("replay", `{"ids":[`+list+`],"by":"ann","why":"he has apologised"}`, "replayed", "replayed")
	r.act("replay", `{"ids":[`+list+`],"by":"ann"}`, "already", "already")
	r.act("discard", `{"ids":["`+all[2].ID+`","`+id+`","nonsense"],"by":"ann","why":"too late"}`, "discarded", "already", "unknown")
	r.act("republish", `{"ids":["`+all[3].ID+`","`+all[2].ID+`"],"by":"ann","why":"the stream was lost"}`, "published", "already")
	d = must[dlqapi.Details](t, r.get("/v1/dead-letters/host/"+all[3].ID), http.StatusOK)
	if len(d.Actions) != 1 || d.Actions[0].Action != "republish" || d.Actions[0].By != "ann" || d.Actions[0].Why != "the stream was lost" || d.Actions[0].Outcome != "published" {
		t.Errorf("after it was published again: %+v", d.Actions)
	}
	if left := must[page](t, r.get("/v1/dead-letters/host"), http.StatusOK); len(left.Items) != 2 {
		t.Errorf("still dead: %+v", left.Items)
	}
	d = must[dlqapi.Details](t, r.get("/v1/dead-letters/host/"+id), http.StatusOK)
	if len(d.Actions) != 2 || d.State != "replayed" || d.Actions[1].Why != "he has apologised" || d.Actions[1].By != "ann" {
		t.Errorf("after the replay: %+v", d)
	}
	if found := must[page](t, r.get("/v1/dead-letters/host?state=discarded"), http.StatusOK); len(found.Items) != 1 || found.Items[0].ID != all[2].ID {
		t.Errorf("discarded: %+v", found.Items)
	}
}

// Bad input is refused with its place, and leaves no trace.
func TestAPI_refuses(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.greet(1)[0].ID
	const unknown = "01890a5d-ac96-874b-bcce-b302099a8057"
	for path, location := range map[string]string{
		"host?limit=0": "query.limit", "host?limit=501": "query.limit", "host?state=alive": "query.state", "host?kind=fate": "query.kind",
		"host?older_than=-1s": "query.older_than", "host?older_than=yesterday": "query.older_than", "host?younger_than=0s": "query.younger_than",
		"host?older_than=2h&younger_than=1h": "query.younger_than", "host?cursor=x": "query.cursor",
		"host?cursor=" + httpkit.Cursor("dead-letter", "7 x"): "query.cursor", "host?age=1h": "query.age", "host/7": "path.id", "host/" + strings.ToUpper(unknown): "path.id",
	} {
		p := must[httpkit.Problem](t, r.get("/v1/dead-letters/"+path), http.StatusUnprocessableEntity)
		if len(p.Errors) != 1 || p.Errors[0].Location != location {
			t.Errorf("%s: %+v, want a fault at %s", path, p.Errors, location)
		}
	}
	for path, kind := range map[string]string{
		"host/" + unknown: "urn:orderly:problem:dead-letter-not-found", "guest": "urn:orderly:problem:service-not-here", "guest/" + unknown: "urn:orderly:problem:service-not-here",
	} {
		if p := must[httpkit.Problem](t, r.get("/v1/dead-letters/"+path), http.StatusNotFound); p.Type != kind {
			t.Errorf("%s: %+v, want %s", path, p, kind)
		}
	}
	many := `"` + strings.Repeat(unknown+`","`, 256) + unknown + `"`
	for body, location := range map[string]string{
		`replay {"by":"ann"}`:                                                                 "body.ids",
		`replay {"ids":[],"by":"ann"}`:                                                        "body.ids",
		`replay {"ids":[` + many + `],"by":"ann"}`:                                            "body.ids",
		`replay {"ids":["` + id + `","` + id + `"],"by":"ann"}`:                               "body.ids[1]",
		`replay {"ids":["` + id + `"]}`:                                                       "body",
		`replay {"ids":["` + id + `"],"by":""}`:                                               "body",
		`replay {"ids":["` + id + `"],"by":"ann","force":true}`:                               "body.force",
		`replay {"ids":"` + id + `","by":"ann"}`:                                              "body.ids",
		`discard {"ids":["` + id + `"],"by":"ann"}`:                                           "body",
		`discard {"ids":["` + id + `"],"by":"ann","why":" "}`:                                 "body",
		`discard {"ids":["` + id + `"],"by":"ann","why":"` + strings.Repeat("x", 1001) + `"}`: "body",
		`republish {}`: "body.ids",
	} {
		action, body, _ := strings.Cut(body, " ")
		p := must[httpkit.Problem](t, r.send(http.MethodPost, "/v1/dead-letters/host/"+action, body), http.StatusUnprocessableEntity)
		if len(p.Errors) != 1 || p.Errors[0].Location != location {
			t.Errorf("%.80s: %+v, want a fault at %s", body, p.Errors, location)
		}
	}
	if d := must[dlqapi.Details](t, r.get("/v1/dead-letters/host/"+id), http.StatusOK); d.Attempts != 1 || len(d.Actions) != 0 || d.State != "dead" {
		t.Errorf("refusals left a trace: %+v", d)
	}
}
