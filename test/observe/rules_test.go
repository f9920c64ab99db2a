package observe_test

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// rule is an alert.
type rule struct {
	Alert       string
	Expr        string
	For         string `yaml:",omitempty"`
	Labels      map[string]string
	Annotations map[string]string
}

// rules reads all alerts.
func rules(t *testing.T) []rule {
	t.Helper()
	var file struct {
		Groups []struct{ Rules []rule }
	}
	if err := yaml.Unmarshal([]byte(read(t, rulesFile)), &file); err != nil {
		t.Fatal(err)
	}
	var all []rule
	for _, g := range file.Groups {
		all = append(all, g.Rules...)
	}
	if len(all) == 0 {
		t.Fatalf("there is no rule in %s", rulesFile)
	}
	return all
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// The tests of the rules are run by Prometheus's own tool, as an operator would.
func TestRules_fire_when_they_should_and_only_then(t *testing.T) {
	t.Parallel()
	if out, err := exec.Command(tool(t, "promtool"), "test", "rules", rulesTests).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// No alert is without a test in which it fires.
func TestRules_are_tested_each(t *testing.T) {
	t.Parallel()
	tests := read(t, rulesTests)
	for _, r := range rules(t) {
		if !strings.Contains(tests, `labels: '{alertname="`+r.Alert+`"`) {
			t.Errorf("%s fires in no test of %s", r.Alert, rulesTests)
		}
	}
}

// Whoever is woken by an alert finds its paragraph under its name, and no paragraph
// is of an alert that is not there.
func TestRules_lead_to_their_paragraph(t *testing.T) {
	t.Parallel()
	var paragraphs, alerts []string
	for line := range strings.Lines(read(t, runbook)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "### Orderly"); ok {
			paragraphs = append(paragraphs, "Orderly"+name)
		}
	}
	for _, r := range rules(t) {
		alerts = append(alerts, r.Alert)
		if want := "docs/operations.md#" + strings.ToLower(r.Alert); r.Annotations["runbook"] != want {
			t.Errorf("%s: its runbook is %q, want %q", r.Alert, r.Annotations["runbook"], want)
		}
		if !slices.Contains(paragraphs, r.Alert) {
			t.Errorf("%s has no paragraph in %s", r.Alert, runbook)
		}
		if r.Annotations["summary"] == "" || r.Annotations["description"] == "" {
			t.Errorf("%s does not say what it is about", r.Alert)
		}
		if s := r.Labels["severity"]; s != "critical" && s != "warning" {
			t.Errorf("%s: its severity is %q", r.Alert, s)
		}
	}
	for _, p := range paragraphs {
		if !slices.Contains(alerts, p) {
			t.Errorf("%s has a paragraph of %s, which is no alert", runbook, p)
		}
	}
}
