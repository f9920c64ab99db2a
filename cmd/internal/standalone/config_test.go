package standalone

import (
	"flag"
	"os"
	"strings"
	"testing"

	"orderly/cmd/internal/settings"
	"orderly/order"
)

var update = flag.Bool("update", false, "write the tables of docs/configuration.md")

// The tables of docs/configuration.md are the lists. go test ./cmd/internal/standalone -run Documentation -update
// writes them.
func TestDocumentation_has_every_setting(t *testing.T) {
	t.Parallel()
	const path = "../../../docs/configuration.md"
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := string(content)
	for title, list := range map[string]settings.List{
		"every service":   new(config).list(),
		"order-service":   new(OrderSettings).List(),
		"payment-service": new(PaymentSettings).List(),
	} {
		begin, end := "<!-- settings: "+title+" -->\n", "<!-- end -->"
		before, after, ok := strings.Cut(want, begin)
		_, after, closed := strings.Cut(after, end)
		if !ok || !closed {
			t.Fatalf("%s has no place for the settings of %s", path, title)
		}
		want = before + begin + list.Markdown() + end + after
	}
	if want == string(content) {
		return
	}
	if !*update {
		t.Fatalf("%s is not up to date: run this test with -update", path)
	}
	if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestDefaults_are_good_and_those_of_the_policy(t *testing.T) {
	t.Parallel()
	var common config
	var o OrderSettings
	var p PaymentSettings
	program := settings.Command{Name: "test", List: append(append(common.list(), o.List()...), p.List()...)}
	if _, err := program.Parse(nil, nil, nil); err != nil {
		t.Fatal(err)
	}
	told := order.Policy{Deadline: o.Deadline, ExpressDeadline: o.ExpressDeadline, RedriveFirst: o.RedriveAfter, RedriveMax: o.RedriveMax}
	if told != order.DefaultPolicy() {
		t.Errorf("got %+v, want %+v", told, order.DefaultPolicy())
	}
	if p.GatewayLedger != LedgerInDatabase || common.migrate != migrateAtStart {
		t.Errorf("got %+v and %+v", p, common)
	}
	_, err := program.Parse([]string{"--redrive-after=1m", "--redrive-max=30s"}, nil, nil)
	if err == nil || !strings.Contains(err.Error(), `--redrive-max: "30s" is not a time from 1m to 24h`) {
		t.Errorf("got %v, want that the longest pause is too short", err)
	}
}
