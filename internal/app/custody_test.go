package app

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"orderly/pkg/natsbus"
	"orderly/pkg/natsbus/natstest"
	"orderly/pkg/natsembed"
	"orderly/pkg/sqldb"
	"orderly/pkg/sqldb/sqlite"
)

// keeper is an inventory service's custody of a broker that may be damaged. Its
// engine does not run: the test looks, and reads, by itself.
type keeper struct {
	*custody
	t       *testing.T
	dir     string // the broker's
	db      *sqldb.DB
	server  *natsembed.Server
	bus     *natsbus.Conn
	stream  jetstream.JetStream
	logs    *observer.ObservedLogs
	metrics *prometheus.Registry
	told    int
}

// inventoryOrders is the consumer of the service that is looked after.
const inventoryOrders = "inventory-orders-standard"

func newKeeper(t *testing.T) *keeper {
	t.Helper()
	k := &keeper{t: t, dir: t.TempDir(), db: inventoryDB(t)}
	t.Cleanup(k.down)
	k.up()
	return k
}

func inventoryDB(t *testing.T) *sqldb.DB {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "inventory.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	schema, err := Schema(InventoryService)
	if err == nil {
		err = db.Migrate(t.Context(), schema)
	}
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func (k *keeper) must(err error) {
	k.t.Helper()
	if err != nil {
		k.t.Fatal(err)
	}
}

// up starts the broker, and another process of the service that it serves.
func (k *keeper) up() {
	k.t.Helper()
	var err error
	k.server, err = natsembed.Start(natsembed.Config{Dir: k.dir, MaxStore: 1 << 40})
	k.must(err)
	k.bus, err = natsbus.Connect(k.t.Context(), natsbus.Config{Options: []nats.Option{k.server.ConnectOption()}})
	k.must(err)
	k.serve(1)
}

// serve starts a process of the service, but for its engine.
func (k *keeper) serve(replicas int) {
	k.t.Helper()
	k.stream = k.bus.JetStream()
	core, logs := observer.New(zapcore.ErrorLevel)
	k.metrics = prometheus.NewRegistry()
	registry, err := NewRegistry()
	k.must(err)
	service, err := NewInventory(Deps{
		DB: k.db, Bus: k.bus, Registry: registry, Replicas: replicas, AckWait: time.Minute,
		Metrics: k.metrics, Logger: zap.New(core),
	})
	k.must(err)
	k.must(service.prepare(k.t.Context()))
	k.custody, k.logs, k.told = service.custody, logs, 0
	k.found = func() { k.told++ }
}

func (k *keeper) down() {
	if k.server == nil {
		return
	}
	_ = k.bus.Close(context.Background()) // the test is over, or wants it broken
	k.server.Shutdown()
	k.server = nil
}

// restart damages the broker while it is down.
func (k *keeper) restart(damage func()) {
	k.t.Helper()
	k.down()
	damage()
	k.up()
}

func (k *keeper) publish(n int) {
	k.t.Helper()
	for range n {
		_, err := k.stream.Publish(k.t.Context(), "orders.created.v1.standard", nil)
		k.must(err)
	}
}

// take fetches messages, and acknowledges them or keeps them in hand.
func (k *keeper) take(n int, ack bool) (got int) {
	k.t.Helper()
	consumer, err := k.stream.Consumer(k.t.Context(), StreamOrders, inventoryOrders)
	k.must(err)
	batch, err := consumer.Fetch(n, jetstream.FetchMaxWait(time.Second))
	k.must(err)
	for m := range batch.Messages() {
		got++
		if ack {
			k.must(m.DoubleAck(k.t.Context()))
		}
	}
	return got
}

// looks looks as often as it takes to believe what is seen.
func (k *keeper) looks() {
	k.t.Helper()
	for range 2 {
		k.must(k.look(k.t.Context()))
	}
}

// counted is what the metric says of a stream, by kind.
func (k *keeper) counted(stream string) map[string]float64 {
	k.t.Helper()
	families, err := k.metrics.Gather()
	k.must(err)
	out := make(map[string]float64)
	for _, f := range families {
		for _, m := range f.Metric {
			labels := make(map[string]string)
			for _, l := range m.Label {
				labels[l.GetName()] = l.GetValue()
			}
			if f.GetName() == "orderly_stream_losses_total" && labels["service"] == InventoryService && labels["stream"] == stream {
				out[labels["kind"]] = m.Counter.GetValue()
			}
		}
	}
	return out
}

// wants says which losses were found, logged and counted.
func (k *keeper) wants(stream string, kinds ...string) {
	k.t.Helper()
	want := make(map[string]float64)
	for _, kind := range kinds {
		want[kind] = 1
	}
	if got := k.counted(stream); !maps.Equal(got, want) {
		k.t.Errorf("losses of %s: counted %v, want %v", stream, got, want)
	}
	if entries := k.logs.FilterField(zap.String("stream", stream)).Len(); entries != len(kinds) {
		k.t.Errorf("%d log entries, want %d: %v", entries, len(kinds), k.logs.All())
	}
	if (k.told > 0) != (len(kinds) > 0) {
		k.t.Errorf("redrive was told %d times of %d losses", k.told, len(kinds))
	}
}

func (k *keeper) storeOf(stream string) string {
	k.t.Helper()
	found, err := filepath.Glob(filepath.Join(k.dir, "jetstream", "*", "streams", stream))
	k.must(err)
	if len(found) != 1 {
		k.t.Fatalf("the stream's files: %v", found)
	}
	return found[0]
}

// copyTo copies a folder, as a backup does.
func (k *keeper) copyTo(dst, src string) {
	k.t.Helper()
	k.must(os.RemoveAll(dst))
	k.must(os.CopyFS(dst, os.DirFS(src)))
}

// What happens to a broker in daily life is no loss.
func TestCustody_is_calm(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	k.looks()
	k.publish(20)
	k.take(10, true)
	k.looks()
	k.restart(func() {})
	k.looks()
	stream, err := k.stream.Stream(t.Context(), StreamOrders)
	k.must(err)
	k.must(stream.Purge(t.Context()))
	k.looks()
	k.publish(1)
	k.looks()
	k.wants(StreamOrders)
}

// G1: a stream that was deleted and made again is found, once.
func TestCustody_finds_a_stream_made_again(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	k.publish(20)
	k.looks()
	k.must(k.stream.DeleteStream(t.Context(), StreamOrders))
	k.looks() // missing is not lost yet: it may come back
	k.wants(StreamOrders)
	k.must(k.restore(t.Context()))
	k.publish(40) // more than before
	k.looks()
	k.looks()
	k.wants(StreamOrders, lossRecreated)
}

// G1: a broker whose files were replaced by an older copy has lost its end, which
// is found by the next process too, and although new messages took the place of
// the lost ones.
func TestCustody_finds_a_stream_that_went_back(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	backup := filepath.Join(t.TempDir(), "backup")
	k.publish(20)
	k.restart(func() { k.copyTo(backup, k.dir) })
	k.publish(20)
	k.looks()
	k.restart(func() { k.copyTo(k.dir, backup) })
	k.publish(40)
	k.looks()
	k.looks()
	k.wants(StreamOrders, lossRolledBack)
	if got := k.take(100, true); got != 60 {
		t.Errorf("%d messages after the loss, want all 60 that are there", got)
	}
}

// G1: all that the broker had is gone.
func TestCustody_finds_an_empty_broker(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	k.publish(20)
	k.looks()
	k.restart(func() { k.must(os.RemoveAll(filepath.Join(k.dir, "jetstream"))) })
	k.looks()
	for _, stream := range []string{StreamOrders, StreamInventory, StreamPayments} {
		k.wants(stream, lossRecreated)
	}
}

// G1: a consumer that has messages in hand stays where it was when its stream
// loses them, and would skip as many new ones without a word. It is made anew.
func TestCustody_heals_a_consumer_ahead_of_its_stream(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	k.publish(20)
	k.take(20, false)
	k.restart(func() { k.must(os.RemoveAll(filepath.Join(k.storeOf(StreamOrders), "msgs"))) })
	k.publish(5)
	if got := k.take(10, false); got != 0 {
		t.Fatalf("the broker delivers %d messages: nothing to heal", got)
	}
	k.looks() // this process and none before saw the stream longer
	k.wants(StreamOrders, lossAhead)
	if got := k.take(10, true); got != 5 {
		t.Errorf("%d messages after the healing, want the 5 that are there", got)
	}
	k.looks()
	k.wants(StreamOrders, lossAhead)
}

// G1: a consumer that somebody deleted is found when it was made again.
func TestCustody_finds_a_consumer_made_again(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	k.looks()
	k.must(k.stream.DeleteConsumer(t.Context(), StreamOrders, inventoryOrders))
	k.must(k.restore(t.Context()))
	k.looks()
	k.wants(StreamOrders, lossConsumer)
}

// G1: on a cluster the death of a leader is no loss, and that of all directories
// is one.
func TestCustody_on_a_cluster(t *testing.T) {
	t.Parallel()
	c := natstest.StartCluster(t)
	k := &keeper{t: t, db: inventoryDB(t), bus: c.Connect()}
	k.serve(c.Size())
	ctx := t.Context()
	publish := func() {
		t.Helper()
		for range 20 {
			c.Await("an acknowledgement", func() bool {
				ctx, cancel := context.WithTimeout(ctx, 2*time.Second) // a node that dies does not answer
				defer cancel()
				_, err := k.stream.Publish(ctx, "orders.created.v1.standard", nil)
				return err == nil
			})
		}
	}
	calm := func() {
		t.Helper()
		for range 2 {
			c.Await("a look at everything", func() bool { return k.look(ctx) == nil })
		}
	}
	publish()
	calm()
	for i := range c.Size() {
		c.Stop(i)
		publish()
		_ = k.look(ctx) // amid an election
		c.Start(i)
		c.Await("a whole cluster", func() bool {
			s, err := k.stream.Stream(ctx, StreamOrders)
			return err == nil && current(s.CachedInfo(), c.Size()-1)
		})
		calm()
	}
	k.wants(StreamOrders)

	for i := range c.Size() {
		c.Stop(i)
		k.must(os.RemoveAll(c.Dir(i)))
	}
	for i := range c.Size() {
		c.Start(i)
	}
	c.Await("the streams, made again", func() bool { return k.restore(ctx) == nil })
	publish()
	calm()
	k.wants(StreamOrders, lossRecreated)
}

func current(info *jetstream.StreamInfo, followers int) bool {
	if info.Cluster == nil || info.Cluster.Leader == "" || len(info.Cluster.Replicas) != followers {
		return false
	}
	return !slices.ContainsFunc(info.Cluster.Replicas, func(r *jetstream.PeerInfo) bool { return !r.Current || r.Offline })
}
