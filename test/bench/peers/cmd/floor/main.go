// Floor is no product but the denominator: the durable work that an order
// cannot do without, in the largest batches that arrive. Four commits an order
// (order, reservation, payment, outcome) become four COPYs a batch, the
// messages are as many and as large as the other peers', published
// asynchronously and acknowledged by the batch. A batch that fails ends the
// process; what was not acknowledged comes again at the next start.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"orderly/test/bench/peers/proc"
	"orderly/test/bench/peers/result"
	"orderly/test/bench/peers/shop"
)

const schema = `
CREATE SCHEMA IF NOT EXISTS orders;
CREATE SCHEMA IF NOT EXISTS inventory;
CREATE SCHEMA IF NOT EXISTS payments;
CREATE TABLE IF NOT EXISTS orders.orders (
	id uuid PRIMARY KEY, -- made from the idempotency key
	idempotency_key text NOT NULL,
	customer_id text NOT NULL,
	currency text NOT NULL,
	payment_method text NOT NULL,
	items jsonb NOT NULL,
	total bigint NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE IF NOT EXISTS orders.outcomes (order_id uuid PRIMARY KEY, status text NOT NULL, at timestamptz NOT NULL DEFAULT now());
CREATE OR REPLACE VIEW orders.bench AS
	SELECT o.id, coalesce(f.status, 'pending') AS status FROM orders.orders o LEFT JOIN orders.outcomes f ON f.order_id = o.id;
CREATE TABLE IF NOT EXISTS inventory.stock (
	product_id text PRIMARY KEY,
	initial bigint NOT NULL,
	available bigint NOT NULL CHECK (available >= 0),
	reserved bigint NOT NULL DEFAULT 0 CHECK (reserved >= 0));
CREATE TABLE IF NOT EXISTS inventory.reservations (
	order_id uuid PRIMARY KEY, items jsonb NOT NULL, status text NOT NULL, at timestamptz NOT NULL DEFAULT now());
CREATE TABLE IF NOT EXISTS payments.payments (
	order_id uuid PRIMARY KEY, amount bigint NOT NULL, currency text NOT NULL, status text NOT NULL, at timestamptz NOT NULL DEFAULT now());
` + shop.Seed

// job is an order as its messages carry it: a line that the services read and
// the JSON that makes the message as large as the other peers'.
type job struct {
	order   shop.Order
	key     string
	payload []byte
	status  string
	skip    bool // was written before
	done    func(error)
}

func (j *job) encode() {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %s %d", j.order.ID, j.order.PaymentMethod, j.order.Currency, j.order.Total)
	for _, it := range j.order.Items {
		fmt.Fprintf(&b, " %s:%d", it.ProductID, it.Quantity)
	}
	data, _ := json.Marshal(j.order)
	j.payload = append([]byte(b.String()+"\n"), data...)
}

func decode(payload []byte) *job {
	line, _, _ := strings.Cut(string(payload), "\n")
	f := strings.Fields(line)
	j := &job{payload: payload, order: shop.Order{ID: f[0], PaymentMethod: f[1], Currency: f[2]}}
	j.order.Total, _ = strconv.ParseInt(f[3], 10, 64)
	for _, s := range f[4:] {
		product, qty, _ := strings.Cut(s, ":")
		n, _ := strconv.ParseInt(qty, 10, 64)
		j.order.Items = append(j.order.Items, shop.Item{ProductID: product, Quantity: n})
	}
	return j
}

type floor struct {
	*pgxpool.Pool
	js       jetstream.JetStream
	gateway  shop.Gateway
	batch    int
	accept   chan *job
	created  chan []*job
	terminal atomic.Int64
}

func main() {
	cfg := shop.Flags(1)
	batch := flag.Int("batch", 500, "largest batch")
	self := flag.Int("self", 0, "make this many orders without HTTP, print the result as a JSON line and exit")
	pids := flag.String("pids", "", "with -self: name=pid,... whose CPU to report")
	flag.Parse()
	ctx := shop.Interrupted()
	pool, err := shop.OpenPool(ctx, cfg)
	shop.Fatal(err)
	_, err = pool.Exec(ctx, schema)
	shop.Fatal(err)
	nc, err := nats.Connect(cfg.NATS, nats.MaxReconnects(-1))
	shop.Fatal(err)
	js, err := jetstream.New(nc, jetstream.WithPublishAsyncMaxPending(1<<16))
	shop.Fatal(err)
	f := &floor{Pool: pool, js: js, gateway: cfg.Gateway, batch: *batch, accept: make(chan *job, *batch), created: make(chan []*job, 16)}
	for stream, subjects := range map[string]string{"ORDERS": "orders.>", "INVENTORY": "inventory.>", "PAYMENTS": "payments.>"} {
		_, err := js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{Name: stream, Subjects: []string{subjects}})
		shop.Fatal(err)
	}
	f.consume(ctx, "ORDERS", "reserve", f.reserve, shop.OrderCreated)
	f.consume(ctx, "INVENTORY", "charge", f.charge, shop.StockReserved)
	f.consume(ctx, "PAYMENTS", "release", f.release, shop.PaymentFailed)
	f.consume(ctx, "PAYMENTS", "finish", f.finish, shop.PaymentCompleted, shop.PaymentFailed)
	f.consume(ctx, "ORDERS", "cancel", f.finish, shop.OrderCancelled)
	shop.Fatal(f.resume(ctx))
	for range 2 { // one batch commits while the next is read
		go f.acceptLoop(ctx)
	}
	go func() {
		for jobs := range f.created {
			if err := f.publish(ctx, shop.OrderCreated, jobs); err != nil && ctx.Err() == nil {
				log.Fatal("publish: ", err) // resume publishes them again
			}
		}
	}()
	if *self > 0 {
		f.selfRun(*self, *pids)
		return
	}
	shop.Serve(ctx, cfg.HTTP, shop.Backend{
		Terminal: &f.terminal,
		Accept: func(ctx context.Context, key string, o shop.Order) (string, string, error) {
			o.ID = orderID(key)
			done := make(chan error, 1)
			f.accept <- &job{order: o, key: key, done: func(err error) { done <- err }}
			return o.ID, shop.Pending, <-done
		},
		Status: func(ctx context.Context, id string) (status string, err error) {
			err = pool.QueryRow(ctx, `SELECT status FROM orders.bench WHERE id = $1`, id).Scan(&status)
			if errors.Is(err, pgx.ErrNoRows) {
				err = shop.ErrNotFound
			}
			return status, err
		},
	}.Handler())
}

// dbID is an order ID as COPY takes it without a detour.
func dbID(id string) pgtype.UUID { return pgtype.UUID{Bytes: uuid.MustParse(id), Valid: true} }

func orderID(key string) string { return uuid.NewSHA1(uuid.NameSpaceOID, []byte(key)).String() }

// take returns the next items from ch: at least one, and as many as are there.
func take[T any](ctx context.Context, ch <-chan T, most int) []T {
	var out []T
	select {
	case v := <-ch:
		out = append(out, v)
	case <-ctx.Done():
		return nil
	}
	for len(out) < most {
		select {
		case v := <-ch:
			out = append(out, v)
		default:
			return out
		}
	}
	return out
}

func (f *floor) acceptLoop(ctx context.Context) {
	for {
		jobs := take(ctx, f.accept, f.batch)
		if jobs == nil {
			return
		}
		err := f.insert(ctx, "orders.orders", "id", []string{"id", "idempotency_key", "customer_id", "currency", "payment_method", "items", "total"}, jobs,
			func(j *job) []any {
				o := j.order
				return []any{dbID(o.ID), j.key, o.CustomerID, o.Currency, o.PaymentMethod, o.Items, o.Total}
			}, nil)
		for _, j := range jobs {
			j.done(err)
			j.encode()
		}
		if err != nil {
			log.Fatal("accept: ", err)
		}
		f.created <- jobs
	}
}

// insert copies one row a job into table, in one transaction with also. Where
// a row is there already, it finds out which and leaves those out.
func (f *floor) insert(ctx context.Context, table, key string, columns []string, jobs []*job, values func(*job) []any, also func(pgx.Tx, []*job) error) error {
	fresh := jobs
	for {
		err := pgx.BeginFunc(ctx, f.Pool, func(tx pgx.Tx) error {
			if also != nil {
				if err := also(tx, fresh); err != nil {
					return err
				}
			}
			schema, name, _ := strings.Cut(table, ".")
			_, err := tx.CopyFrom(ctx, pgx.Identifier{schema, name}, columns, pgx.CopyFromSlice(len(fresh), func(i int) ([]any, error) {
				return values(fresh[i]), nil
			}))
			return err
		})
		var pgErr *pgconn.PgError
		if !errors.As(err, &pgErr) || pgErr.Code != "23505" {
			return err
		}
		seen, err := f.existing(ctx, table, key, fresh)
		if err != nil {
			return err
		}
		var rest []*job
		for _, j := range fresh {
			if j.skip = seen[j.order.ID]; !j.skip {
				seen[j.order.ID] = true // a repeat within the batch
				rest = append(rest, j)
			}
		}
		if fresh = rest; len(fresh) == 0 {
			return nil
		}
	}
}

func (f *floor) existing(ctx context.Context, table, key string, jobs []*job) (map[string]bool, error) {
	rows, err := f.Query(ctx, `SELECT `+key+`::text FROM `+table+` WHERE `+key+` = ANY($1::uuid[])`, ids(jobs))
	if err != nil {
		return nil, err
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	seen := map[string]bool{}
	for _, id := range found {
		seen[id] = true
	}
	return seen, err
}

func ids(jobs []*job) []string {
	out := make([]string, len(jobs))
	for i, j := range jobs {
		out[i] = j.order.ID
	}
	return out
}

// publish sends a message for each job and waits until all are stored.
func (f *floor) publish(ctx context.Context, subject string, jobs []*job) error {
	acks := make([]jetstream.PubAckFuture, len(jobs))
	for i, j := range jobs {
		var err error
		if acks[i], err = f.js.PublishAsync(subject, j.payload); err != nil {
			return err
		}
	}
	for _, a := range acks {
		select {
		case <-a.Ok():
		case err := <-a.Err():
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (f *floor) consume(ctx context.Context, stream, name string, handle func(context.Context, []*job) error, subjects ...string) {
	c, err := f.js.CreateOrUpdateConsumer(ctx, stream, jetstream.ConsumerConfig{
		Durable: name, FilterSubjects: subjects, AckPolicy: jetstream.AckAllPolicy, MaxAckPending: 1 << 16})
	shop.Fatal(err)
	ch := make(chan jetstream.Msg, 4*f.batch)
	_, err = c.Consume(func(m jetstream.Msg) { ch <- m }, jetstream.PullMaxMessages(4*f.batch))
	shop.Fatal(err)
	go func() {
		for {
			msgs := take(ctx, ch, f.batch)
			if msgs == nil {
				return
			}
			jobs := make([]*job, len(msgs))
			for i, m := range msgs {
				jobs[i] = decode(m.Data())
				jobs[i].status = shop.Cancelled
				if m.Subject() == shop.PaymentCompleted {
					jobs[i].status = shop.Confirmed
				}
			}
			if err := handle(ctx, jobs); err != nil && ctx.Err() == nil {
				log.Fatal(name, ": ", err)
			}
			shop.Fatal(msgs[len(msgs)-1].Ack())
		}
	}()
}

func (f *floor) reserve(ctx context.Context, jobs []*job) error {
	err := f.insert(ctx, "inventory.reservations", "order_id", []string{"order_id", "items", "status"}, jobs,
		func(j *job) []any { return []any{dbID(j.order.ID), j.order.Items, j.status} },
		func(tx pgx.Tx, fresh []*job) error {
			want := map[string]int64{}
			for _, j := range fresh {
				for _, it := range j.order.Items {
					want[it.ProductID] = 0
				}
			}
			products := make([]string, 0, len(want))
			for p := range want {
				products = append(products, p)
			}
			rows, err := tx.Query(ctx, `SELECT product_id, available FROM inventory.stock WHERE product_id = ANY($1) ORDER BY product_id FOR UPDATE`, products)
			if err != nil {
				return err
			}
			free := map[string]int64{}
			var p string
			var n int64
			if _, err := pgx.ForEachRow(rows, []any{&p, &n}, func() error { free[p] = n; return nil }); err != nil {
				return err
			}
			for _, j := range fresh {
				j.status = "reserved"
				for i, it := range j.order.Items {
					if want[it.ProductID]+it.Quantity > free[it.ProductID] {
						for _, back := range j.order.Items[:i] {
							want[back.ProductID] -= back.Quantity
						}
						j.status = "rejected"
						break
					}
					want[it.ProductID] += it.Quantity
				}
			}
			return move(ctx, tx, want)
		})
	if err != nil {
		return err
	}
	var skipped, reserved, rejected []*job
	for _, j := range jobs {
		switch {
		case j.skip:
			skipped = append(skipped, j)
		case j.status == "reserved":
			reserved = append(reserved, j)
		default:
			rejected = append(rejected, j)
		}
	}
	if len(skipped) > 0 { // came again: say again what was decided then
		rows, err := f.Query(ctx, `SELECT order_id::text FROM inventory.reservations WHERE order_id = ANY($1::uuid[]) AND status = 'rejected'`, ids(skipped))
		if err != nil {
			return err
		}
		no, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return err
		}
		refused := map[string]bool{}
		for _, id := range no {
			refused[id] = true
		}
		for _, j := range skipped {
			if refused[j.order.ID] {
				rejected = append(rejected, j)
			} else {
				reserved = append(reserved, j)
			}
		}
	}
	if err := f.publish(ctx, shop.StockReserved, reserved); err != nil {
		return err
	}
	return f.publish(ctx, shop.OrderCancelled, rejected)
}

// move takes quantities out of the free stock, or gives negative ones back.
func move(ctx context.Context, tx pgx.Tx, quantities map[string]int64) error {
	var products []string
	var ns []int64
	for p, n := range quantities {
		if n != 0 {
			products, ns = append(products, p), append(ns, n)
		}
	}
	if len(products) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `UPDATE inventory.stock s SET available = available - d.n, reserved = reserved + d.n
		FROM unnest($1::text[], $2::bigint[]) d(p, n) WHERE s.product_id = d.p`, products, ns)
	return err
}

func (f *floor) charge(ctx context.Context, jobs []*job) error {
	var wg sync.WaitGroup
	var completed, failed []*job
	for _, j := range jobs {
		ask := func() {
			if ok, err := f.gateway.Charge(ctx, j.order); err == nil && ok {
				j.status = "completed"
			} else if err == nil {
				j.status = "failed"
			}
		}
		if f.gateway.Latency > 0 {
			wg.Go(ask)
		} else {
			ask()
		}
	}
	wg.Wait()
	for _, j := range jobs {
		if j.status == "completed" {
			completed = append(completed, j)
		} else {
			failed = append(failed, j)
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	err := f.insert(ctx, "payments.payments", "order_id", []string{"order_id", "amount", "currency", "status"}, jobs,
		func(j *job) []any { return []any{dbID(j.order.ID), j.order.Total, j.order.Currency, j.status} }, nil)
	if err != nil {
		return err
	}
	if err := f.publish(ctx, shop.PaymentCompleted, completed); err != nil {
		return err
	}
	return f.publish(ctx, shop.PaymentFailed, failed)
}

func (f *floor) release(ctx context.Context, jobs []*job) error {
	return pgx.BeginFunc(ctx, f.Pool, func(tx pgx.Tx) error {
		// The stock rows first, in the order in which reserve locks them.
		products := map[string]bool{}
		var names []string
		byID := map[string]*job{}
		for _, j := range jobs {
			byID[j.order.ID] = j
			for _, it := range j.order.Items {
				if !products[it.ProductID] {
					products[it.ProductID] = true
					names = append(names, it.ProductID)
				}
			}
		}
		if _, err := tx.Exec(ctx, `SELECT FROM inventory.stock WHERE product_id = ANY($1) ORDER BY product_id FOR UPDATE`, names); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `UPDATE inventory.reservations SET status = 'released'
			WHERE order_id = ANY($1::uuid[]) AND status = 'reserved' RETURNING order_id::text`, ids(jobs))
		if err != nil {
			return err
		}
		released, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return err
		}
		back := map[string]int64{}
		for _, id := range released {
			for _, it := range byID[id].order.Items {
				back[it.ProductID] -= it.Quantity
			}
		}
		return move(ctx, tx, back)
	})
}

func (f *floor) finish(ctx context.Context, jobs []*job) error {
	err := f.insert(ctx, "orders.outcomes", "order_id", []string{"order_id", "status"}, jobs,
		func(j *job) []any { return []any{dbID(j.order.ID), j.status} }, nil)
	if err != nil {
		return err
	}
	n := int64(0)
	for _, j := range jobs {
		if !j.skip {
			n++
		}
	}
	f.terminal.Add(n)
	return nil
}

// resume counts what has ended and publishes again what has not: the order
// row is the outbox.
func (f *floor) resume(ctx context.Context) error {
	var n int64
	if err := f.QueryRow(ctx, `SELECT count(*) FROM orders.outcomes`).Scan(&n); err != nil {
		return err
	}
	f.terminal.Add(n)
	rows, err := f.Query(ctx, `SELECT o.id::text, customer_id, currency, items, payment_method, total
		FROM orders.orders o WHERE NOT EXISTS (SELECT FROM orders.outcomes WHERE order_id = o.id)`)
	if err != nil {
		return err
	}
	left, err := pgx.CollectRows(rows, pgx.RowToStructByPos[shop.Order])
	if err != nil {
		return err
	}
	jobs := make([]*job, len(left))
	for i, o := range left {
		jobs[i] = &job{order: o}
		jobs[i].encode()
	}
	return f.publish(ctx, shop.OrderCreated, jobs)
}

// warmUp is how many orders go before a measurement without HTTP.
const warmUp = 1000

// selfRun measures the pipeline alone: no HTTP and no client.
func (f *floor) selfRun(n int, pids string) {
	roots, err := proc.Parse(pids)
	shop.Fatal(err)
	run := uuid.NewString()
	measure := func(n int, tag string) time.Duration {
		began, start := time.Now(), f.terminal.Load()
		for i := range n {
			key := run + tag + strconv.Itoa(i)
			o := shop.Order{ID: orderID(key), CustomerID: "c1", Currency: "USD", PaymentMethod: "pm_card_visa",
				Items: []shop.Item{{ProductID: fmt.Sprintf("SKU-%04d", i%1000+1), Quantity: 1}, {ProductID: fmt.Sprintf("SKU-%04d", (i+500)%1000+1), Quantity: 1}}}
			if i%20 == 0 {
				o.PaymentMethod = "pm_card_chargeDeclined"
			}
			shop.Fatal(o.Validate())
			f.accept <- &job{order: o, key: key, done: func(error) {}}
		}
		for f.terminal.Load() < start+int64(n) {
			time.Sleep(time.Millisecond)
		}
		return time.Since(began)
	}
	measure(warmUp, "w")
	roots["peer"] = os.Getpid()
	before, err := proc.CPU(roots)
	shop.Fatal(err)
	took := measure(n, "m")
	after, err := proc.Settled(roots)
	shop.Fatal(err)
	shop.Fatal(json.NewEncoder(os.Stdout).Encode(result.Result{Orders: n, WarmedUp: warmUp, Accepted: int64(n), Done: true,
		EndedRate: float64(n) / took.Seconds(), ServerCPU: proc.Per1000(before, after, int64(n))}))
}
