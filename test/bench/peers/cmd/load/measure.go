package main

import (
	"syscall"
	"time"

	"orderly/test/bench/peers/proc"
	"orderly/test/bench/peers/result"
)

// measure warms the server up, sends the orders, waits until all have ended
// and reads what that cost.
func measure(s settings) (result.Result, error) {
	r := result.Result{Orders: s.orders, Connections: s.connections, Rate: s.rate}
	c := counter{settings: s}
	start, err := c.read()
	if err != nil {
		return r, err
	}
	if s.warmup > 0 {
		warm := send(s, s.warmup, 0)
		r.WarmedUp = warm.accepted
		if err := c.await(start + warm.accepted); err != nil {
			return r, err
		}
	}
	before, err := proc.CPU(s.processes)
	if err != nil {
		return r, err
	}
	client, began := ownCPU(), time.Now()
	out := send(s, s.orders, s.rate)
	sent := time.Since(began)
	r.Done = c.await(start+r.WarmedUp+out.accepted) == nil
	total := time.Since(began)
	out.followers.Wait()
	client = ownCPU() - client
	after, err := proc.Settled(s.processes)
	if err != nil {
		return r, err
	}

	r.Accepted, r.Errors = out.accepted, out.errors
	n := float64(max(out.accepted, 1))
	r.AcceptRate, r.EndedRate, r.DrainS = n/sent.Seconds(), n/total.Seconds(), (total - sent).Seconds()
	r.AcceptP50, r.AcceptP99 = result.Quantile(out.accepts, .5), result.Quantile(out.accepts, .99)
	r.Followed, r.DoneP50, r.DoneP99 = len(out.dones), result.Quantile(out.dones, .5), result.Quantile(out.dones, .99)
	r.ClientCPU = client * 1000 / n
	if len(s.processes) > 0 {
		r.ServerCPU = proc.Per1000(before, after, max(out.accepted, 1))
	}
	return r, nil
}

func ownCPU() float64 {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}
