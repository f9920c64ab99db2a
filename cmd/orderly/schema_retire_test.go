package main_test

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

type shownReaders struct {
	Versions []struct {
		Version int
		Retired bool
		First   time.Time
	}
	Readers []struct {
		Service, Consumer, Lag string
		Version, Pulls         int
		Instances              []string
		Left                   bool
		LastSeen               time.Time `json:"last_seen"`
	}
}

type shownRetirement struct {
	May     bool `json:"may_be_retired"`
	Reasons []string
	File    string
}

// G7: a version is published beside the old one, its reader moves, and the old one
// goes once nobody needs it; until then whoever asks is told why not.
func TestG7_a_version_is_retired_once_nobody_needs_it(t *testing.T) {
	t.Parallel()
	data, events := t.TempDir(), copyOf(t)
	url := ""
	at := func(args ...string) result { return orderly(t, append(args, "--url", url, "--output", "json")...) }
	starts := func(flags ...string) (stop func()) {
		t.Helper()
		p, address := up(t, append([]string{"--data", data, "--http", "127.0.0.1:0"}, flags...)...)
		url = address
		return func() { p.stop(t, syscall.SIGTERM) }
	}
	retire := func(code int, flags ...string) (r shownRetirement) {
		t.Helper()
		out := at(append([]string{"schema", "retire", "orders.created.v1", "--dir", events}, flags...)...)
		out.wants(t, code)
		decode(t, out, &r)
		return r
	}
	refused := func(want string, flags ...string) {
		t.Helper()
		if r := retire(4, flags...); r.May || r.File != "" || !strings.Contains(strings.Join(r.Reasons, "\n"), want) {
			t.Errorf("got %+v, want %q", r, want)
		}
	}
	order := func(key string) {
		t.Helper()
		at("orders", "submit", write(t, "orders.jsonl", `{"invoice":"`+key+`","customer_id":"c","currency":"GBP","items":[{"product_id":"MUG","quantity":1}],"payment_method":"pm_card_visa"}`+"\n"), "--wait").wants(t, 0)
	}

	stop := starts("--publish", "orders.created.v1")
	at("products", "load", write(t, "products.csv", header+"MUG,Mug,GBP,250,1000\n")).wants(t, 0)
	order("1")
	refused("holds no message of orders.created.v2")
	stop()

	stop = starts()
	order("2")
	refused("inventory-orders-standard on ORDERS reads orders.created.v1")
	stop()

	stop = starts("--read", "orders.created.v2")
	order("3")
	var shown shownReaders
	decode(t, at("schema", "readers", "orders.created"), &shown)
	if len(shown.Versions) != 2 || shown.Versions[1].First.Before(shown.Versions[0].First) {
		t.Errorf("versions %+v", shown.Versions)
	}
	reads := map[string]int{}
	for _, r := range shown.Readers {
		reads[r.Consumer] = r.Version
		if moved := r.Version == 2; r.Service != "inventory" || (r.Pulls > 0) != moved || (len(r.Instances) == 1) != moved || r.Left == moved {
			t.Errorf("reader %+v", r)
		}
	}
	if reads["inventory-orders-created-v2-standard"] != 2 || reads["inventory-orders-standard"] != 1 || len(reads) != 4 {
		t.Errorf("readers %v", reads)
	}
	if r := retire(0, "--dry-run"); !r.May || r.File != "" {
		t.Errorf("got %+v", r)
	}
	at("gateway", "set", "--outage", "1h").wants(t, 0)
	at("orders", "submit", write(t, "orders.jsonl", `{"invoice":"4","customer_id":"c","currency":"GBP","items":[{"product_id":"MUG","quantity":1}],"payment_method":"pm_card_visa"}`+"\n")).wants(t, 0)
	if r := retire(0, "--dry-run"); !r.May {
		t.Errorf("an open order from after the dual publishing holds it up: %+v", r)
	}
	if r := retire(0); !r.May || r.File != filepath.Join(events, "published.json") {
		t.Errorf("got %+v", r)
	}
	at("gateway", "reset").wants(t, 0)
	orderly(t, "schema", "check", "--dir", events).wants(t, 0)
	retired := orderly(t, "schema", "check", "--dir", contractFolder, "--against", events)
	retired.wants(t, 1)
	if !strings.Contains(retired.stdout, "was retired and does not come back") {
		t.Errorf("check says %s", retired.stdout)
	}
	stop()
}

func TestSchemaRetire_refuses_bad_input(t *testing.T) {
	t.Parallel()
	orderly(t, "schema", "retire", "orders.created").wants(t, 2, "no version of an event")
	orderly(t, "schema", "retire", "orders.created.v9").wants(t, 2, "this build knows no orders.created.v9")
	orderly(t, "schema", "retire", "orders.created.v2", "--dir", contractFolder).wants(t, 2, "newest version in use")
	orderly(t, "schema", "retire", "orders.created.v1", "--dir", t.TempDir()).wants(t, 2, "no folder of schemas")
	orderly(t, "schema", "readers", "orders").wants(t, 2, "this build knows no event orders")
	orderly(t, "up", "--data", t.TempDir(), "--read", "orders.created.v9").wants(t, 2, "--read: orders.created.v9 is not in use")
	orderly(t, "up", "--data", t.TempDir(), "--publish", "orders.created.v1", "--read", "orders.created.v2").wants(t, 2, "orders.created.v2 would be read and not published")
	orderly(t, "up", "--data", t.TempDir(), "--publish", "orders.created.v2").wants(t, 2, "orders.created.v1 is read, and orders.created would be published in versions [2] only")
	orderly(t, "up", "--data", t.TempDir(), "--publish", "orders.created").wants(t, 2, "--publish:", "no version of an event")
}
