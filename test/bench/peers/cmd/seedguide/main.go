// Seedguide is the published guide completed as little as it takes to run:
// the handler writes the order and publishes it with a synchronous JetStream
// publish; each service is a push subscription whose callback handles one
// message at a time in one transaction, publishes the next event and acks.
// There is no outbox: the order row and its event are a dual write, healed
// only when the client repeats the request.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"log"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go"

	"orderly/test/bench/peers/shop"
)

func main() {
	cfg := shop.Flags(1) // the guide: one callback at a time per subscription
	flag.Parse()
	ctx := shop.Interrupted()
	store, err := shop.Open(ctx, cfg)
	shop.Fatal(err)
	nc, err := nats.Connect(cfg.NATS, nats.MaxReconnects(-1), nats.RetryOnFailedConnect(true))
	shop.Fatal(err)
	js, err := nc.JetStream()
	shop.Fatal(err)
	for stream, subjects := range map[string]string{"ORDERS": "orders.>", "INVENTORY": "inventory.>", "PAYMENTS": "payments.>"} {
		_, err := js.AddStream(&nats.StreamConfig{Name: stream, Subjects: []string{subjects}})
		shop.Fatal(err)
	}
	publish := func(ev shop.Event) error {
		data, err := json.Marshal(ev)
		if err != nil {
			return err
		}
		_, err = js.Publish(ev.Type, data)
		return err
	}

	breaker := &breaker{threshold: 5, timeout: 5 * time.Second}
	subscribe := func(service, subject string, handle func(context.Context, shop.Event) error) {
		for range cfg.Workers {
			_, err := js.QueueSubscribe(subject, service, func(msg *nats.Msg) {
				var ev shop.Event
				if err := json.Unmarshal(msg.Data, &ev); err != nil {
					log.Print(subject, ": ", err)
					msg.Term()
					return
				}
				if err := handle(ctx, ev); err != nil {
					log.Print(service, " ", subject, ": ", err)
					msg.NakWithDelay(time.Second)
					return
				}
				msg.Ack()
			}, nats.Durable(service+"-"+strings.ReplaceAll(subject, ".", "-")), nats.ManualAck(), nats.AckWait(30*time.Second), nats.MaxDeliver(5))
			shop.Fatal(err)
		}
	}
	subscribe("inventory", shop.OrderCreated, func(ctx context.Context, ev shop.Event) error {
		out, err := store.Reserve(ctx, ev)
		if err != nil {
			return err
		}
		return publish(out)
	})
	subscribe("inventory", shop.PaymentFailed, store.Release)
	subscribe("payments", shop.StockReserved, func(ctx context.Context, ev shop.Event) error {
		var out shop.Event
		err := breaker.Execute(func() (err error) {
			out, err = store.Charge(ctx, cfg.Gateway, ev)
			return err
		})
		if err != nil {
			return err
		}
		return publish(out)
	})
	subscribe("orders", shop.OrderCancelled, store.Finish)
	subscribe("orders", shop.PaymentCompleted, store.Finish)
	subscribe("orders", shop.PaymentFailed, store.Finish)

	gin.SetMode(gin.ReleaseMode)
	router := gin.New() // no access log: the other peers write none
	router.Use(gin.Recovery())
	router.POST("/v1/orders", func(c *gin.Context) {
		key := c.GetHeader("Idempotency-Key")
		var o shop.Order
		if err := c.ShouldBindJSON(&o); err != nil || key == "" || o.Validate() != nil {
			c.JSON(http.StatusBadRequest, gin.H{"error": "Invalid payload"})
			return
		}
		o.ID = uuid.NewString()
		id, status, err := shop.InsertOrder(c, store, key, o)
		if err == nil && status == shop.Pending { // new, or a repeat whose event may be missing
			o.ID = id
			err = publish(shop.NewEvent(shop.OrderCreated, o, ""))
		}
		if err != nil {
			log.Print("accept: ", err)
			c.JSON(http.StatusInternalServerError, gin.H{"error": "System error"})
			return
		}
		c.JSON(http.StatusAccepted, gin.H{"order_id": id, "status": status})
	})
	router.GET("/v1/orders/:id", func(c *gin.Context) {
		status, err := store.Status(c, c.Param("id"))
		switch {
		case errors.Is(err, shop.ErrNotFound):
			c.JSON(http.StatusNotFound, gin.H{"error": "not found"})
		case err != nil:
			c.JSON(http.StatusInternalServerError, gin.H{"error": "System error"})
		default:
			c.JSON(http.StatusOK, gin.H{"order_id": c.Param("id"), "status": status})
		}
	})
	router.GET("/bench/terminal", func(c *gin.Context) {
		c.String(http.StatusOK, strconv.FormatInt(store.Terminal.Load(), 10))
	})
	shop.Serve(ctx, cfg.HTTP, router)
	nc.Drain()
}

// breaker is the guide's circuit breaker, with the lock it lacks.
type breaker struct {
	threshold int
	timeout   time.Duration
	mu        sync.Mutex
	failures  int
	last      time.Time
}

var errOpen = errors.New("circuit open")

func (b *breaker) Execute(fn func() error) error {
	b.mu.Lock()
	open := b.failures > b.threshold && time.Since(b.last) < b.timeout
	b.mu.Unlock()
	if open {
		return errOpen
	}
	err := fn()
	b.mu.Lock()
	defer b.mu.Unlock()
	if err != nil {
		b.failures++
		b.last = time.Now()
		return err
	}
	b.failures = 0
	return nil
}
