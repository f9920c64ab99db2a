package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"orderly/internal/verify"
	"orderly/pkg/sqldb/sqlite"
)

const (
	latency   = 200 * time.Millisecond // of the gateway, ± jitter/2
	jitter    = 100 * time.Millisecond
	saturated = 20 * time.Second // how long a row of throughput lasts
	prompt    = 20_000           // orders without latency

	outageRate   = 200 // orders a second
	outageCalls  = 128
	outageLoad   = 60 * time.Second
	outageBegins = 15 * time.Second
	outageLasts  = 30 * time.Second
)

// gateway measures the system behind a gateway that takes its time, and through an
// outage of it.
func gateway(ctx context.Context, s settings) error {
	limit, err := promptGateway(ctx, s)
	if err != nil {
		return err
	}
	for _, calls := range []int{64, 128, 256, 512} {
		if err := slowGateway(ctx, s, calls, limit); err != nil {
			return err
		}
	}
	return awayGateway(ctx, s)
}

// promptGateway measures what this machine can do if the gateway answers at once.
func promptGateway(ctx context.Context, s settings) (limit float64, err error) {
	err = behindGateway(ctx, s, 512, func(srv *server, c *users) error {
		if err := c.slowGateway(ctx, map[string]any{"latency": "0s", "jitter": "0s"}); err != nil {
			return err
		}
		l, err := place(ctx, srv, max(s.clients, 64), prompt, smallOrder)
		if err != nil {
			return err
		}
		limit = l.rate()
		fmt.Printf("without latency: %6.0f ended/s, the limit of this machine now   CPU %.3f s/1000\n", limit, l.perThousand())
		return nil
	})
	return limit, err
}

// slowGateway keeps a number of calls under way and compares what ends with what
// the latency allows, or the machine.
func slowGateway(ctx context.Context, s settings, calls int, limit float64) error {
	return behindGateway(ctx, s, calls, func(srv *server, _ *users) error {
		allowed := float64(calls) / latency.Seconds()
		l, err := place(ctx, srv, max(s.clients, 64), int(min(allowed, limit)*saturated.Seconds()), smallOrder)
		if err != nil {
			return err
		}
		fmt.Printf("%4d calls under way, %v±%v: %6.0f ended/s; the latency allows %5.0f, the machine %5.0f: %.2f of it   CPU %.3f s/1000\n",
			calls, latency, jitter/2, l.rate(), allowed, limit, l.rate()/min(allowed, limit), l.perThousand())
		return nil
	})
}

// behindGateway runs the system with a slow gateway.
func behindGateway(ctx context.Context, s settings, calls int, run func(*server, *users) error) (err error) {
	srv, err := startServer(ctx, s, fmt.Sprintf("ORDERLY_GATEWAY_CALLS=%d", calls))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, srv.stop()) }()
	if err := stockUp(ctx, srv.url, 1<<40); err != nil {
		return err
	}
	c := connect(srv.url, 4)
	if err := c.slowGateway(ctx, nil); err != nil {
		return err
	}
	return run(srv, c)
}

// slowGateway makes the gateway slow, and what else is given.
func (c *users) slowGateway(ctx context.Context, more map[string]any) error {
	behaviour := map[string]any{"latency": (latency - jitter/2).String(), "jitter": jitter.String()}
	for name, value := range more {
		behaviour[name] = value
	}
	return setGateway(ctx, c, behaviour)
}

// awayGateway is an outage in the middle of a steady load.
func awayGateway(ctx context.Context, s settings) error {
	return behindGateway(ctx, s, outageCalls, func(srv *server, c *users) error {
		l, err := throughOutage(ctx, srv, c)
		if err != nil {
			return err
		}
		l.print()
		return l.audit(ctx, srv, c)
	})
}

// away is what came of an outage.
type away struct {
	placed, refused int
	normal          int           // orders open before it
	backlog         int           // orders open at its end
	drained         time.Duration // from its end until no more are open than before
	cpu             time.Duration // spent while it lasted
}

// throughOutage places orders at a steady rate, takes the gateway away meanwhile,
// and watches how many orders are open.
func throughOutage(ctx context.Context, srv *server, c *users) (away, error) {
	var l away
	began := time.Now()
	var sending sync.WaitGroup
	sending.Go(func() { l.placed, l.refused = steadily(ctx, srv.url, outageRate, outageLoad) })
	defer sending.Wait()
	for time.Since(began) < outageBegins {
		open, err := c.open(ctx)
		if err != nil {
			return l, err
		}
		l.normal = max(l.normal, open)
		time.Sleep(pollEvery)
	}
	before, err := srv.cpu()
	if err != nil {
		return l, err
	}
	if err := c.slowGateway(ctx, map[string]any{"outage_for": outageLasts.String()}); err != nil {
		return l, err
	}
	ends := time.Now().Add(outageLasts)
	time.Sleep(outageLasts)
	after, err := srv.cpu()
	if err != nil {
		return l, err
	}
	l.cpu = after - before
	if l.backlog, err = c.open(ctx); err != nil {
		return l, err
	}
	for open := l.backlog; open > l.normal; time.Sleep(pollEvery / 5) {
		if open, err = c.open(ctx); err != nil {
			return l, err
		}
	}
	l.drained = time.Since(ends)
	sending.Wait()
	return l, awaitEnd(ctx, c)
}

// ideal is how long the backlog takes when the gateway answers as it should: what
// the load leaves of it, and all of it once the load has ended.
func (l away) ideal() time.Duration {
	capacity := outageCalls / latency.Seconds()
	backlog, rest := float64(l.backlog-l.normal), (outageLoad - outageBegins - outageLasts).Seconds()
	if whole := backlog / (capacity - outageRate); whole <= rest {
		return time.Duration(whole * float64(time.Second))
	}
	return time.Duration((rest + (backlog-(capacity-outageRate)*rest)/capacity) * float64(time.Second))
}

func (l away) print() {
	fmt.Printf("%d orders at %d/s for %v, the gateway away for %v from second %.0f on, %d calls under way: %d refused\n",
		l.placed, outageRate, outageLoad, outageLasts, outageBegins.Seconds(), outageCalls, l.refused)
	fmt.Printf("%d were open at its end (%d before it), and drained in %v: %.2f of the ideal %v\n",
		l.backlog, l.normal, l.drained.Round(100*time.Millisecond), l.drained.Seconds()/l.ideal().Seconds(), l.ideal().Round(100*time.Millisecond))
	fmt.Printf("CPU while it lasted: %.1f s\n", l.cpu.Seconds())
}

// audit looks for what was lost, charged twice, or counted as an attempt.
func (l away) audit(ctx context.Context, srv *server, c *users) error {
	var seen struct {
		Succeeded, Failed, Opened int
	}
	if _, err := c.do(ctx, http.MethodGet, "/v1/gateway/status", nil, &seen); err != nil {
		return err
	}
	attempts, letters, err := srv.failures(ctx)
	if err != nil {
		return err
	}
	r, err := verify.Run(ctx, verify.Options{URL: srv.url, Wait: closing, Confirm: confirm})
	if err != nil {
		return err
	}
	if !r.Clean() || r.Orders != l.placed || attempts+letters > 0 {
		return fmt.Errorf("%d orders of %d, %d findings, %d attempts, %d dead letters", r.Orders, l.placed, r.Faults, attempts, letters)
	}
	fmt.Printf("tries: %d answered, %d failed; the breaker opened %d times; attempts counted: %d; dead letters: %d\n", seen.Succeeded, seen.Failed, seen.Opened, attempts, letters)
	fmt.Printf("verify is clean: %d orders, %d confirmed, %d cancelled, %d charges\n", r.Orders, r.Confirmed, r.Cancelled, r.Charges)
	return nil
}

// failures counts what payment has written down of failures.
func (s *server) failures(ctx context.Context) (attempts, letters int, err error) {
	db, err := sqlite.Open(ctx, filepath.Join(s.dir, "data", "payment.db"))
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	err = db.Reader().QueryRowContext(ctx, "SELECT (SELECT count(*) FROM engine_attempts), (SELECT count(*) FROM engine_dead_letters)").Scan(&attempts, &letters)
	return attempts, letters, err
}

// open counts the orders that have not ended.
func (c *users) open(ctx context.Context) (int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	return openOrders(response.Body)
}

// steadily places orders at a rate, whatever becomes of them.
func steadily(ctx context.Context, url string, rate int, lasts time.Duration) (placed, refused int) {
	c := connect(url, 64)
	defer c.http.CloseIdleConnections()
	var mu sync.Mutex
	var wg sync.WaitGroup
	begin := time.Now()
	for i := range int(lasts.Seconds()) * rate {
		time.Sleep(time.Until(begin.Add(time.Duration(i) * time.Second / time.Duration(rate))))
		wg.Go(func() {
			status, err := c.do(ctx, http.MethodPost, "/v1/orders", smallOrder(i), nil)
			mu.Lock()
			defer mu.Unlock()
			if err != nil || status != http.StatusAccepted {
				refused++
				return
			}
			placed++
		})
	}
	wg.Wait()
	return placed, refused
}
