// Orderly starts the product as a shop runs it: three processes on the given
// PostgreSQL and NATS, each service with a database of its own, or with
// -embedded the one process that brings its own broker and databases. It fills
// the catalogue, says "ready" and the URLs to send orders to, and then only
// waits: a signal ends the processes cleanly, and its own death ends them too.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// settings are the flags.
type settings struct {
	addr      string
	postgres  string
	nats      string
	bin       string
	data      string
	ledger    string
	latency   time.Duration
	replicas  int
	maxInputs int
	embedded  bool
}

func main() {
	var s settings
	flag.StringVar(&s.addr, "http", "127.0.0.1:8080", "address of the order service; everything else takes the ports after it")
	flag.StringVar(&s.postgres, "pg", "", "DSN of any database on the server, as a URL; each service gets one of its own beside it")
	flag.StringVar(&s.nats, "nats", "nats://127.0.0.1:4222", "NATS URL")
	flag.StringVar(&s.bin, "bin", "../../../bin", "folder of the built programs")
	flag.StringVar(&s.data, "data", "", "with -embedded: folder of its data")
	flag.StringVar(&s.ledger, "ledger", "memory", "where the simulated gateway keeps its ledger: memory, as the other peers' gateway, or database")
	flag.DurationVar(&s.latency, "gateway-latency", 0, "latency of the simulated payment gateway")
	flag.IntVar(&s.replicas, "replicas", 1, "processes of each service")
	flag.IntVar(&s.maxInputs, "max-inputs", 0, "inputs committed together: 1 is one at a time, 0 the product's own choice")
	flag.BoolVar(&s.embedded, "embedded", false, "everything in one process")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, s); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, s settings) error {
	f := newFleet()
	defer f.stop()
	start := startServices
	if s.embedded {
		start = startEmbedded
	}
	sys, err := start(ctx, s, f)
	if err != nil {
		return err
	}
	if err := prepare(ctx, sys, s.latency); err != nil {
		return err
	}
	fmt.Println("ready", strings.Join(sys.orders, " "))
	select {
	case <-ctx.Done():
		return nil
	case err := <-f.deaths:
		return err
	}
}
