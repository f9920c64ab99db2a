// Compare runs Orderly, the floor and the alternatives one after the other
// under the same load, on a PostgreSQL and a NATS server of its own, checks the
// books of each and prints one table. It ends everything that it started, also
// on a signal. Run it in the folder of its module; make bench-system does.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// settings are the flags.
type settings struct {
	peers       []string
	modes       []string
	orders      int
	connections int
	declined    float64
	items       int
	runs        int
	seconds     int
	port        int
	ledger      string
	gogc        int
	keep        bool
}

const (
	allPeers   = "floor-self floor orderly orderly,-replicas=2 orderly-single@2000 orderly-sqlite seedguide seedguide,-workers=16 watermill temporal@1000"
	quickPeers = "floor orderly orderly,-replicas=2 orderly-single@600 orderly-sqlite seedguide,-workers=16 watermill"
)

func parse() (settings, error) {
	var s settings
	quick := flag.Bool("quick", false, "a smaller run of a few minutes, without Temporal: a look, not a figure to quote")
	peers := flag.String("peers", "", "what to run; flags of its own follow a comma, its number of orders an @ (default: "+allPeers+")")
	modes := flag.String("modes", "default always", "how NATS syncs its files: default (every 2 minutes), always (before it acknowledges), or both")
	flag.IntVar(&s.orders, "orders", 20000, "orders of a closed loop")
	flag.IntVar(&s.connections, "connections", 64, "connections of the client")
	flag.Float64Var(&s.declined, "declined", 5, "per cent of orders whose card is declined")
	flag.IntVar(&s.items, "items", 2, "different products an order")
	flag.IntVar(&s.runs, "runs", 1, "runs of each, of which the table shows the medians")
	flag.IntVar(&s.seconds, "seconds", 20, "length of an open loop")
	flag.IntVar(&s.port, "port", 20080, "where to look for 12 free ports in a row on 127.0.0.1")
	flag.StringVar(&s.ledger, "ledger", "memory", "where Orderly's simulated gateway keeps its ledger: memory, as the others' gateway, or database")
	flag.IntVar(&s.gogc, "gogc", 400, "GOGC of every system: what Orderly's services set for themselves, so that all trade as much memory for CPU")
	flag.BoolVar(&s.keep, "keep", false, "keep the folder with the data and logs")
	flag.Parse()
	given := map[string]bool{}
	flag.Visit(func(f *flag.Flag) { given[f.Name] = true })
	list := allPeers
	if *quick {
		list = quickPeers
		s.orders = orElse(given["orders"], s.orders, 4000)
		s.seconds = orElse(given["seconds"], s.seconds, 5)
		*modes = orElse(given["modes"], *modes, "default")
	}
	s.peers = strings.Fields(orElse(*peers != "", *peers, list))
	s.modes = strings.Fields(*modes)
	return s, s.check()
}

func orElse[T any](ok bool, value, other T) T {
	if ok {
		return value
	}
	return other
}

func (s settings) check() error {
	for _, m := range s.modes {
		if m != "default" && m != "always" {
			return fmt.Errorf("-modes: %q is neither default nor always", m)
		}
	}
	switch {
	case flag.NArg() > 0:
		return fmt.Errorf("unexpected argument %q", flag.Arg(0))
	case len(s.peers) == 0 || len(s.modes) == 0:
		return errors.New("nothing to run: -peers and -modes must name something")
	case s.orders < 1 || s.connections < 1 || s.runs < 1 || s.seconds < 1:
		return errors.New("-orders, -connections, -runs and -seconds must be above 0")
	}
	return nil
}

const exitUsage = 2

func main() {
	log.SetFlags(log.Ltime)
	s, err := parse()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench-system:", err)
		os.Exit(exitUsage)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, s); err != nil {
		fmt.Fprintln(os.Stderr, "bench-system:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, s settings) (err error) {
	peers, err := s.plan()
	if err != nil {
		return err
	}
	b, err := openBench(ctx, s, peers)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	t := newTable()
	err = b.all(ctx, peers, t)
	if ctx.Err() != nil {
		return errors.New("interrupted")
	}
	b.printMachine(ctx, os.Stdout)
	t.print(os.Stdout)
	return err
}
