package httpkit_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"orderly/pkg/httpkit"
)

func TestJSONBodyRefusals(t *testing.T) {
	t.Parallel()
	h := httpkit.NewHandler(newMux(nil), httpkit.HandlerConfig{})
	tests := []struct {
		name, body, contentType string
		status                  int
		locations               []string
	}{
		{"empty", " ", "", http.StatusBadRequest, nil},
		{"not JSON", `{"text":`, "", http.StatusBadRequest, nil},
		{"more than one value", `{"text":"x"} {}`, "", http.StatusBadRequest, nil},
		{"not UTF-8", "{\"text\":\"\xff\"}", "", http.StatusBadRequest, nil},
		{"deeper than anybody needs", strings.Repeat("[", 20000), "", http.StatusBadRequest, nil},
		{"form", `text=x`, "application/x-www-form-urlencoded", http.StatusUnsupportedMediaType, nil},
		{"bad content type", `{"text":"x"}`, ";;", http.StatusUnsupportedMediaType, nil},
		{"array", `[]`, "", http.StatusUnprocessableEntity, []string{"body"}},
		{"null", " null\n", "", http.StatusUnprocessableEntity, []string{"body"}},
		{"unknown field", `{"text":"x","size":1}`, "", http.StatusUnprocessableEntity, []string{"body.size"}},
		{"unknown field below", `{"text":"x","lines":[{"count":1},{"count":1,"x":1}]}`, "", http.StatusUnprocessableEntity, []string{"body.lines[1].x"}},
		{"fraction", `{"text":"x","lines":[{"count":1},{"count":1.5}]}`, "", http.StatusUnprocessableEntity, []string{"body.lines[1].count"}},
		{"fraction that is whole", `{"text":"x","lines":[{"count":1},{"count":2.0}]}`, "", http.StatusUnprocessableEntity, []string{"body.lines[1].count"}},
		{"exponent", `{"text":"{]","lines":[{"count":1e3}]}`, "", http.StatusUnprocessableEntity, []string{"body.lines[0].count"}},
		{"number as text", `{"text":"x","lines":[{"count":"1"}]}`, "", http.StatusUnprocessableEntity, []string{"body.lines[0].count"}},
		{"too large for its type", `{"text":"x","lines":[{"count":99999999999999999999}]}`, "", http.StatusUnprocessableEntity, []string{"body.lines[0].count"}},
		{"all faults at once", `{"lines":[{"count":"1"}],"size":1}`, "", http.StatusUnprocessableEntity, []string{"body", "body.lines[0].count", "body.size"}},
		{"twice the same name", `{"text":"x","lines":[{"count":3}],"lines":[{}]}`, "", http.StatusUnprocessableEntity, []string{"body.lines"}},
		{"twice the same name below", `{"text":"x","lines":[{"count":3},{"count":1, "\u0063ount":2}]}`, "", http.StatusUnprocessableEntity, []string{"body.lines[1].count"}},
		{"capitals", `{"Text":"x"}`, "", http.StatusUnprocessableEntity, []string{"body.Text"}},
		{"capitals below", `{"text":"x","lines":[{"count":1,"COUNT":2}]}`, "", http.StatusUnprocessableEntity, []string{"body.lines[0].COUNT"}},
		{"long s", `{"line\u017f":[],"text":"x"}`, "", http.StatusUnprocessableEntity, []string{"body.lineſ"}},
		{"twice the same free name", `{"text":"x","tags":{"a":{"b":1},"b":{"c":1,"c":2}}}`, "", http.StatusUnprocessableEntity, []string{"body.tags.b.c"}},
		{"the same names in two objects", `{"tags":{"text":{"text":[1,{"text":[]},"\"}"]},"Text":null},"lines":[{"count":1},{"count":2 } ],"text":"x"}`, "", http.StatusOK, nil},
		{"as it should be", `{"text":"x"}`, "application/json; charset=utf-8", http.StatusOK, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			contentType := tt.contentType
			if contentType == "" {
				contentType = "application/json"
			}
			res := send(h, http.MethodPost, "/notes", tt.body, "Content-Type", contentType)
			if tt.status == http.StatusOK {
				if got := read(t, res); res.StatusCode != http.StatusOK {
					t.Errorf("status %d: %s", res.StatusCode, got)
				}
				return
			}
			p := problemOf(t, res, tt.status)
			var locations []string
			for _, f := range p.Errors {
				locations = append(locations, f.Location)
				if f.Message == "" {
					t.Errorf("%s: no message", f.Location)
				}
			}
			if !sameSet(locations, tt.locations) {
				t.Errorf("faults at %q, want %q", locations, tt.locations)
			}
		})
	}
}

func sameSet(a, b []string) bool {
	set := func(list []string) map[string]bool {
		m := make(map[string]bool)
		for _, s := range list {
			m[s] = true
		}
		return m
	}
	return reflect.DeepEqual(set(a), set(b))
}

// Whatever comes, the answer is the note as encoding/json reads it, or a
// problem that says why not.
func FuzzJSONBody(f *testing.F) {
	for _, seed := range []string{
		`{"text":"x","lines":[{"count":1}]}`, `{"text":1}`, `{"lines":[{"count":1.0}]}`, `{"a":{"b":[[[1]]]}}`,
		`{"text":"x","text":"y"}`, `{"Text":"x"}`, `{"text":"x","tags":{"a":[{"a":1,"b":2.5e1},{"a":null}]}}`,
		`[1,2`, `{"text":"x"}{}`, `null`, `"x"`, `{"lines":{"count":1}}`, `{"lines":[[1e9]]}`, "\xff", `{"text":"\ud800"}`,
	} {
		f.Add(seed)
	}
	h := httpkit.NewHandler(newMux(nil), httpkit.HandlerConfig{})
	f.Fuzz(func(t *testing.T, body string) {
		if body == "" {
			t.Skip("no body at all")
		}
		res := send(h, http.MethodPost, "/notes", body)
		if res.StatusCode != http.StatusOK {
			if p := problemOf(t, res, res.StatusCode); res.StatusCode == http.StatusUnprocessableEntity && len(p.Errors) == 0 {
				t.Errorf("a refusal without a fault: %+v", p)
			}
			return
		}
		if bad := badName(json.NewDecoder(strings.NewReader(body))); bad != "" {
			t.Errorf("accepted %q with the name %q", body, bad)
		}
		var got, want note
		if err := json.Unmarshal([]byte(read(t, res)), &got); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(body), &want); err != nil {
			t.Fatalf("accepted %q: %v", body, err)
		}
		if len(want.Lines) == 0 {
			want.Lines = nil // omitted from the answer
		}
		if len(want.Tags) == 0 {
			want.Tags = nil
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("read %+v, want %+v", got, want)
		}
	})
}

// badName returns a name that is twice in its object, or that no field of a
// note has.
func badName(dec *json.Decoder) string { return badNameIn(dec, false) }

func badNameIn(dec *json.Decoder, free bool) string {
	token, _ := dec.Token()
	open, _ := token.(json.Delim)
	seen := make(map[any]bool)
	for open != 0 && dec.More() {
		below := free
		if open == '{' {
			name, _ := dec.Token()
			if seen[name] || !free && !slices.Contains([]json.Token{"text", "lines", "count", "tags"}, name) {
				return fmt.Sprint(name)
			}
			seen[name] = true
			below = free || name == "tags"
		}
		if bad := badNameIn(dec, below); bad != "" {
			return bad
		}
	}
	if open != 0 {
		_, _ = dec.Token()
	}
	return ""
}

func TestCursor(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"a", "BANK CHARGES", "01990000-0000-7000-8000-000000000000"} {
		got, err := httpkit.ParseCursor("note", httpkit.Cursor("note", key))
		if err != nil || got != key {
			t.Errorf("%q came back as %q, %v", key, got, err)
		}
	}
	if got, err := httpkit.ParseCursor("note", ""); got != "" || err != nil {
		t.Errorf("no cursor: %q, %v", got, err)
	}
	for _, bad := range []string{"?", "YWJj", "AQ", "AQ==", httpkit.Cursor("note", ""), httpkit.Cursor("notes", "a"), httpkit.Cursor("not", "e\na")} {
		if _, err := httpkit.ParseCursor("note", bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}

func FuzzParseCursor(f *testing.F) {
	f.Add("AWE")
	f.Add("x")
	f.Fuzz(func(t *testing.T, cursor string) {
		key, err := httpkit.ParseCursor("note", cursor)
		if err == nil && cursor != "" && httpkit.Cursor("note", key) != cursor {
			t.Errorf("%q has key %q, whose cursor is %q", cursor, key, httpkit.Cursor("note", key))
		}
	})
}

func TestContextOfAnotherServer(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	if httpkit.CorrelationID(ctx) != "" || httpkit.TraceParent(ctx) != "" || httpkit.Draining(ctx) != nil {
		t.Error("a bare context has something in it")
	}
}
