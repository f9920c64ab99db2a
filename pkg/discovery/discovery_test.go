package discovery

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"
	"go.uber.org/goleak"

	"orderly/pkg/natsbus/natstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type refusal struct{}

func (refusal) Error() string  { return "no such hall" }
func (refusal) GetStatus() int { return 404 }

func announce(t *testing.T, nc *nats.Conn, name, instance string) *Announcement {
	t.Helper()
	a, err := Announce(nc, Config{
		Name: name, About: "It shows films.", Version: "devel", Metadata: map[string]string{"instance": instance},
		Status: func() any { return map[string]string{"says": instance} }, HealthSubject: "cinema.health",
		Endpoints: []Endpoint{{Name: "seats", Subject: "cinema.seats", Answer: func(_ context.Context, ask []byte) (any, error) {
			switch hall, _ := Field(ask, "hall"); hall {
			case "red":
				return map[string]int{"free": 7}, nil
			case "blue":
				return nil, errors.New("the password of the database is hunter2")
			case "black":
				panic("dark")
			}
			return nil, refusal{}
		}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Stop(); err != nil {
			t.Error(err)
		}
	})
	return a
}

func who(t *testing.T, nc *nats.Conn) []Instance {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	found, err := Who(ctx, nc)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// Those that run are found with what they say of themselves, also by the
// framework's own questions; one that has stopped or lost its connection is not.
func TestWho_finds_those_that_run(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	asker, other := natstest.Connect(t, server).NC(), natstest.Connect(t, server)
	if found := who(t, asker); len(found) != 0 {
		t.Errorf("nobody runs, and %v was found", found)
	}
	first := announce(t, asker, "cinema", "one")
	announce(t, other.NC(), "cinema", "two")
	if err := other.NC().Flush(); err != nil { // the server has heard of it
		t.Fatal(err)
	}
	announce(t, asker, "bar", "three")
	found := who(t, asker)
	if len(found) != 3 || found[0].Name != "bar" || found[1].Metadata["instance"] != "one" || found[2].Metadata["instance"] != "two" {
		t.Fatalf("found %+v", found)
	}
	for _, one := range found {
		if string(one.Status) != `{"says":"`+one.Metadata["instance"]+`"}` || time.Since(one.Started) > time.Minute || one.Version != "0.0.0+devel" {
			t.Errorf("found %+v", one)
		}
	}
	for _, verb := range []string{"$SRV.PING", "$SRV.INFO", "$SRV.INFO.cinema", "$SRV.STATS.bar"} {
		if _, err := asker.Request(verb, nil, 5*time.Second); err != nil {
			t.Errorf("%s: %v", verb, err)
		}
	}
	if err := first.Stop(); err != nil {
		t.Fatal(err)
	}
	_ = other.Close(t.Context())
	if err := asker.Flush(); err != nil {
		t.Fatal(err)
	}
	if found = who(t, asker); len(found) != 1 || found[0].Name != "bar" {
		t.Errorf("after the end of two, found %+v", found)
	}
}

// A request gets its answer or an error with a code, and of an unexpected one no
// more than that.
func TestEndpoint_answers_and_refuses(t *testing.T) {
	t.Parallel()
	nc := natstest.Connect(t, natstest.Start(t)).NC()
	announce(t, nc, "cinema", "one")
	for ask, want := range map[string][3]string{
		`{"hall":"red"}`:   {`{"free":7}`, "", ""},
		`{"hall":"green"}`: {"", "404", "no such hall"},
		`no JSON`:          {"", "404", "no such hall"},
		`{"hall":"blue"}`:  {"", "500", "the service could not answer, its log says why"},
		`{"hall":"black"}`: {"", "500", "the service could not answer, its log says why"},
	} {
		m, err := nc.Request("cinema.seats", []byte(ask), 5*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		got := [3]string{string(m.Data), m.Header.Get(micro.ErrorCodeHeader), m.Header.Get(micro.ErrorHeader)}
		if got != want {
			t.Errorf("%s: got %q, want %q", ask, got, want)
		}
	}
	one := who(t, nc)[0]
	if one.Requests != 5 || one.Errors != 4 {
		t.Errorf("%d requests and %d errors are counted", one.Requests, one.Errors)
	}
	if !json.Valid(one.Status) {
		t.Errorf("the status is %s", one.Status)
	}
}

func TestVersion_is_semantic_and_shows_the_build(t *testing.T) {
	t.Parallel()
	for build, want := range map[string]string{
		"v1.2.3": "1.2.3", "1.2.3": "1.2.3", "": "0.0.0", "devel": "0.0.0+devel", "e011ddb": "0.0.0+e011ddb",
		"v1.2.3-4-g0e011-dirty": "1.2.3+4-g0e011-dirty", "v01.2": "0.0.0+01-2", "a b/c": "0.0.0+a-b-c",
	} {
		if got := version(build); got != want {
			t.Errorf("%q: %q, want %q", build, got, want)
		}
	}
}
