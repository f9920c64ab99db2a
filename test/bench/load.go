package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// users talk to the system over as many connections as it has users.
type users struct {
	url  string
	http *http.Client
}

func connect(url string, connections int) *users {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost, transport.MaxConnsPerHost = connections, connections
	return &users{url: url, http: &http.Client{Transport: transport, Timeout: time.Minute}}
}

// do sends one request and returns the status and, decoded into out, the body.
func (c *users) do(ctx context.Context, method, path string, in, out any) (int, error) {
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return 0, err
		}
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.url+path, body)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := c.http.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err == nil && out != nil && res.StatusCode < 300 {
		err = json.Unmarshal(data, out)
	}
	return res.StatusCode, err
}

// load is what came of placing orders.
type load struct {
	accepted, refused int
	ids               []string
	latency           []time.Duration // of POST
	accepting         time.Duration   // first POST to last answer
	total             time.Duration   // first POST to last end
	cpu               time.Duration   // of the system, over total
}

// place sends orders and waits until every accepted one has ended.
func place(ctx context.Context, srv *server, clients, n int, order func(i int) any) (load, error) {
	before, err := srv.cpu()
	if err != nil {
		return load{}, err
	}
	began := time.Now()
	l, err := send(ctx, srv.url, clients, n, order)
	if err != nil {
		return l, err
	}
	if err := awaitEnd(ctx, connect(srv.url, 1)); err != nil {
		return l, err
	}
	l.total = time.Since(began)
	after, err := srv.cpu()
	l.cpu = after - before
	return l, err
}

// send sends n orders over the given number of connections as fast as they
// allow.
func send(ctx context.Context, url string, clients, n int, order func(i int) any) (load, error) {
	c := connect(url, clients)
	defer c.http.CloseIdleConnections()
	var l load
	var mu sync.Mutex
	var next atomic.Int64
	var failed atomic.Pointer[error]
	began := time.Now()
	var wg sync.WaitGroup
	for range clients {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n || ctx.Err() != nil || failed.Load() != nil {
					return
				}
				var answer struct {
					ID string `json:"order_id"`
				}
				sent := time.Now()
				status, err := c.do(ctx, http.MethodPost, "/v1/orders", order(i), &answer)
				took := time.Since(sent)
				if err != nil {
					failed.Store(&err)
					return
				}
				mu.Lock()
				if status == http.StatusAccepted {
					l.accepted++
					l.ids = append(l.ids, answer.ID)
					l.latency = append(l.latency, took)
				} else {
					l.refused++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if err := failed.Load(); err != nil {
		return l, *err
	}
	l.accepting = time.Since(began)
	slices.Sort(l.latency)
	return l, ctx.Err()
}

// awaitEnd waits until no order is pending or reserved.
func awaitEnd(ctx context.Context, c *users) error {
	return awaitNone(ctx, c, 5*time.Millisecond, "pending", "reserved")
}

// awaitNone waits until no order has one of these statuses, which orders go
// through in this order.
func awaitNone(ctx context.Context, c *users, pause time.Duration, statuses ...string) error {
	for _, status := range statuses {
		for {
			var page struct {
				Items []json.RawMessage `json:"items"`
			}
			if _, err := c.do(ctx, http.MethodGet, "/v1/orders?limit=1&status="+status, nil, &page); err != nil {
				return err
			}
			if len(page.Items) == 0 {
				break
			}
			time.Sleep(pause)
		}
	}
	return ctx.Err()
}

// untilDone reads, from the histories of up to limit orders, how long each
// took from its acceptance to its end.
func untilDone(ctx context.Context, srv *server, ids []string, limit int) ([]time.Duration, error) {
	c := connect(srv.url, 1)
	step := max(1, len(ids)/limit)
	var took []time.Duration
	for i := 0; i < len(ids); i += step {
		var history struct {
			Items []struct {
				Name string    `json:"name"`
				Time time.Time `json:"time"`
			} `json:"items"`
		}
		if _, err := c.do(ctx, http.MethodGet, "/v1/orders/"+ids[i]+"/events", nil, &history); err != nil {
			return nil, err
		}
		for _, e := range history.Items {
			if e.Name == "orders.confirmed" || e.Name == "orders.cancelled" {
				took = append(took, e.Time.Sub(history.Items[0].Time))
			}
		}
	}
	slices.Sort(took)
	return took, nil
}

func percentile(sorted []time.Duration, p int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, len(sorted)*p/100)].Round(10 * time.Microsecond)
}

// perThousand is the system's CPU time for each thousand accepted orders.
func (l load) perThousand() float64 { return l.cpu.Seconds() * 1000 / float64(l.accepted) }

func (l load) rate() float64 { return float64(l.accepted) / l.total.Seconds() }

// report prints one run as a row.
func report(ctx context.Context, srv *server, name string, l load) error {
	done, err := untilDone(ctx, srv, l.ids, 500)
	if err != nil {
		return err
	}
	memory, err := srv.memory()
	if err != nil {
		return err
	}
	fmt.Printf("%-16s %7d orders (%d refused)  %8.0f ended/s  POST p50 %v p99 %v  done p50 %v p99 %v  CPU %.3f s/1000  %d MiB\n",
		name, l.accepted, l.refused, l.rate(), percentile(l.latency, 50), percentile(l.latency, 99),
		percentile(done, 50), percentile(done, 99), l.perThousand(), memory)
	return nil
}

// setGateway sets how the simulated payment gateway behaves.
func setGateway(ctx context.Context, c *users, behaviour map[string]any) error {
	status, err := c.do(ctx, http.MethodPut, "/v1/gateway", behaviour, nil)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("status %d", status)
	}
	if err != nil {
		return fmt.Errorf("set up the gateway: %w", err)
	}
	return nil
}
