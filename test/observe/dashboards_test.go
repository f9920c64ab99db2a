package observe_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

// panelQuery is a query of a dashboard, and where it is.
type panelQuery struct{ where, expr string }

// dashboardQueries reads all queries of all dashboards, those behind the choices
// among them.
func dashboardQueries(t *testing.T) []panelQuery {
	t.Helper()
	files, err := filepath.Glob("../../deploy/grafana/dashboards/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no dashboards: %v", err)
	}
	var all []panelQuery
	for _, f := range files {
		var d struct {
			UID        string
			Templating struct {
				List []struct {
					Type  string
					Query json.RawMessage
				}
			}
			Panels []struct {
				Title   string
				Targets []struct{ Expr string }
			}
		}
		if err := json.Unmarshal([]byte(read(t, f)), &d); err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		if want := "orderly-" + strings.TrimSuffix(filepath.Base(f), ".json"); d.UID != want {
			t.Errorf("%s has the uid %q, want %q: links go by it", f, d.UID, want)
		}
		for _, p := range d.Panels {
			for _, q := range p.Targets {
				all = append(all, panelQuery{d.UID + ", " + p.Title, q.Expr})
			}
		}
		for _, v := range d.Templating.List {
			if v.Type != "query" {
				continue
			}
			var q struct{ Query string }
			if err := json.Unmarshal(v.Query, &q); err != nil {
				t.Fatalf("%s: %v", f, err)
			}
			all = append(all, panelQuery{d.UID + ", a choice", choice(t, q.Query)})
		}
	}
	return all
}

// choice makes a query of label_values(metric, label), which is Grafana's own.
func choice(t *testing.T, text string) string {
	t.Helper()
	inner, ok := strings.CutPrefix(text, "label_values(")
	metric, label, both := strings.Cut(strings.TrimSuffix(inner, ")"), ", ")
	if !ok || !both {
		t.Fatalf("what is %q?", text)
	}
	return "count by (" + label + ") (" + metric + ")"
}
