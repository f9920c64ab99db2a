package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"orderly/pkg/sqldb"
	"orderly/pkg/sqldb/sqlite"
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

// ward is a system whose payment service can be made to fail.
type ward struct {
	*testing.T
	url, dir string
	at       func(args ...string) result
}

// fail has the payment service's database refuse new rows, until mend.
func (w *ward) fail() {
	w.payment(`CREATE TRIGGER poison BEFORE INSERT ON payments BEGIN SELECT RAISE(ABORT, 'no room for payments'); END`)
}

func (w *ward) mend() { w.payment(`DROP TRIGGER poison`) }

func (w *ward) payment(statement string) {
	w.Helper()
	db, err := sqlite.Open(w.Context(), filepath.Join(w.dir, "payment.db"))
	if err != nil {
		w.Fatal(err)
	}
	defer db.Close()
	err = db.InTx(w.Context(), func(tx *sqldb.Tx) error {
		tx.Exec("a test", statement)
		return nil
	})
	if err != nil {
		w.Fatal(err)
	}
}

// letters waits for so many that are dead.
func (w *ward) letters(n int) []shownLetter {
	w.Helper()
	for deadline := time.Now().Add(startLimit); ; {
		var found []shownLetter
		decode(w, w.at("dlq", "list"), &found)
		if len(found) == n {
			return found
		}
		if time.Now().After(deadline) {
			w.Fatalf("%d letters, want %d", len(found), n)
		}
	}
}

func (w *ward) replay(code int, args ...string) shownReplay {
	w.Helper()
	r := w.at(append([]string{"dlq", "replay"}, args...)...)
	r.wants(w, code)
	var got shownReplay
	decode(w, r, &got)
	return got
}

// place submits so many orders for a mug.
func (w *ward) place(from, to int) {
	w.Helper()
	var lines strings.Builder
	for n := from; n < to; n++ {
		fmt.Fprintf(&lines, `{"invoice":"%d","customer_id":"ann","currency":"GBP","items":[{"product_id":"MUG","quantity":1}]}`+"\n", n)
	}
	w.at("orders", "submit", write(w, "orders.jsonl", lines.String())).wants(w, 0)
}

// G6: what a person does about dead letters, from the first look to clean books.
func TestDlq(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	system, url := up(t, "--data", dir, "--http", "127.0.0.1:0")
	w := &ward{T: t, url: url, dir: dir}
	w.at = func(args ...string) result { return orderly(t, append(args, "--url", url, "--output", "json")...) }
	w.at("products", "load", write(t, "products.csv", header+"MUG,Mug,GBP,250,100\n")).wants(t, 0)
	w.fail()
	w.place(0, 3)
	found := w.letters(3)
	for _, l := range found {
		if l.Service != "payment" || l.Kind != "attempts_exhausted" || l.Attempts != 5 || l.State != "dead" {
			t.Errorf("letter %+v", l)
		}
	}
	text := orderly(t, "dlq", "show", found[0].ID, "--url", url)
	text.wants(t, 0)
	for _, words := range []string{"no room for payments", "the service payment", found[0].Key, "mend what the error names", "--dry-run", "orderly.inventory.reserved.v1"} {
		if !strings.Contains(text.stdout, words) {
			t.Errorf("show does not say %q: %s", words, text.stdout)
		}
	}
	w.at("dlq", "show", unknownLetter).wants(t, 3, "no service has a dead letter")
	w.at("dlq", "replay", unknownLetter).wants(t, 3, "no service has a dead letter")

	if got := w.replay(1, "--all", "--dry-run"); got.Outcomes["failed"] != 1 || got.Left != 2 {
		t.Errorf("dry run while the cause persists: %+v", got)
	}
	// It stops by itself: the ramp begins with one, and that one fails.
	if got := w.replay(1, "--all", "--by", "ann", "--why", "hope"); got.Outcomes["failed"] != 1 || got.Left != 2 || !strings.Contains(got.Failed[0].Detail, "no room") {
		t.Errorf("replay while the cause persists: %+v", got)
	}
	w.mend()
	if got := w.replay(0, "--all", "--dry-run"); got.Outcomes["would_replay"] != 3 {
		t.Errorf("dry run after the cause is mended: %+v", got)
	}
	w.replayByTwo(found)
	if got := w.replay(0, found[0].ID); got.Outcomes["already"] != 1 {
		t.Errorf("a second replay: %+v", got)
	}
	var shown shownLetter
	decode(t, w.at("dlq", "show", found[0].ID), &shown)
	if n := len(shown.Actions); n < 3 || shown.Actions[0].By != "ann" || shown.Actions[0].Why != "hope" || shown.Actions[0].Outcome != "failed" || shown.Actions[n-1].Outcome != "replayed" {
		t.Errorf("what was done: %+v", shown.Actions)
	}
	w.wantBooks(3)

	w.fail()
	w.place(10, 12)
	found = w.letters(2)
	w.exports(found)
	w.at("dlq", "republish", "--service", "payment").wants(t, 0)
	w.at("dlq", "discard", found[0].ID, "--why", "the customer has paid in cash").wants(t, 0)
	w.letters(1)
	w.mend()
	if got := w.replay(0, "--type", "inventory.reserved", "--rate", "50"); got.Outcomes["replayed"] != 1 {
		t.Errorf("replay by type: %+v", got)
	}
	// The discarded one's order goes the way of all that wait in vain.
	w.at("orders", "cancel", found[0].Key).wants(t, 0)
	w.wantBooks(5)
	if metrics := w.get("/metrics"); !strings.Contains(metrics, `orderly_dead_letters{kind="attempts_exhausted",service="payment"}`) {
		t.Error("there is no metric of dead letters")
	}
	if code := system.stop(t, syscall.SIGTERM); code != 0 {
		t.Errorf("SIGTERM: exit code %d: %s", code, system.stderr)
	}
}

// replayByTwo has two operators replay all at once: each letter once.
func (w *ward) replayByTwo(found []shownLetter) {
	w.Helper()
	other := make(chan result, 1)
	go func() { other <- w.at("dlq", "replay", "--all", "--by", "bob") }()
	first := w.replay(0, "--all", "--by", "ann", "--why", "there is room now")
	second := <-other
	second.wants(w, 0)
	var got shownReplay
	decode(w, second, &got)
	if n := first.Outcomes["replayed"] + got.Outcomes["replayed"]; n != len(found) {
		w.Errorf("%+v and %+v, want %d replayed in all", first, got, len(found))
	}
	w.letters(0)
}

func (w *ward) exports(found []shownLetter) {
	w.Helper()
	r := w.at("dlq", "export", "--cause", "attempts_exhausted")
	r.wants(w, 0)
	lines := strings.Split(strings.TrimSpace(r.stdout), "\n")
	for i, line := range lines {
		var l shownLetter
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			w.Fatal(err)
		}
		if l.ID != found[i].ID || !bytes.Contains(l.Data, []byte(l.Key)) || len(l.Headers["ce-id"]) != 1 {
			w.Errorf("exported %s", line)
		}
	}
	if len(lines) != len(found) {
		w.Errorf("%d lines, want %d", len(lines), len(found))
	}
}

// wantBooks waits until all orders are closed, and audits them.
func (w *ward) wantBooks(orders int) {
	w.Helper()
	r := w.at("verify", "--wait", "30s")
	r.wants(w, 0)
	var got struct{ Orders, Open int }
	decode(w, r, &got)
	if got.Orders != orders || got.Open != 0 {
		w.Errorf("%+v, want %d orders, none open", got, orders)
	}
}

func (w *ward) get(path string) string {
	w.Helper()
	res, err := http.Get(w.url + path)
	if err != nil {
		w.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		w.Fatal(err)
	}
	return string(body)
}
