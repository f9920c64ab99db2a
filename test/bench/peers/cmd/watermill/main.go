// Watermill is the saga built as the Watermill documentation recommends: the
// handler writes the order and, in the same transaction, the event into the
// watermill-sql outbox; the forwarder moves it to JetStream; the services are
// handlers of one Router with the stock middlewares. A consumer publishes its
// result before it acks and repeats the same result when asked again, so the
// incoming message is its outbox.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	wnats "github.com/ThreeDotsLabs/watermill-nats/v2/pkg/nats"
	wsql "github.com/ThreeDotsLabs/watermill-sql/v4/pkg/sql"
	"github.com/ThreeDotsLabs/watermill/components/forwarder"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/message/router/middleware"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/nats-io/nats.go"

	"orderly/test/bench/peers/shop"
)

const outbox = "events_outbox"

// topic is an event type as watermill-nats wants it: also a stream name.
func topic(eventType string) string { return strings.ReplaceAll(eventType, ".", "_") }

func newMessage(ev shop.Event, correlationID string) (*message.Message, error) {
	data, err := json.Marshal(ev)
	msg := message.NewMessage(ev.ID, data)
	middleware.SetCorrelationID(correlationID, msg)
	return msg, err
}

func main() {
	cfg := shop.Flags(16)
	poll := flag.Duration("outbox-poll", 50*time.Millisecond, "how often the forwarder looks at an empty outbox (the library's default is 1s)")
	batch := flag.Int("outbox-batch", 100, "messages the forwarder takes at once (the library's default is 100)")
	ackSync := flag.Bool("ack-sync", false, "wait for the broker to confirm each ack (the library's default)")
	flag.Parse()
	ctx := shop.Interrupted()
	logger := watermill.NewSlogLogger(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
	store, err := shop.Open(ctx, cfg)
	shop.Fatal(err)

	natsOptions := []nats.Option{nats.MaxReconnects(-1), nats.RetryOnFailedConnect(true), nats.Timeout(30 * time.Second)}
	publisher, err := wnats.NewPublisher(wnats.PublisherConfig{URL: cfg.NATS, NatsOptions: natsOptions}, logger)
	shop.Fatal(err)
	subscriber := func(service string) *wnats.Subscriber {
		s, err := wnats.NewSubscriber(wnats.SubscriberConfig{
			URL: cfg.NATS, NatsOptions: natsOptions,
			QueueGroupPrefix: service,
			SubscribersCount: cfg.Workers,
			AckWaitTimeout:   30 * time.Second,
			CloseTimeout:     10 * time.Second,
			JetStream: wnats.JetStreamConfig{
				AutoProvision:     true,
				AckAsync:          !*ackSync, // safe: every effect is deduplicated
				SubscribeOptions:  []nats.SubOpt{nats.DeliverAll(), nats.AckExplicit()},
				DurablePrefix:     service,
				DurableCalculator: func(prefix, topic string) string { return prefix + "_" + topic },
			},
		}, logger)
		shop.Fatal(err)
		for _, t := range []string{shop.OrderCreated, shop.OrderCancelled, shop.StockReserved, shop.PaymentCompleted, shop.PaymentFailed, "poison"} {
			shop.Fatal(s.SubscribeInitialize(topic(t)))
		}
		return s
	}
	inventory, payments, orders := subscriber("inventory"), subscriber("payments"), subscriber("orders")

	router, err := message.NewRouter(message.RouterConfig{CloseTimeout: 10 * time.Second}, logger)
	shop.Fatal(err)
	poison, err := middleware.PoisonQueue(publisher, "poison")
	shop.Fatal(err)
	router.AddMiddleware(
		middleware.CorrelationID,
		poison,
		middleware.Retry{MaxRetries: 3, InitialInterval: 100 * time.Millisecond, Logger: logger}.Middleware,
		middleware.Recoverer,
	)
	handle := func(service string, sub message.Subscriber, eventType string, fn func(context.Context, shop.Event) (shop.Event, error)) {
		router.AddConsumerHandler(service+"."+eventType, topic(eventType), sub, func(msg *message.Message) error {
			var ev shop.Event
			if err := json.Unmarshal(msg.Payload, &ev); err != nil {
				return err
			}
			out, err := fn(msg.Context(), ev)
			if err != nil || out.ID == "" {
				return err
			}
			next, err := newMessage(out, middleware.MessageCorrelationID(msg))
			if err != nil {
				return err
			}
			return publisher.Publish(topic(out.Type), next)
		})
	}
	last := func(fn func(context.Context, shop.Event) error) func(context.Context, shop.Event) (shop.Event, error) {
		return func(ctx context.Context, ev shop.Event) (shop.Event, error) { return shop.Event{}, fn(ctx, ev) }
	}
	handle("inventory", inventory, shop.OrderCreated, store.Reserve)
	handle("inventory", inventory, shop.PaymentFailed, last(store.Release))
	handle("payments", payments, shop.StockReserved, func(ctx context.Context, ev shop.Event) (shop.Event, error) {
		return store.Charge(ctx, cfg.Gateway, ev)
	})
	handle("orders", orders, shop.OrderCancelled, last(store.Finish))
	handle("orders", orders, shop.PaymentCompleted, last(store.Finish))
	handle("orders", orders, shop.PaymentFailed, last(store.Finish))

	schema := wsql.DefaultPostgreSQLSchema{SubscribeBatchSize: *batch}
	outboxSub, err := wsql.NewSubscriber(wsql.BeginnerFromPgx(store.Pool), wsql.SubscriberConfig{
		SchemaAdapter:    schema,
		OffsetsAdapter:   wsql.DefaultPostgreSQLOffsetsAdapter{},
		InitializeSchema: true,
		PollInterval:     *poll,
	}, logger)
	shop.Fatal(err)
	shop.Fatal(outboxSub.SubscribeInitialize(outbox))
	_, err = forwarder.NewForwarder(outboxSub, publisher, logger, forwarder.Config{ForwarderTopic: outbox, Router: router})
	shop.Fatal(err)

	go func() {
		<-router.Running()
		shop.Serve(ctx, cfg.HTTP, shop.Backend{
			Status:   store.Status,
			Terminal: &store.Terminal,
			Accept: func(ctx context.Context, key string, o shop.Order) (id, status string, err error) {
				o.ID = uuid.NewString()
				err = pgx.BeginFunc(ctx, store.Pool, func(tx pgx.Tx) error {
					if id, status, err = shop.InsertOrder(ctx, tx, key, o); err != nil || id != o.ID {
						return err
					}
					sqlPub, err := wsql.NewPublisher(wsql.TxFromPgx(tx), wsql.PublisherConfig{SchemaAdapter: schema}, logger)
					if err != nil {
						return err
					}
					ev := shop.NewEvent(shop.OrderCreated, o, "")
					ev.ID = watermill.NewUUID() // the outbox column takes 36 characters
					msg, err := newMessage(ev, id)
					if err != nil {
						return err
					}
					msg.SetContext(ctx)
					return forwarder.NewPublisher(sqlPub, forwarder.PublisherConfig{ForwarderTopic: outbox}).Publish(topic(ev.Type), msg)
				})
				return id, status, err
			},
		}.Handler())
	}()
	shop.Fatal(router.Run(ctx))
}
