package app

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// made is when the consumer was made.
func (k *keeper) made() time.Time {
	k.t.Helper()
	consumer, err := k.stream.Consumer(k.t.Context(), StreamOrders, inventoryOrders)
	k.must(err)
	return consumer.CachedInfo().Created
}

// goBack replaces the broker's files by a copy that has half of the messages that
// were seen, and publishes fewer than those that are lost.
func (k *keeper) goBack() {
	k.t.Helper()
	backup := filepath.Join(k.t.TempDir(), "backup")
	k.publish(20)
	k.restart(func() { k.copyTo(backup, k.dir) })
	k.publish(20)
	k.looks()
	k.restart(func() { k.copyTo(k.dir, backup) })
	k.publish(5)
}

// A message that somebody removed is told of as lost, but no other has moved: the
// consumer keeps its place.
func TestCustody_keeps_a_consumer_whose_stream_lost_one_message(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	k.publish(20)
	k.take(20, true)
	k.looks()
	before := k.made()
	stream, err := k.stream.Stream(t.Context(), StreamOrders)
	k.must(err)
	k.must(stream.DeleteMsg(t.Context(), 20))
	k.publish(5)
	k.looks()
	k.looks()
	k.wants(StreamOrders, lossGone)
	if !k.made().Equal(before) {
		t.Error("the consumer was made anew")
	}
}

// withoutLeader says nothing of any consumer, for as long as nobody leads them.
type withoutLeader struct {
	jetstream.JetStream
	leads bool
}

func (w *withoutLeader) Consumer(ctx context.Context, stream, name string) (jetstream.Consumer, error) {
	if !w.leads {
		return nil, context.DeadlineExceeded
	}
	return w.JetStream.Consumer(ctx, stream, name)
}

// G1: a consumer that cannot be reached when its stream is found to have gone back
// is made anew later, by the next process if this one ends before.
func TestCustody_heals_a_consumer_later(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	k.goBack()
	before := k.made()
	for range 2 { // processes
		k.serve(1)
		broken := &withoutLeader{JetStream: k.js}
		k.js = broken
		for range 3 {
			if err := k.look(t.Context()); err == nil {
				t.Fatal("a look without an answer succeeded")
			}
		}
		k.wants(StreamOrders, lossRolledBack)
		if !k.made().Equal(before) {
			t.Fatal("the consumer was made anew already: nothing to heal")
		}
		broken.leads = true
	}
	k.looks()
	if k.made().Equal(before) {
		t.Error("the consumer was not made anew")
	}
	k.wants(StreamOrders, lossRolledBack)
}

// Of replicas that find a loss, at once or one after the other, only the first
// makes the consumer anew: what that replays is replayed once.
func TestCustody_of_replicas_heals_once(t *testing.T) {
	t.Parallel()
	for name, turns := range map[string]string{"at once": "abab", "one after the other": "aabb"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKeeper(t)
			k.goBack()
			old := k.made()
			replicas := make(map[rune]*custody)
			for _, r := range "ab" {
				k.serve(1)
				k.must(k.remember(t.Context()))
				k.consumers[inventoryOrders] = old // both have been here all the time
				replicas[r] = k.custody
			}
			made := make(map[time.Time]bool)
			for _, r := range turns + "ab" {
				k.must(replicas[r].look(t.Context()))
				made[k.made()] = true
			}
			delete(made, old)
			if len(made) != 1 {
				t.Errorf("the consumer was made anew %d times, want once", len(made))
			}
			k.wants(StreamOrders, lossRolledBack) // what the second replica says
		})
	}
}
