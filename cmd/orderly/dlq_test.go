package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

const unknownLetter = "01890a5d-ac96-874b-bcce-b302099a8057"

func TestDlq_mistakes_end_with_2(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		words string
		args  string
	}{
		{"which letters", "replay"},
		{"which letters", "export"},
		{"--all means all", "replay --all --order x"},
		{"--all means all", "replay --all " + unknownLetter},
		{"not both", "replay --order x " + unknownLetter},
		{"not the id of a dead letter", "replay 7"},
		{"not the id of a dead letter", "show nonsense"},
		{"not the id of a dead letter", "discard --why x ''"},
		{"--rate", "replay --all --rate -1"},
		{"--wait", "replay --all --wait -1s"},
		{"--rate", "replay --all --rate NaN"},
		{"--ramp", "replay --all --ramp 0"},
		{"--ramp", "replay --all --ramp fast"},
		{"--older-than", "list --older-than -1s"},
		{"--older-than", "list --older-than yesterday"},
		{"nothing is both", "list --older-than 2h --younger-than 1h"},
		{"--younger-than", "replay --younger-than -5m"},
		{"--limit", "list --limit -1"},
		{"--cause must be one of", "list --cause fate"},
		{"--service must be one of", "list --service gateway"},
		{"--state must be one of", "list --state alive"},
		{"--why", "discard " + unknownLetter},
		{"give the reason", "discard --all --why="},
	} {
		t.Run(c.args, func(t *testing.T) {
			t.Parallel()
			orderly(t, append([]string{"dlq"}, strings.Fields(c.args)...)...).wants(t, 2, "orderly: ", c.words)
		})
	}
}

type shownLetter struct {
	ID, Service, Kind, State, Key string
	Attempts                      int
	Actions                       []struct{ Action, By, Why, Outcome string }
	Data                          []byte `json:"data_base64"`
	Headers                       map[string][]string
}

type shownReplay struct {
	Letters, Left int
	Outcomes      map[string]int
	Failed        []struct{ ID, Detail string }
}

// fail has the payment service's database refuse new rows, until mend.
func (s *stage) fail() { s.exec("payment", s.poison...) }

func (s *stage) mend() { s.exec("payment", s.cure) }

// letters waits for so many that are dead.
func (s *stage) letters(n int) []shownLetter {
	s.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(startLimit); ; <-tick.C {
		var found []shownLetter
		decode(s, s.at("dlq", "list"), &found)
		if len(found) == n {
			return found
		}
		if time.Now().After(deadline) {
			s.Fatalf("%d letters, want %d", len(found), n)
		}
	}
}

func (s *stage) replay(code int, args ...string) shownReplay {
	s.Helper()
	r := s.at(append([]string{"dlq", "replay"}, args...)...)
	r.wants(s, code)
	var got shownReplay
	decode(s, r, &got)
	return got
}

// place submits so many orders for a mug.
func (s *stage) place(from, to int) {
	s.Helper()
	var lines strings.Builder
	for n := from; n < to; n++ {
		fmt.Fprintf(&lines, `{"invoice":"%d","customer_id":"ann","currency":"GBP","items":[{"product_id":"MUG","quantity":1}]}`+"\n", n)
	}
	s.at("orders", "submit", write(s, "orders.jsonl", lines.String())).wants(s, 0)
}

// G6: what a person does about dead letters, from the first look to clean books.
func TestDlq(t *testing.T) {
	t.Parallel()
	onEach(t, func(s *stage) {
		t := s.T
		s.at("products", "load", write(t, "products.csv", header+"MUG,Mug,GBP,250,100\n")).wants(t, 0)
		s.fail()
		s.place(0, 3)
		found := s.letters(3)
		for _, l := range found {
			if l.Service != "payment" || l.Kind != "attempts_exhausted" || l.Attempts != 5 || l.State != "dead" {
				t.Errorf("letter %+v", l)
			}
		}
		text := orderly(t, "dlq", "show", found[0].ID, "--url", s.url)
		text.wants(t, 0)
		for _, words := range []string{"no room for payments", "the service payment", found[0].Key, "mend what the error names", "--dry-run", "orderly.inventory.reserved.v1"} {
			if !strings.Contains(text.stdout, words) {
				t.Errorf("show does not say %q: %s", words, text.stdout)
			}
		}
		s.at("dlq", "show", unknownLetter).wants(t, 3, "no service has a dead letter")
		s.at("dlq", "replay", unknownLetter).wants(t, 3, "no service has a dead letter")

		if got := s.replay(1, "--all", "--dry-run"); got.Outcomes["failed"] != 1 || got.Left != 2 {
			t.Errorf("dry run while the cause persists: %+v", got)
		}
		// It stops by itself: the ramp begins with one, and that one fails.
		if got := s.replay(1, "--all", "--by", "ann", "--why", "hope"); got.Outcomes["failed"] != 1 || got.Left != 2 || !strings.Contains(got.Failed[0].Detail, "no room") {
			t.Errorf("replay while the cause persists: %+v", got)
		}
		s.mend()
		if got := s.replay(0, "--all", "--dry-run"); got.Outcomes["would_replay"] != 3 {
			t.Errorf("dry run after the cause is mended: %+v", got)
		}
		s.replayByTwo(found)
		if got := s.replay(0, found[0].ID); got.Outcomes["already"] != 1 {
			t.Errorf("a second replay: %+v", got)
		}
		var shown shownLetter
		decode(t, s.at("dlq", "show", found[0].ID), &shown)
		if n := len(shown.Actions); n < 3 || shown.Actions[0].By != "ann" || shown.Actions[0].Why != "hope" || shown.Actions[0].Outcome != "failed" || shown.Actions[n-1].Outcome != "replayed" {
			t.Errorf("what was done: %+v", shown.Actions)
		}
		s.wantBooks(3)

		s.fail()
		s.place(10, 12)
		found = s.letters(2)
		s.exports(found)
		s.at("dlq", "republish", "--service", "payment").wants(t, 0)
		s.at("dlq", "discard", found[0].ID, "--why", "the customer has paid in cash").wants(t, 0)
		s.letters(1)
		s.mend()
		if got := s.replay(0, "--type", "inventory.reserved", "--rate", "50"); got.Outcomes["replayed"] != 1 {
			t.Errorf("replay by type: %+v", got)
		}
		// The discarded one's order goes the way of all that wait in vain.
		s.at("orders", "cancel", found[0].Key).wants(t, 0)
		s.wantBooks(5)
		if metrics := s.get("/metrics"); !strings.Contains(metrics, `orderly_dead_letters{kind="attempts_exhausted",service="payment"}`) {
			t.Error("there is no metric of dead letters")
		}
		s.stop(syscall.SIGTERM)
	})
}

// Letters whose replay waits for a gateway that is away stop those behind them, and
// go through by themselves once it is back.
func TestDlq_replay_stops_while_replays_do_not_finish(t *testing.T) {
	t.Parallel()
	s := onSQLite(t)
	s.url = s.start()
	s.at("products", "load", write(t, "products.csv", header+"MUG,Mug,GBP,250,100\n")).wants(t, 0)
	s.fail()
	s.place(0, 4)
	s.letters(4)
	s.mend()
	s.at("gateway", "set", "--outage", "1h").wants(t, 0)
	stopped := orderly(t, "dlq", "replay", "--all", "--ramp", "2", "--wait", "10ms", "--url", s.url)
	stopped.wants(t, 1)
	for _, words := range []string{"not through yet: look at them later  2\n", "2, because replays do not finish"} {
		if !strings.Contains(stopped.stdout, words) {
			t.Errorf("it does not say %q: %s", words, stopped.stdout)
		}
	}
	s.at("gateway", "reset").wants(t, 0)
	s.replay(0, "--all")
	s.wantBooks(4)
	s.stop(syscall.SIGTERM)
}

// replayByTwo has two operators replay all at once: each letter once.
func (s *stage) replayByTwo(found []shownLetter) {
	s.Helper()
	other := make(chan result, 1)
	go func() { other <- s.at("dlq", "replay", "--all", "--by", "bob") }()
	first := s.replay(0, "--all", "--by", "ann", "--why", "there is room now")
	second := <-other
	second.wants(s, 0)
	var got shownReplay
	decode(s, second, &got)
	if n := first.Outcomes["replayed"] + got.Outcomes["replayed"]; n != len(found) {
		s.Errorf("%+v and %+v, want %d replayed in all", first, got, len(found))
	}
	s.letters(0)
}

func (s *stage) exports(found []shownLetter) {
	s.Helper()
	r := s.at("dlq", "export", "--cause", "attempts_exhausted")
	r.wants(s, 0)
	lines := strings.Split(strings.TrimSpace(r.stdout), "\n")
	for i, line := range lines {
		var l shownLetter
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			s.Fatal(err)
		}
		if l.ID != found[i].ID || !bytes.Contains(l.Data, []byte(l.Key)) || len(l.Headers["ce-id"]) != 1 {
			s.Errorf("exported %s", line)
		}
	}
	if len(lines) != len(found) {
		s.Errorf("%d lines, want %d", len(lines), len(found))
	}
}

// wantBooks waits until all orders are closed, and audits them.
func (s *stage) wantBooks(orders int) {
	s.Helper()
	r := s.at("verify", "--wait", "30s")
	r.wants(s, 0)
	var got struct{ Orders, Open int }
	decode(s, r, &got)
	if got.Orders != orders || got.Open != 0 {
		s.Errorf("%+v, want %d orders, none open", got, orders)
	}
}

func (s *stage) get(path string) string {
	s.Helper()
	res, err := http.Get(s.url + path)
	if err != nil {
		s.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		s.Fatal(err)
	}
	return string(body)
}
