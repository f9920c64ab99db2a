package events_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"syscall"
	"testing"
	"time"

	"orderly/events"
)

// orderOf is an order of so many lines.
func orderOf(lines int) events.OrderCreated {
	order := events.OrderCreated{
		OrderID: orderID, CustomerID: "17850", Currency: "GBP", PaymentMethod: "pm_card_visa",
	}
	for i := range lines {
		order.Items = append(order.Items, events.Item{ProductID: fmt.Sprintf("%05dA", i), Quantity: int64(i + 1)})
	}
	return order
}

// BenchmarkOrderCreated has the parts: Decode reads and checks, Validate checks
// what will be encoded, Marshal encodes; Unmarshal and Interpreter are what one
// would do without generated code.
func BenchmarkOrderCreated(b *testing.B) {
	version := lookUp(b, events.NameOrderCreated, 1)
	judge := newJudge(b, version)
	for _, lines := range []int{2, 675} {
		order := orderOf(lines)
		payload, err := json.Marshal(order)
		if err != nil {
			b.Fatal(err)
		}
		for _, part := range []struct {
			name string
			do   func() error
		}{
			{"Decode", func() error { _, err := version.Decode(payload); return err }},
			{"Validate", order.Validate},
			{"Marshal", func() error { _, err := json.Marshal(order); return err }},
			{"Unmarshal", func() error { return json.Unmarshal(payload, new(events.OrderCreated)) }},
			{"Interpreter", func() error { return judge.check(payload) }},
		} {
			b.Run(fmt.Sprintf("%s/%d_lines", part.name, lines), func(b *testing.B) {
				b.SetBytes(int64(len(payload)))
				b.ReportAllocs()
				for b.Loop() {
					if err := part.do(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkDoors is what an event costs at both doors: checked and encoded by its
// sender, decoded and checked by one reader. checks-% is the share of the checks
// in that; interpreter-% is what an interpreter in their place would cost, seen
// from the doors as they are. Both are CPU, measured in turns with the doors.
func BenchmarkDoors(b *testing.B) {
	version := lookUp(b, events.NameOrderCreated, 1)
	judge := newJudge(b, version)
	for _, lines := range []int{2, 675} {
		order := orderOf(lines)
		payload, err := json.Marshal(order)
		if err != nil {
			b.Fatal(err)
		}
		doors := func() error {
			if err := order.Validate(); err != nil {
				return err
			}
			encoded, err := json.Marshal(order)
			if err != nil {
				return err
			}
			_, err = version.Decode(encoded)
			return err
		}
		b.Run(fmt.Sprintf("%d_lines", lines), func(b *testing.B) {
			const turn = 50
			var all, checks, interpreted time.Duration
			for b.Loop() {
				all += took(b, turn, doors)
				b.StopTimer()
				checks += took(b, 2*turn, order.Validate) // the sender's and the reader's are the same
				interpreted += turn * took(b, 2, func() error { return judge.check(payload) })
				b.StartTimer()
			}
			b.ReportMetric(float64(all.Nanoseconds())/turn/float64(b.N), "cpu-ns/event")
			b.ReportMetric(0, "ns/op") // an op is a turn: it says nothing
			b.ReportMetric(100*checks.Seconds()/all.Seconds(), "checks-%")
			b.ReportMetric(100*interpreted.Seconds()/all.Seconds(), "interpreter-%")
		})
	}
}

// BenchmarkSaidTwice is what the sender's door costs for an event that is said in two
// versions, beside one: it is checked and encoded in the newest, converted, then checked
// and encoded again. up is what a reader of the older one pays to have the newest.
func BenchmarkSaidTwice(b *testing.B) {
	first, second := lookUp(b, events.NameOrderCreated, 1), lookUp(b, events.NameOrderCreated, 2)
	for _, lines := range []int{2, 675} {
		order := orderOf(lines)
		newest := mustConvert(b, first.Up, order)
		say := func(e events.Event) error {
			if err := e.Validate(); err != nil {
				return err
			}
			_, err := json.Marshal(e)
			return err
		}
		for _, part := range []struct {
			name string
			do   func() error
		}{
			{"once", func() error { return say(newest) }},
			{"twice", func() error {
				older, err := second.Down(newest)
				return errors.Join(err, say(newest), say(older))
			}},
			{"up", func() error { _, err := first.Up(order); return err }},
		} {
			b.Run(fmt.Sprintf("%s/%d_lines", part.name, lines), func(b *testing.B) {
				const turn = 50
				var all time.Duration
				for b.Loop() {
					all += took(b, turn, part.do)
				}
				b.ReportMetric(float64(all.Nanoseconds())/turn/float64(b.N), "cpu-ns/event")
				b.ReportMetric(0, "ns/op") // an op is a turn: it says nothing
			})
		}
	}
}

// took is the CPU that so many calls take: the machine may have other things to
// do in between.
func took(b *testing.B, calls int, do func() error) time.Duration {
	b.Helper()
	began := cpu(b)
	for range calls {
		if err := do(); err != nil {
			b.Fatal(err)
		}
	}
	return cpu(b) - began
}

// cpu is what this process has used so far.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
