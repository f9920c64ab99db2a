package main

import (
	"log"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// outcome is what came of sending orders.
type outcome struct {
	accepted, errors int64
	accepts, dones   []float64 // milliseconds
	followers        sync.WaitGroup
	mu               sync.Mutex // guards the lists
}

// sender sends the orders of one run, each once.
type sender struct {
	settings
	run              string // part of the idempotency keys
	orders           int
	rate             float64
	every            int // order to follow; 0 is none
	began            time.Time
	next             atomic.Int64
	accepted, failed atomic.Int64
	out              *outcome
}

// send posts n orders over the connections, rate a second if it is not 0.
func send(s settings, n int, rate float64) *outcome {
	d := sender{settings: s, run: strconv.FormatUint(rand.Uint64(), 36), orders: n, rate: rate, began: time.Now(), out: &outcome{}}
	if rate > 0 {
		d.every = max(1, int(rate/s.samples))
	}
	var wg sync.WaitGroup
	for k := range s.connections {
		wg.Go(func() { d.work(s.hosts[k%len(s.hosts)]) })
	}
	wg.Wait()
	d.out.accepted, d.out.errors = d.accepted.Load(), d.failed.Load()
	return d.out
}

// work is one connection's part.
func (d *sender) work(host string) {
	c := &conn{host: host, timeout: d.timeout}
	defer c.close()
	var accepts []float64
	for {
		i := int(d.next.Add(1)) - 1
		if i >= d.orders {
			break
		}
		due := time.Now()
		if d.rate > 0 {
			due = d.began.Add(time.Duration(float64(i) / d.rate * float64(time.Second)))
			time.Sleep(time.Until(due))
		}
		body, ok := d.post(c, i)
		accepts = append(accepts, milliseconds(time.Since(due)))
		if ok && d.every > 0 && i%d.every == 0 {
			d.out.followers.Go(func() { d.follow(host, body, due) })
		}
	}
	d.out.mu.Lock()
	defer d.out.mu.Unlock()
	d.out.accepts = append(d.out.accepts, accepts...)
}

const errorsShown = 5

func (d *sender) post(c *conn, i int) (body []byte, ok bool) {
	code, body, err := c.do("POST", "/v1/orders", d.run+"-"+strconv.Itoa(i), d.mix.order(i))
	if err != nil || code/100 != 2 {
		if d.failed.Add(1) <= errorsShown {
			log.Printf("post: %d %v %s", code, err, body)
		}
		return nil, false
	}
	d.accepted.Add(1)
	return body, true
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
