package app

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"orderly/pkg/metrics"
)

var update = flag.Bool("update", false, "write the tables of docs/metrics.md")

// The tables of docs/metrics.md are the list. go test ./internal/app -run Documentation -update
// writes them.
func TestDocumentation_has_every_metric(t *testing.T) {
	t.Parallel()
	const path, begin, end = "../../docs/metrics.md", "<!-- metrics -->\n", "<!-- end -->\n"
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(content), begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s has no place for the metrics", path)
	}
	want := before + begin + metrics.Markdown(Metrics()) + end + after
	switch {
	case want == string(content):
	case !*update:
		t.Fatalf("%s is not up to date: run this test with -update", path)
	default:
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// Names tell the unit and the kind, and say once what they are.
func TestMetrics_are_named_by_the_rules(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, m := range metrics.All(Metrics()) {
		switch {
		case !strings.HasPrefix(m.Name, "orderly_"):
			t.Errorf("%s has another prefix", m.Name)
		case (m.Kind == metrics.Counter) != strings.HasSuffix(m.Name, "_total"):
			t.Errorf("%s is a %s", m.Name, m.Kind)
		case !strings.HasSuffix(m.Help, "."):
			t.Errorf("%s: its help is no sentence: %q", m.Name, m.Help)
		case seen[m.Name]:
			t.Errorf("%s is there twice", m.Name)
		}
		seen[m.Name] = true
		for _, label := range m.Labels {
			if slices.ContainsFunc([]string{"id", "order", "customer", "product", "key", "trace"}, func(bad string) bool { return strings.Contains(label, bad) }) {
				t.Errorf("%s: the label %s looks like an id", m.Name, label)
			}
		}
	}
}
