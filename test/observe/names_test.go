package observe_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"orderly/internal/app"
	"orderly/pkg/metrics"
)

// series are the names that a query may have, each with its labels: what
// docs/metrics.md lists, the Go runtime's and the process's, and Prometheus's own.
func series(t *testing.T) map[string][]string {
	t.Helper()
	known := map[string][]string{
		"up":               nil,
		"ALERTS":           {"alertname", "alertstate", "severity"},
		"ALERTS_FOR_STATE": {"alertname", "severity"},
	}
	for _, m := range metrics.All(app.Metrics()) {
		if m.Kind != metrics.Histogram {
			known[m.Name] = m.Labels
			continue
		}
		known[m.Name+"_sum"], known[m.Name+"_count"] = m.Labels, m.Labels
		known[m.Name+"_bucket"] = append(slices.Clone(m.Labels), "le")
	}
	// An alert has the labels of what it is about.
	for _, labels := range known {
		known["ALERTS"] = append(known["ALERTS"], labels...)
	}
	known["ALERTS_FOR_STATE"] = known["ALERTS"]
	gathered, err := app.NewMetrics().Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range gathered {
		known[f.GetName()] = []string{"quantile"}
	}
	return known
}

// Whoever renames a metric or a label finds out here what asks for it.
func TestQueries_name_only_what_is_documented(t *testing.T) {
	t.Parallel()
	known := series(t)
	check := func(where, expr string) {
		if why := unknown(expr, known); why != "" {
			t.Errorf("%s: %s, in %s", where, why, expr)
		}
	}
	for _, r := range rules(t) {
		check(r.Alert, r.Expr)
		for _, text := range r.Annotations {
			for _, inner := range inTemplate.FindAllStringSubmatch(text, -1) {
				check(r.Alert, strings.ReplaceAll(inner[1], "%s", ""))
			}
		}
	}
	for _, q := range dashboardQueries(t) {
		check(q.where, q.expr)
	}
}

// inTemplate finds a query in the text of an alert.
var inTemplate = regexp.MustCompile(`printf "([^"]+)"`)

// The check sees what it is there to see.
func TestQueries_that_name_something_else_are_found(t *testing.T) {
	t.Parallel()
	known := map[string][]string{"cinema_seats": {"hall"}, "cinema_sold_total": {"hall", "film"}}
	for expr, want := range map[string]string{
		`max by (hall) (cinema_seats{hall="red", instance=~"$instance"}) > 2 * 60`:              "",
		`sum by (hall, job) (rate(cinema_sold_total{film!=""}[$__rate_interval])) or vector(0)`: "",
		`cinema_seats and on (hall) cinema_sold_total offset 15m`:                               "",
		`cinema_seat > 0`:                               "there is no metric cinema_seat",
		`rate(cinema_seats_total[5m])`:                  "there is no metric cinema_seats_total",
		`cinema_seats{film="x"}`:                        "cinema_seats has no label film",
		`cinema_seats unless cinema_sold`:               "there is no metric cinema_sold",
		`sum by (film) (cinema_seats)`:                  "no metric of the query has the label film",
		`sum(cinema_seats) without (row)`:               "no metric of the query has the label row",
		`max by (hall) (cinema_seats{hall="r", a="b"})`: "cinema_seats has no label a",
	} {
		if got := unknown(expr, known); got != want {
			t.Errorf("%s: %q, want %q", expr, got, want)
		}
	}
}

var (
	tokens   = regexp.MustCompile(`"[^"]*"|'[^']*'|\$?[a-zA-Z_:][\w:]*|\d[\w.]*|[^\s\w]`)
	word     = regexp.MustCompile(`^[a-zA-Z_:]`)
	grouping = []string{"by", "without", "on", "ignoring", "group_left", "group_right"}
	operator = []string{"and", "or", "unless", "bool", "offset"}
)

// unknown says which metric or label of a query there is not, or nothing. That the
// query is one is for Prometheus to say.
func unknown(expr string, known map[string][]string) string {
	t := tokens.FindAllString(expr, -1)
	at := func(i int) string {
		if i < len(t) {
			return t[i]
		}
		return ""
	}
	labels, grouped := []string{"job", "instance"}, []string{}
	for i := 0; i < len(t); i++ {
		switch {
		case slices.Contains(grouping, t[i]) && at(i+1) == "(":
			for i += 2; i < len(t) && t[i] != ")"; i++ {
				if word.MatchString(t[i]) {
					grouped = append(grouped, t[i])
				}
			}
		case !word.MatchString(t[i]), slices.Contains(operator, t[i]):
		case at(i+1) == "(", slices.Contains(grouping, at(i+1)): // a function
		default:
			name := t[i]
			its, ok := known[name]
			if !ok {
				return "there is no metric " + name
			}
			labels = append(labels, its...)
			if at(i+1) != "{" {
				continue
			}
			for i++; i < len(t) && t[i] != "}"; i++ {
				if word.MatchString(t[i]) && !slices.Contains(append(its, "job", "instance"), t[i]) {
					return name + " has no label " + t[i]
				}
			}
		}
	}
	for _, g := range grouped {
		if !slices.Contains(labels, g) {
			return "no metric of the query has the label " + g
		}
	}
	return ""
}
