package daemon

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// open opens a daemon that logs into a file in the place of standard output.
func open(t *testing.T, cfg Config) (d *Daemon, out string) {
	t.Helper()
	out = filepath.Join(t.TempDir(), "stdout")
	to, err := os.Create(out)
	if err != nil {
		t.Fatal(err)
	}
	cfg.LogLevel, cfg.LogTo = "info", to
	if d, err = Open(cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		_ = to.Close()
	})
	return d, out
}

// said returns the messages of a log, each of which must be JSON with a time.
func said(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for line := range bytes.Lines(content) {
		var entry struct{ Level, Msg, TS string }
		if err := json.Unmarshal(line, &entry); err != nil || entry.TS == "" {
			t.Fatalf("%s: %v", line, err)
		}
		if !strings.Contains(entry.Msg, "debug address") {
			all = append(all, entry.Level+" "+entry.Msg)
		}
	}
	return strings.Join(all, ", ")
}

func call(t *testing.T, method, url, host, body string) (status int, answer string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	got, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	if err != nil {
		t.Fatal(err)
	}
	return got.StatusCode, string(text)
}

func TestLog_level_changes_while_it_runs(t *testing.T) {
	t.Parallel()
	d, out := open(t, Config{DebugAddr: "127.0.0.1:0"})
	url := "http://" + d.debug.server.Addr() + "/log/level"
	d.Debug("too fine")
	if status, answer := call(t, http.MethodPut, url, "", `{"level":"debug"}`); status != http.StatusOK || !strings.Contains(answer, "debug") {
		t.Fatalf("%d %s", status, answer)
	}
	d.Debug("fine now")
	if _, answer := call(t, http.MethodGet, url, "", ""); !strings.Contains(answer, `"debug"`) {
		t.Errorf("the level is %s", answer)
	}
	if status, _ := call(t, http.MethodPut, url, "", `{"level":"loud"}`); status != http.StatusBadRequest {
		t.Errorf("a level that is none: %d", status)
	}
	call(t, http.MethodPut, url, "", `{"level":"error"}`)
	d.Warn("too fine again")
	if got := said(t, out); got != "debug fine now" {
		t.Errorf("the log says %s", got)
	}
}

// A page in a browser on this machine, under a name that points here, gets nothing.
func TestDebug_answers_this_machine_alone(t *testing.T) {
	t.Parallel()
	d, _ := open(t, Config{DebugAddr: "127.0.0.1:0"})
	url := "http://" + d.debug.server.Addr()
	for path, want := range map[string]int{
		"": http.StatusOK, "goroutine?debug=1": http.StatusOK, "heap": http.StatusOK, "profile?seconds=0": http.StatusOK,
		"lost": http.StatusNotFound, "heap?debug=x": http.StatusBadRequest, "profile?seconds=1h": http.StatusBadRequest, "profile?seconds=-1": http.StatusBadRequest,
	} {
		if status, text := call(t, http.MethodGet, url+"/debug/pprof/"+path, "", ""); status != want || text == "" {
			t.Errorf("%s: %d %q, want %d", path, status, text, want)
		}
	}
	for _, host := range []string{"evil.example", "evil.example:80", "10.0.0.1:6060"} {
		if status, _ := call(t, http.MethodGet, url+"/log/level", host, ""); status != http.StatusForbidden {
			t.Errorf("as %s: %d", host, status)
		}
	}
}

func TestLog_goes_to_a_file_too_which_may_be_moved_away(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "orderly.log")
	d, out := open(t, Config{LogFile: path})
	d.Info("one")
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	d.Info("two")
	if err := d.file.reopen(); err != nil {
		t.Fatal(err)
	}
	d.Info("three")
	if got := said(t, path+".1"); got != "info one, info two" {
		t.Errorf("the old file has %s", got)
	}
	if got := said(t, path); got != "info three" {
		t.Errorf("the new file has %s", got)
	}
	if got := said(t, out); got != "info one, info two, info three" {
		t.Errorf("standard output has %s", got)
	}
	if written, _ := d.Counts.Of(0); written != 3 {
		t.Errorf("%d entries are counted", written)
	}
}
