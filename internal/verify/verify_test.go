package verify_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"orderly/internal/pgtest"
	"orderly/internal/verify"
	"orderly/pkg/sqldb"
	"orderly/pkg/sqldb/postgres"
)

// G1 to G5 hold of a system that nobody meddled with, on either database; an
// order on its way is no finding.
func TestRun_finds_nothing_wrong(t *testing.T) {
	t.Parallel()
	for name, on := range map[string]func(t *testing.T, dir string) databases{
		"sqlite":   func(_ *testing.T, dir string) databases { return inFiles(dir) },
		"postgres": func(*testing.T, string) databases { return inPostgres },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s := openShop(t, dir, on(t, dir))
			s.start(t)
			tr := trade(t, s)
			var r verify.Report
			eventually(t, "all that is closed is settled", func() bool {
				r = s.audit(t, verify.Options{})
				if !r.Clean() {
					t.Fatalf("findings: %v", r.Findings)
				}
				if r.Open+r.Recent+r.Confirmed+r.Cancelled != r.Orders {
					t.Fatalf("an order is counted twice or not at all: %+v", r)
				}
				return r.Open+r.Recent <= 1
			})
			want := verify.Report{
				Orders:    tr.closed() + 1,
				Confirmed: len(tr.confirmed) + len(tr.given) + len(tr.credited),
				Cancelled: len(tr.rejected) + len(tr.declined) + len(tr.refunded),
				Open:      1,
				Products:  3,
				Charges:   len(tr.confirmed) + len(tr.declined) + len(tr.refunded) + len(tr.credited),
			}
			got := r
			got.Events, got.Findings = 0, nil
			if got.Orders != want.Orders || got.Confirmed != want.Confirmed || got.Cancelled != want.Cancelled ||
				got.Open != want.Open || got.Products != want.Products || got.Charges != want.Charges {
				t.Errorf("report %+v, want %+v", got, want)
			}
			if least := 5 * len(tr.confirmed); r.Events < least {
				t.Errorf("%d events were read, the confirmed orders alone have %d", r.Events, least)
			}
		})
	}
}

func inPostgres(t *testing.T, _ string) *sqldb.DB {
	t.Helper()
	db, err := postgres.Options{WriteConns: 2, ReadConns: 3}.Open(t.Context(), pgtest.DSN(t))
	ok(t, err)
	return db
}

// An audit under load takes nothing that is on its way for wrong.
func TestRun_raises_no_false_alarm_under_load(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openShop(t, dir, inFiles(dir))
	s.start(t)
	s.stock(t, mug, 1_000_000, 250)
	ctx, stop := context.WithCancel(t.Context())
	var load sync.WaitGroup
	for range 4 {
		load.Go(func() {
			for ctx.Err() == nil {
				if _, err := s.order(t.Context(), "", goodCard, mug, 1); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	settled := 0
	for range 15 {
		r := s.audit(t, verify.Options{})
		if !r.Clean() {
			t.Errorf("findings: %v", r.Findings[:min(3, len(r.Findings))])
		}
		settled = max(settled, r.Confirmed)
	}
	eventually(t, "orders are settled while others are placed", func() bool {
		settled = max(settled, s.audit(t, verify.Options{}).Confirmed)
		return settled > 50
	})
	stop()
	load.Wait()
}

// G1: an order that was waited for and does not close is lost, one that closes
// in time is not.
func TestRun_waits(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openShop(t, dir, inFiles(dir))
	s.start(t)
	tr := trade(t, s)
	r := s.audit(t, verify.Options{Wait: time.Millisecond})
	if r.Faults != 1 || r.Findings[0].Rule != "not_closed" || r.Findings[0].OrderID != tr.open || r.Findings[0].Promise != verify.NothingLost {
		t.Errorf("found %v, want that %s is not closed", r.Findings, tr.open)
	}
	heal(t, s)
	// What has just closed is not open, however long it takes to be judged.
	if r := s.audit(t, verify.Options{Grace: time.Hour}); r.Open > 1 || r.Recent < tr.closed() {
		t.Errorf("%+v, want %d too recent to judge", r, tr.closed())
	}
	r = s.audit(t, verify.Options{Wait: patience})
	if !r.Clean() || r.Open != 0 || r.Orders != tr.closed()+1 {
		t.Errorf("after the outage: %+v", r)
	}
}

// A stream that was wiped, or forgot its oldest messages, does not tell of
// orders from before: that is no finding.
func TestRun_asks_streams_only_for_what_they_can_hold(t *testing.T) {
	t.Parallel()
	original := t.TempDir()
	s := openShop(t, original, inFiles(original))
	s.start(t)
	tr := trade(t, s)
	s.close(t)
	for name, forget := range map[string]func(t *testing.T, s *shop){
		"purged": func(t *testing.T, s *shop) {
			stream, err := s.bus.JetStream().Stream(t.Context(), "ORDERS")
			ok(t, err)
			ok(t, stream.Purge(t.Context()))
		},
		"the oldest are gone": func(t *testing.T, s *shop) {
			stream, err := s.bus.JetStream().Stream(t.Context(), "ORDERS")
			ok(t, err)
			ok(t, stream.Purge(t.Context(), jetstream.WithPurgeKeep(2)))
		},
		"wiped": func(t *testing.T, s *shop) {
			stream, err := s.bus.JetStream().Stream(t.Context(), "ORDERS")
			ok(t, err)
			ok(t, s.bus.JetStream().DeleteStream(t.Context(), "ORDERS"))
			_, err = s.bus.JetStream().CreateStream(t.Context(), stream.CachedInfo().Config)
			ok(t, err)
		},
		"garbage in it": func(t *testing.T, s *shop) {
			_, err := s.bus.JetStream().Publish(t.Context(), "orders.created.v1.standard", []byte("garbage"))
			ok(t, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := copyTree(t, original)
			s := openShop(t, dir, inFiles(dir))
			forget(t, s)
			r := s.audit(t, verify.Options{})
			if !r.Clean() || r.Orders != tr.closed()+1 {
				t.Errorf("%+v", r)
			}
			if garbage := name == "garbage in it"; garbage != (r.Unreadable == 1) {
				t.Errorf("%d unreadable", r.Unreadable)
			}
		})
	}
}
