package adoption

import (
	"strings"
	"testing"
	"time"
)

var (
	start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	both  = []Version{{Version: 1, First: start}, {Version: 2, First: start.Add(time.Hour)}}
)

func at(minutes int) time.Time { return start.Add(time.Duration(minutes) * time.Minute) }

// G7: a version stays while somebody lives by it, and whoever asks is told who.
func TestG7_a_version_stays_while_it_is_needed(t *testing.T) {
	t.Parallel()
	own := Reader{Service: "inventory", Consumer: "inventory-orders-standard", Stream: "ORDERS", Version: 1, Durable: true}
	foreign := Reader{Consumer: "mailer", Stream: "ORDERS", Version: 1, Durable: true}
	with := func(r Reader, change func(*Reader)) []Reader {
		change(&r)
		return []Reader{r}
	}
	for name, test := range map[string]struct {
		versions []Version
		readers  []Reader
		open     *Open
		except   []string
		want     string // in the only reason; "" = it may go
	}{
		"nobody reads":             {both, nil, nil, nil, ""},
		"read by replicas":         {both, with(own, func(r *Reader) { r.Pulls = 2 }), nil, nil, "inventory-orders-standard on ORDERS reads orders.created.v1: replicas of the inventory service; start them with --read orders.created.v2"},
		"read by processes":        {both, with(own, func(r *Reader) { r.Instances = []string{"a/1", "b/2"} }), nil, nil, "a/1, b/2 of the inventory service"},
		"a stranger reads":         {both, with(foreign, func(r *Reader) { r.Pulls = 1 }), nil, nil, "consumer mailer on ORDERS gets orders.created.v1 and somebody pulls"},
		"a stranger is excepted":   {both, with(foreign, func(r *Reader) { r.Pulls = 1 }), nil, []string{"mailer"}, ""},
		"another version is read":  {both, with(own, func(r *Reader) { r.Version, r.Pulls = 2, 1 }), nil, nil, ""},
		"unread":                   {both, with(own, func(r *Reader) { r.Unread, r.LastSeen = at(1), at(2) }), nil, nil, "oldest message waits since 2026-03-01T12:01:00Z, and nobody was seen reading since 2026-03-01T12:02:00Z"},
		"unread and never seen":    {both, with(foreign, func(r *Reader) { r.Unread = at(1) }), nil, nil, "nobody was seen reading since it was made"},
		"all is read":              {both, with(own, func(r *Reader) { r.LastSeen = at(2) }), nil, nil, ""},
		"left behind":              {both, with(own, func(r *Reader) { r.Unread, r.Left = at(1), true }), nil, nil, ""},
		"a passer-by":              {both, with(foreign, func(r *Reader) { r.Durable, r.Pulls, r.Unread = false, 1, at(1) }), nil, nil, ""},
		"an order from before":     {both, nil, &Open{"o-1", at(59)}, nil, "order o-1 is open and was placed at 2026-03-01T12:59:00Z, before orders.created.v2 was first published at 2026-03-01T13:00:00Z"},
		"an order from after":      {both, nil, &Open{"o-1", at(61)}, nil, ""},
		"not published":            {[]Version{{Version: 1, First: start}, {Version: 2}}, nil, &Open{"o-1", at(59)}, nil, "holds no message of orders.created.v2"},
		"the newest":               {both[:1], nil, nil, nil, "orders.created.v1 is the newest version in use"},
		"the newer one is retired": {[]Version{both[0], {Version: 2, Retired: true}}, nil, nil, nil, "is the newest version in use"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := State{Event: "orders.created", Versions: test.versions, Readers: test.readers, Speakers: []Speaker{{"order", "a/1", []int{1, 2}}}}
			got := Judge(s, 1, test.open, test.except...)
			switch {
			case test.want == "" && len(got) > 0:
				t.Errorf("refused: %q", got)
			case test.want != "" && (len(got) != 1 || !strings.Contains(got[0], test.want)):
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// What a replica says in the old version alone would reach nobody.
func TestG7_a_version_stays_while_somebody_says_no_other(t *testing.T) {
	t.Parallel()
	s := State{Event: "orders.created", Versions: both, Speakers: []Speaker{{"order", "a/1", []int{1, 2}}, {"order", "b/2", []int{1}}}}
	got := Judge(s, 1, nil)
	if want := "b/2 of the order service does not say orders.created.v2: start it with --publish orders.created.v1,orders.created.v2"; len(got) != 1 || got[0] != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
