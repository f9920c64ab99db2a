package settings_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"orderly/cmd/internal/settings"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// told is what the program of these tests can be told.
type told struct {
	url, mode, addr, file string
	size                  int
	wait                  time.Duration
}

func (c *told) command() settings.Command {
	mask := func(text string) string { return strings.ReplaceAll(text, "secret", "xxxxx") }
	return settings.Command{Name: "shop", About: "shop sells.", List: settings.List{
		{Flag: "url", Env: "SHOP_URL", Help: "where", Value: settings.Text(&c.url), Secret: mask},
		{Flag: "mode", Env: "SHOP_MODE", Default: "slow", Help: "how", Value: settings.Choice(&c.mode, "slow", "fast")},
		{Flag: "size", Env: "SHOP_SIZE", Default: "1", Help: "how many", Value: settings.Number(&c.size, 1, 9)},
		{Flag: "wait", Env: "SHOP_WAIT", Default: "15m", Help: "how long", Value: settings.Duration(&c.wait, time.Second, time.Hour)},
		{Flag: "http", Env: "SHOP_HTTP", Default: ":80", Help: "address", Value: settings.Address(&c.addr)},
		{Flag: "file", Env: "SHOP_FILE", Help: "file", Value: settings.File(&c.file)},
	}}
}

func secretFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "url")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestParse_takes_the_flag_before_the_environment_before_the_default(t *testing.T) {
	t.Parallel()
	var c told
	file := secretFile(t, " a secret\n")
	given, err := c.command().Parse([]string{"--mode", "fast", "-size=3"},
		[]string{"SHOP_URL_FILE=" + file, "SHOP_MODE=slow", "SHOP_WAIT=1m", "SHOP_HTTP="}, nil)
	want := told{url: "a secret", mode: "fast", addr: ":80", size: 3, wait: time.Minute}
	if err != nil || c != want {
		t.Errorf("got %+v, %v; want %+v", c, err, want)
	}
	var text, asJSON bytes.Buffer
	if err := errors.Join(settings.Print(&text, given, false), settings.Print(&asJSON, given, true)); err != nil {
		t.Fatal(err)
	}
	for _, words := range []string{"url      a xxxxx  SHOP_URL_FILE, " + file, "mode     fast     --mode", "wait     1m       SHOP_WAIT", "http     :80      default"} {
		if !strings.Contains(text.String(), words) {
			t.Errorf("got\n%swant a line with %q", text.String(), words)
		}
	}
	if !strings.Contains(asJSON.String(), `"value": "a xxxxx"`) || strings.Contains(asJSON.String()+text.String(), "secret") {
		t.Errorf("got %s and %s, want the secret masked", text.String(), asJSON.String())
	}
}

func TestParse_says_what_is_wrong(t *testing.T) {
	t.Parallel()
	file := secretFile(t, "\n")
	for _, c := range []struct {
		words string
		args  []string
		env   []string
	}{
		{"not defined: -nope", []string{"--nope"}, nil},
		{`unexpected argument "more"`, []string{"more"}, nil},
		{"SHOP_URL and SHOP_URL_FILE are both set", nil, []string{"SHOP_URL=x", "SHOP_URL_FILE=" + file}},
		{"SHOP_URL and SHOP_URL_FILE are both set", []string{"--url=y"}, []string{"SHOP_URL=x", "SHOP_URL_FILE=" + file}},
		{file + " is empty", nil, []string{"SHOP_URL_FILE=" + file}},
		{"SHOP_URL_FILE: open /missing", nil, []string{"SHOP_URL_FILE=/missing"}},
		{`SHOP_MODE: "loud" is not known: use slow or fast`, nil, []string{"SHOP_MODE=loud"}},
		{`--size: "0" is not a number from 1 to 9`, []string{"--size", "0"}, nil},
		{`--size: "many" is not a number`, []string{"--size", "many"}, nil},
		{`SHOP_WAIT: "5" is not a time from 1s to 1h`, nil, []string{"SHOP_WAIT=5"}},
		{`--wait: "2h" is not a time from 1s to 1h`, []string{"--wait=2h"}, nil},
		{`--http: "here" is not an address`, []string{"--http=here"}, nil},
		{`--http: port "70000"`, []string{"--http=:70000"}, nil},
		{"SHOP_FILE: open /missing", nil, []string{"SHOP_FILE=/missing"}},
	} {
		_, err := new(told).command().Parse(c.args, c.env, new(bytes.Buffer))
		if err == nil || !strings.Contains(err.Error(), c.words) {
			t.Errorf("%v %v: got %v, want something with %q", c.args, c.env, err, c.words)
		}
	}
}

func TestParse_tells_all_that_is_wrong_at_once(t *testing.T) {
	t.Parallel()
	_, err := new(told).command().Parse([]string{"--size=0"}, []string{"SHOP_MODE=loud"}, nil)
	if err == nil || !strings.Contains(err.Error(), "SHOP_MODE") || !strings.Contains(err.Error(), "--size") {
		t.Errorf("got %v, want both", err)
	}
}

func TestParse_helps(t *testing.T) {
	t.Parallel()
	var help bytes.Buffer
	_, err := new(told).command().Parse([]string{"--help"}, nil, &help)
	if !errors.Is(err, flag.ErrHelp) || !strings.Contains(help.String(), "SHOP_MODE  how (slow)") {
		t.Errorf("got %v and %s", err, help.String())
	}
}

func TestUnknown_finds_typos(t *testing.T) {
	t.Parallel()
	list := new(told).command().List
	got := settings.Unknown("SHOP_", []string{"SHOP_URLS=x", "SHOP_URL_FILE=x", "SHOP_MODE=x", "SHOP_MODE_FILE=x", "HOME=/"}, list)
	if fmt.Sprint(got) != "[SHOP_MODE_FILE SHOP_URLS]" {
		t.Errorf("got %v", got)
	}
}

func TestSecret(t *testing.T) {
	t.Parallel()
	env := []string{"SHOP_URL_FILE=" + secretFile(t, "from a file\n")}
	for told, want := range map[string]string{"": "from a file", "told": "told"} {
		if got, err := settings.Secret(told, "SHOP_URL", env); err != nil || got != want {
			t.Errorf("got %q, %v; want %q", got, err, want)
		}
	}
	if got, err := settings.Secret("", "SHOP_URL", nil); err != nil || got != "" {
		t.Errorf("got %q, %v; want nothing", got, err)
	}
}

// What shows the inside of a process is for its own machine alone.
func TestLoopback_refuses_what_others_may_reach(t *testing.T) {
	t.Parallel()
	var addr string
	for _, good := range []string{"127.0.0.1:6060", "localhost:0", "[::1]:6060", "127.9.9.9:1"} {
		if err := settings.Loopback(&addr).Set(good); err != nil || addr != good {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{":6060", "0.0.0.0:6060", "[::]:6060", "10.0.0.1:6060", "example.com:6060", "localhost.example.com:1"} {
		if err := settings.Loopback(&addr).Set(bad); err == nil || !strings.Contains(err.Error(), "use 127.0.0.1:") {
			t.Errorf("%s: %v", bad, err)
		}
	}
	if err := settings.Loopback(&addr).Set("6060"); err == nil {
		t.Error("a port alone is taken")
	}
}
