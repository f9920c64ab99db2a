// Load drives an order API over keep-alive connections and measures it: how
// fast orders are accepted, how fast they end, and the CPU that both sides
// spend. With -rate it sends at fixed times whatever the answers do (open loop)
// and follows a sample of orders to their end. It prints the result as one line
// of JSON.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"

	"orderly/test/bench/peers/proc"
)

// settings are the flags.
type settings struct {
	hosts       []string // of the replicas, which share the connections
	counts      []string // URLs whose counts of ended orders add up
	count       *regexp.Regexp
	endStatus   []string
	processes   map[string]int
	orders      int
	connections int
	warmup      int
	rate        float64
	samples     float64
	mix         mix
	timeout     time.Duration
}

func main() {
	s, err := parse()
	if err == nil {
		err = run(s)
	}
	if err != nil {
		log.Fatal(err)
	}
}

func parse() (settings, error) {
	var s settings
	bases := flag.String("url", "http://127.0.0.1:8080", "base URL of the order API, or several with commas that share the connections")
	counts := flag.String("terminal-url", "", "URL of the count of ended orders, or several that add up (default: URL/bench/terminal of each)")
	count := flag.String("terminal-regex", `^\s*([0-9.e+]+)\s*$`, "its first group is summed over all matches; (?m) for a metrics page")
	ends := flag.String("end-status", "confirmed,cancelled", "statuses in which an order has ended")
	pids := flag.String("pids", "", "name=pid,... of the server's processes, for their CPU")
	flag.IntVar(&s.orders, "orders", 10000, "orders to send")
	flag.IntVar(&s.connections, "connections", 64, "connections")
	flag.IntVar(&s.warmup, "warmup", 500, "orders sent and ended before the measurement")
	flag.Float64Var(&s.rate, "rate", 0, "open loop: orders a second (0: as fast as the connections allow)")
	flag.Float64Var(&s.samples, "samples", 20, "open loop: orders a second to follow to their end")
	flag.Float64Var(&s.mix.declined, "declined", 5, "per cent of orders whose card is declined")
	flag.Float64Var(&s.mix.outOfStock, "oos", 0, "per cent of orders with a product that is out of stock")
	flag.Float64Var(&s.mix.hot, "hot", 0, "per cent of orders with SKU-0001 in them; all other products are drawn evenly")
	flag.IntVar(&s.mix.items, "items", 2, "different products an order, one of each")
	flag.DurationVar(&s.timeout, "timeout", 3*time.Minute, "give up when nothing has moved on for so long")
	flag.Parse()

	for base := range strings.SplitSeq(*bases, ",") {
		u, err := url.Parse(base)
		if err != nil || !isLoopback(u.Hostname()) {
			return s, fmt.Errorf("-url %s: want an address on this machine", base)
		}
		s.hosts = append(s.hosts, u.Host)
		s.counts = append(s.counts, base+"/bench/terminal")
	}
	if *counts != "" {
		s.counts = strings.Split(*counts, ",")
	}
	if s.mix.items < 1 || s.mix.items > products {
		return s, fmt.Errorf("-items %d: want 1 to %d", s.mix.items, products)
	}
	s.endStatus = strings.Split(*ends, ",")
	var err error
	if s.count, err = regexp.Compile(*count); err != nil {
		return s, fmt.Errorf("-terminal-regex: %w", err)
	}
	s.processes, err = proc.Parse(*pids)
	return s, err
}

func isLoopback(h string) bool {
	ip := net.ParseIP(h)
	return h == "localhost" || ip != nil && ip.IsLoopback()
}

func run(s settings) error {
	r, err := measure(s)
	if err != nil {
		return err
	}
	if err := json.NewEncoder(os.Stdout).Encode(r); err != nil {
		return err
	}
	if r.Failed() {
		return fmt.Errorf("%d of %d orders were not accepted, all others ended: %t", r.Errors, s.orders, r.Done)
	}
	return nil
}
