package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"

	"orderly/test/bench/peers/child"
	"orderly/test/bench/peers/result"
)

// The scenarios, in the order in which one process goes through them.
const (
	uniform = "uniform" // as fast as the connections allow
	hot     = "hot"     // the same with one product in most orders
	steady  = "steady"  // a fixed rate
	half    = "half"    // half of the rate at which orders ended
)

const (
	warmUp     = 1000
	hotPercent = "90"
	steadyRate = 100
	headroom   = 0.9 // of its throughput, above which an open loop only shows a backlog
)

// scenario says with what the driver is called, or that there is no point.
type scenario struct {
	name string
	args func(*bench, peer, measured) (args []string, worth bool)
}

func scenarios() []scenario {
	return []scenario{
		{uniform, func(_ *bench, p peer, _ measured) ([]string, bool) {
			return []string{"-orders", strconv.Itoa(p.orders), "-warmup", strconv.Itoa(min(warmUp, p.orders/4))}, true
		}},
		{hot, func(_ *bench, p peer, _ measured) ([]string, bool) {
			return []string{"-orders", strconv.Itoa(p.orders), "-warmup", strconv.Itoa(min(warmUp, p.orders/4)), "-hot", hotPercent}, true
		}},
		{steady, func(b *bench, _ peer, m measured) ([]string, bool) {
			return b.openLoop(steadyRate), steadyRate < headroom*m[uniform].EndedRate
		}},
		{half, func(b *bench, _ peer, m measured) ([]string, bool) {
			return b.openLoop(m[uniform].EndedRate / 2), true
		}},
	}
}

// openLoop is an open loop.
func (b *bench) openLoop(rate float64) []string {
	return []string{"-rate", fmt.Sprintf("%.1f", rate), "-orders", strconv.Itoa(max(1, int(rate*float64(b.seconds)))), "-warmup", "0"}
}

// load runs the driver against a peer.
func (b *bench) load(ctx context.Context, t *target, args []string) (result.Result, error) {
	args = append(args, t.args...)
	args = append(args, "-connections", strconv.Itoa(b.connections), "-declined", fmt.Sprint(b.declined), "-items", strconv.Itoa(b.items))
	return b.resultOf(ctx, exec.Command(b.bin("load"), args...))
}

// resultOf runs a program that prints a result.
func (b *bench) resultOf(ctx context.Context, cmd *exec.Cmd) (r result.Result, err error) {
	name := b.log("result")
	out, err := os.Create(name)
	if err != nil {
		return r, err
	}
	defer out.Close() // it is read by its name
	cmd.Stdout, cmd.Stderr = out, os.Stderr
	c, err := child.Start(cmd)
	if err != nil {
		return r, err
	}
	select {
	case <-c.Ended():
	case <-ctx.Done():
		c.Stop(syscall.SIGTERM)
		return r, ctx.Err()
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return r, fmt.Errorf("no result: %w", c.Err())
	}
	if r.Failed() {
		return r, fmt.Errorf("%d orders were not accepted; all others ended: %t", r.Errors, r.Done)
	}
	return r, nil
}
