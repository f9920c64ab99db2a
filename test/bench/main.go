// Command bench measures the built program from outside, as its users meet it:
// one process of the system, this one as the client. CPU is that of the system
// alone. Each figure is printed with what made it; machines differ and are
// noisy, so read the ratios, which come from one run.
//
//	go run ./test/bench                 all but those below, about two minutes
//	go run ./test/bench versions        orders.created in one version and in two: two minutes
//	go run ./test/bench gateway         a gateway that takes 200 ms, and is away for 30 s: four minutes
//	go run ./test/bench growth          500,000 orders, about ten minutes
//	go run ./test/bench lanes           express orders beside 50,000 standard ones, on a
//	                                    gateway that is slow and on one that is not
//	go run ./test/bench storm           100,000 orders behind a gateway that is away for
//	                                    -outage, on PostgreSQL and a NATS cluster
//	go run ./test/bench -orders 2000 small
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// settings are what every benchmark knows.
type settings struct {
	binary   string
	programs string
	orders   int // of the small-order, growth, lanes and storm benchmarks
	clients  int
	outage   time.Duration
}

// benchmark is one row of the list.
type benchmark struct {
	name  string
	about string
	extra bool // only when named
	run   func(context.Context, settings) error
}

func benchmarks() []benchmark {
	return []benchmark{
		{name: "start", about: "time until the first answer, and memory when idle", run: start},
		{name: "shop", about: "the real orders, in batches and one at a time", run: shopOrders},
		{name: "small", about: "orders of two items, in batches and one at a time", run: smallOrders},
		{name: "versions", about: "an event in one version and in two, small orders and large ones", extra: true, run: versions},
		{name: "gateway", about: "behind a payment gateway that takes 200 ms, and through an outage of it", extra: true, run: gateway},
		{name: "growth", about: "cost per order and per page as the store grows", extra: true, run: growth},
		{name: "lanes", about: "express orders beside 50,000 standard ones that wait", extra: true, run: lanes},
		{name: "storm", about: "cost of open orders while the payment gateway is away", extra: true, run: storm},
	}
}

func main() {
	s := settings{}
	flag.StringVar(&s.binary, "binary", "bin/orderly", "the built program")
	flag.IntVar(&s.orders, "orders", 0, "how many orders; 0 is each benchmark's own choice")
	flag.IntVar(&s.clients, "clients", 32, "connections that place orders")
	flag.StringVar(&s.programs, "programs", "bin", "directory of the services and of nats-server (make cluster builds them), for storm")
	flag.DurationVar(&s.outage, "outage", 5*time.Minute, "how long the gateway is away, in storm")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, s, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, s settings, names []string) error {
	fmt.Printf("# %s, %d cores, %s, GOMAXPROCS %d\n", runtime.GOOS+"/"+runtime.GOARCH, runtime.NumCPU(), runtime.Version(), runtime.GOMAXPROCS(0))
	for _, b := range benchmarks() {
		if !wanted(b, names) {
			continue
		}
		fmt.Printf("\n## %s: %s\n$ go run ./test/bench%s %s\n", b.name, b.about, given(), b.name)
		if err := b.run(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", b.name, err)
		}
	}
	return nil
}

// given are the flags of this run, to repeat it.
func given() string {
	var b strings.Builder
	flag.Visit(func(f *flag.Flag) { fmt.Fprintf(&b, " -%s %s", f.Name, f.Value) })
	return b.String()
}

func wanted(b benchmark, names []string) bool {
	if len(names) == 0 {
		return !b.extra
	}
	return strings.Contains(" "+strings.Join(names, " ")+" ", " "+b.name+" ")
}
