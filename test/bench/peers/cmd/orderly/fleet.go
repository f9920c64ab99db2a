package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"orderly/test/bench/peers/child"
)

// fleet is the processes that were started.
type fleet struct {
	processes []*child.Child
	deaths    chan error // holds why one ended, until somebody asks
}

func newFleet() *fleet { return &fleet{deaths: make(chan error, 1)} }

// start runs a program with env added to the environment; what it says goes to
// standard error.
func (f *fleet) start(program string, env []string, args ...string) error {
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	c, err := child.Start(cmd)
	if err != nil {
		return fmt.Errorf("%w (make build first)", err)
	}
	f.processes = append(f.processes, c)
	go func() {
		<-c.Ended()
		select {
		case f.deaths <- c.Err():
		default: // one reason is enough
		}
	}()
	return nil
}

// stop ends all processes at once and waits for them.
func (f *fleet) stop() {
	var wg sync.WaitGroup
	for _, c := range f.processes {
		wg.Go(func() { c.Stop(syscall.SIGTERM) })
	}
	wg.Wait()
}

const (
	patience   = time.Minute
	lookPeriod = 50 * time.Millisecond
)

// await waits until url answers 200.
func (f *fleet) await(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("%s did not answer in %s", url, patience))
	defer cancel()
	for !answers(ctx, url) {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case err := <-f.deaths:
			return err
		case <-time.After(lookPeriod):
		}
	}
	return nil
}

func answers(ctx context.Context, url string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	res.Body.Close()
	return res.StatusCode == http.StatusOK
}
