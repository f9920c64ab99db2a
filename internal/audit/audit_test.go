package audit_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"orderly/internal/audit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errGone = errors.New("the database is gone")

// feed emits a head and orders, then fails with err if that is not nil.
func feed(orders int, err error) audit.Feed {
	return audit.Feed{Path: "/feed", Read: func(_ context.Context, emit func(audit.Line) error) error {
		if err := emit(audit.Line{Head: &audit.Head{At: time.UnixMicro(1).UTC()}}); err != nil {
			return err
		}
		for range orders {
			if err := emit(audit.Line{Order: &audit.Order{ID: "a", History: []audit.Entry{{Data: `{ "x": "<&>" }`}}}}); err != nil {
				return err
			}
		}
		return err
	}}
}

func get(t *testing.T, server *httptest.Server) *http.Response {
	t.Helper()
	response, err := server.Client().Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	return response
}

func readAll(r io.Reader) (lines []audit.Line, err error) {
	reader := audit.NewReader(r)
	for {
		l, err := reader.Next()
		if err != nil {
			return lines, err
		}
		lines = append(lines, l)
	}
}

// What a service emits arrives as it was, byte by byte where that counts.
func TestHandler_sends_what_is_emitted(t *testing.T) {
	t.Parallel()
	var want []audit.Line
	_ = feed(3, nil).Read(t.Context(), func(l audit.Line) error {
		want = append(want, l)
		return nil
	})
	server := httptest.NewServer(audit.Handler(feed(3, nil), nil))
	defer server.Close()
	response := get(t, server)
	got, err := readAll(response.Body)
	if !errors.Is(err, io.EOF) || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	if kind := response.Header.Get("Content-Type"); kind != "application/x-ndjson" {
		t.Errorf("content type %q", kind)
	}
}

// A feed that fails half-way is never taken for a short one, and says nothing
// of the cause to whoever asked.
func TestHandler_fails_half_way(t *testing.T) {
	t.Parallel()
	told := make(chan error, 1)
	server := httptest.NewServer(audit.Handler(feed(2, errGone), func(err error) { told <- err }))
	defer server.Close()
	lines, err := readAll(get(t, server).Body)
	if !errors.Is(err, audit.ErrCut) || len(lines) != 3 || strings.Contains(err.Error(), errGone.Error()) {
		t.Errorf("%d lines, %v", len(lines), err)
	}
	if err := <-told; !errors.Is(err, errGone) {
		t.Errorf("told of %v", err)
	}
}

func TestHandler_fails_at_once(t *testing.T) {
	t.Parallel()
	f := audit.Feed{Read: func(context.Context, func(audit.Line) error) error { return errGone }}
	server := httptest.NewServer(audit.Handler(f, nil))
	defer server.Close()
	if response := get(t, server); response.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("answered %s", response.Status)
	}
}

// A server's write timeout is for answers, not for feeds that take long.
func TestHandler_outlives_the_write_timeout(t *testing.T) {
	t.Parallel()
	const timeout = 20 * time.Millisecond
	long := audit.Feed{Read: func(ctx context.Context, emit func(audit.Line) error) error {
		for began := time.Now(); time.Since(began) < 5*timeout; {
			if err := feed(0, nil).Read(ctx, emit); err != nil {
				return err
			}
		}
		return nil
	}}
	server := httptest.NewUnstartedServer(audit.Handler(long, nil))
	server.Config.WriteTimeout = timeout
	server.Start()
	defer server.Close()
	body, err := io.ReadAll(get(t, server).Body)
	if err != nil || !strings.HasSuffix(string(body), "{\"end\":{\"records\":0}}\n") {
		t.Errorf("%d bytes came, %v", len(body), err)
	}
}

// An error of a reader is its last word.
func TestReader_stays_at_its_end(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`{"head":{}}{"end":{"records":0}}`, `{"head":{}}`, `{`} {
		r := audit.NewReader(strings.NewReader(text))
		var first error
		for first == nil {
			_, first = r.Next()
		}
		if l, again := r.Next(); again != first || !reflect.DeepEqual(l, audit.Line{}) {
			t.Errorf("%s: %v, then %+v, %v", text, first, l, again)
		}
	}
}

// Whatever comes, the reader ends, and says EOF only after an end line that
// counts exactly what came before.
func FuzzReader(f *testing.F) {
	for _, seed := range []string{
		`{"head":{"at":"2026-01-02T03:04:05Z"}}{"open":{"order_id":"a"}}{"end":{"records":1}}`,
		`{"head":{}}{"event":{"sum":"18446744073709551615"}}{"end":{"records":1}}`,
		`{"head":{}}{"order":{"id":"a","history":[{"data":"{}"}]}}{"end":{"records":2}}`,
		`{"head":{}}{"end":{"records":0,"failed":"x"}}`,
		`{"head":{}}{"end":{}} x`, `[]`, `{}`, `null`, ``, `{"head":null}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		lines, err := readAll(strings.NewReader(text))
		if !errors.Is(err, io.EOF) {
			return
		}
		if len(lines) == 0 || lines[0].Head == nil {
			t.Fatalf("complete without a head: %q", text)
		}
		for _, l := range lines[1:] {
			if l.Head != nil || l.End != nil {
				t.Fatalf("a head or an end among the records: %q", text)
			}
		}
	})
}
