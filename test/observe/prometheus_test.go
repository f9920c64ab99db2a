package observe_test

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"

	"orderly/internal/process"
)

const (
	// minute is how long one of the rules is here.
	minute = 6 * time.Second
	// patience is how long something may take that takes seconds.
	patience = 90 * time.Second
)

// prometheus is a running server. It judges every second, and gives a slow machine two
// for a scrape.
type prometheus struct {
	t    *testing.T
	url  string
	http *http.Client
	// began is when it had scraped all.
	began time.Time
}

// startPrometheus scrapes the addresses, by the name of their job.
func startPrometheus(t *testing.T, jobs map[string]string) *prometheus {
	t.Helper()
	program, dir, addr := tool(t, "prometheus"), t.TempDir(), freeAddress(t)
	config := "global: {scrape_interval: 2s, evaluation_interval: 1s}\nrule_files: [rules*.yaml]\nscrape_configs:\n"
	for job, target := range jobs {
		config += fmt.Sprintf("  - {job_name: %s, static_configs: [{targets: [%q]}]}\n", job, target)
	}
	write(t, filepath.Join(dir, "prometheus.yaml"), []byte(config))
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "--config.file", filepath.Join(dir, "prometheus.yaml"),
		"--storage.tsdb.path", filepath.Join(dir, "data"), "--web.listen-address", addr)
	cmd.Stdout, cmd.Stderr = log, log
	server, err := process.Start(cmd, syscall.SIGKILL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		server.Kill()
		_ = log.Close()
		if t.Failed() {
			t.Log(read(t, log.Name()))
		}
	})
	p := &prometheus{t: t, url: "http://" + addr, http: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
	eventually(t, "Prometheus listens", func() bool {
		select {
		case <-server.Exited():
			t.Fatalf("Prometheus ended: %v", server.Err())
		default:
		}
		r, err := p.http.Get(p.url + "/-/ready")
		if err != nil {
			return false
		}
		_ = r.Body.Close()
		return r.StatusCode == http.StatusOK
	})
	eventually(t, "Prometheus has scraped all", func() bool { return p.shows(fmt.Sprintf("sum(up) == %d", len(jobs))) })
	// It scrapes its targets from some seconds on only, which are minutes here: what
	// says that something is missing comes afterwards.
	write(t, filepath.Join(dir, "rules.yaml"), hastened(t))
	if err := server.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	p.began = time.Now()
	return p
}

// get asks the server's API.
func (p *prometheus) get(path string, data any) {
	p.t.Helper()
	r, err := p.http.Get(p.url + path)
	if err != nil {
		p.t.Fatal(err)
	}
	defer r.Body.Close()
	answer := struct{ Data, Error any }{Data: data}
	if err := json.NewDecoder(r.Body).Decode(&answer); err != nil || r.StatusCode != http.StatusOK {
		p.t.Fatalf("%s: %s, %v, %v", path, r.Status, answer.Error, err)
	}
}

// hastened are the rules with short minutes. Figures are as old as ever, since the
// services do not look more often.
func hastened(t *testing.T) []byte {
	t.Helper()
	all := rules(t)
	for i, r := range all {
		if r.Alert == "OrderlyFiguresStale" {
			continue
		}
		all[i].Expr, all[i].For = hasten(r.Expr), hasten(r.For)
	}
	text, err := yaml.Marshal(map[string]any{"groups": []any{map[string]any{"name": "hastened", "rules": all}}})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

var minutes = regexp.MustCompile(`\b(\d+)m\b|\* 60\b`)

func hasten(text string) string {
	return minutes.ReplaceAllStringFunc(text, func(found string) string {
		seconds := int(minute.Seconds())
		if n, err := strconv.Atoi(strings.TrimSuffix(found, "m")); err == nil {
			return fmt.Sprintf("%ds", n*seconds)
		}
		return fmt.Sprintf("* %d", seconds)
	})
}

// ask runs a query.
func (p *prometheus) ask(expr string) model.Vector {
	p.t.Helper()
	var found struct{ Result model.Vector }
	p.get("/api/v1/query?query="+url.QueryEscape(expr), &found)
	return found.Result
}

// fired are the alerts that have fired until now, or do.
func (p *prometheus) fired() []string {
	p.t.Helper()
	return named(p.ask(`count_over_time(ALERTS{alertstate="firing"}[1h])`))
}

// firing are those that fire now.
func (p *prometheus) firing() []string {
	p.t.Helper()
	return named(p.ask(`ALERTS{alertstate="firing"}`))
}

// named is each alert with what it is about.
func named(alerts model.Vector) []string {
	var names []string
	for _, a := range alerts {
		name := []string{string(a.Metric["alertname"])}
		for _, label := range []model.LabelName{"job", "service", "consumer"} {
			if v := a.Metric[label]; v != "" {
				name = append(name, string(v))
			}
		}
		names = append(names, strings.Join(name, " "))
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// only fails if anything has fired that is not expected, by its name and, if that
// follows, what it is about.
func (p *prometheus) only(expected ...string) {
	p.t.Helper()
	for _, alert := range p.fired() {
		if !slices.ContainsFunc(expected, func(e string) bool { return alert == e || strings.HasPrefix(alert, e+" ") }) {
			p.t.Errorf("%s fired, which is none of %q", alert, expected)
		}
	}
}

// await waits until all of them fire.
func (p *prometheus) await(alerts ...string) {
	p.t.Helper()
	var now []string
	for _, want := range alerts {
		eventually(p.t, want+" fires", func() bool {
			now = p.firing()
			return slices.ContainsFunc(now, func(a string) bool { return a == want || strings.HasPrefix(a, want+" ") })
		})
	}
	p.t.Logf("after %s fire %q", time.Since(p.began).Round(time.Second), now)
}

// texts fails if an alert's words have a hole in them.
func (p *prometheus) texts() {
	p.t.Helper()
	var found struct {
		Alerts []struct{ Labels, Annotations map[string]string }
	}
	p.get("/api/v1/alerts", &found)
	for _, a := range found.Alerts {
		for name, text := range a.Annotations {
			if strings.ContainsAny(text, "<>") || strings.Contains(text, "()") {
				p.t.Errorf("%s says as its %s: %s", a.Labels["alertname"], name, text)
			}
		}
	}
}

// calm waits until nothing fires.
func (p *prometheus) calm() {
	p.t.Helper()
	eventually(p.t, "nothing fires any more", func() bool { return len(p.firing()) == 0 })
	p.t.Logf("after %s nothing fires", time.Since(p.began).Round(time.Second))
}

func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !so(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}
