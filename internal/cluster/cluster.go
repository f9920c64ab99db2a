package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"orderly/pkg/natsembed"
)

// Config says what cluster to run. Programs is all that it needs.
type Config struct {
	// Programs is the directory of nats-server, order-service,
	// inventory-service and payment-service.
	Programs string
	// Dir keeps everything and stays. Empty means a temporary one, which goes
	// when the cluster stops.
	Dir string
	// Addr is the front door's address; 127.0.0.1 and a free port if empty.
	Addr string
	// Replicas of each service; 2 if zero.
	Replicas int
	// Settings, if not nil, returns the Settings with which the replica of a
	// name begins.
	Settings func(replica string) []string
	// Links puts a wire that can be cut between each replica and each broker.
	Links bool
	// MaxStore limits each broker's streams, in bytes; 0 leaves it to the server.
	MaxStore int64
}

const (
	defaultReplicas = 2
	startLimit      = 90 * time.Second
	stopLimit       = 40 * time.Second // more than a service takes for a clean stop
)

// Cluster is a running system. Make it with [Start].
type Cluster struct {
	Front    *Front
	Database *Database
	Brokers  []*Broker
	Replicas []*Replica

	cfg       Config
	dir       string
	lock      io.Closer // on dir: two clusters would destroy each other's streams
	temporary bool
	ports     ports
	links     []*Link
	failed    chan Failure
}

// Start starts a cluster and returns when all of it is ready. It must be
// stopped.
func Start(ctx context.Context, cfg Config) (*Cluster, error) {
	if cfg.Replicas == 0 {
		cfg.Replicas = defaultReplicas
	}
	if cfg.Addr == "" {
		cfg.Addr = "127.0.0.1:0"
	}
	c := &Cluster{cfg: cfg, failed: make(chan Failure, heldFailures)}
	if err := c.findPrograms(); err != nil {
		return nil, err
	}
	if err := c.makeDir(); err != nil {
		return nil, errors.Join(err, c.Stop(context.WithoutCancel(ctx)))
	}
	ctx, cancel := context.WithTimeoutCause(ctx, startLimit, fmt.Errorf("the cluster did not start within %s", startLimit))
	defer cancel()
	if err := c.start(ctx); err != nil {
		return nil, errors.Join(err, c.Stop(context.WithoutCancel(ctx)))
	}
	return c, nil
}

func (c *Cluster) start(ctx context.Context) error {
	for _, plan := range []func() error{c.newBrokers, c.newDatabase, c.newReplicas} {
		if err := plan(); err != nil {
			return err
		}
	}
	front, err := newFront(c.cfg.Addr, c.Replicas)
	if err != nil {
		return err
	}
	c.Front = front
	if err := c.startStores(ctx); err != nil {
		return err
	}
	if err := each(c.Replicas, func(r *Replica) error { return r.Start(ctx) }); err != nil {
		return err
	}
	return c.Front.start()
}

// startStores starts what the services need.
func (c *Cluster) startStores(ctx context.Context) error {
	var g errgroup.Group
	for _, b := range c.Brokers {
		g.Go(func() error { return b.Start(ctx) })
	}
	g.Go(func() error {
		if err := c.Database.Start(ctx); err != nil {
			return err
		}
		return c.Database.furnish(ctx)
	})
	return g.Wait()
}

// URL is where the system answers.
func (c *Cluster) URL() string { return c.Front.URL() }

// Dir holds everything that the cluster keeps, and its logs.
func (c *Cluster) Dir() string { return c.dir }

// Failed gets each process that ends and that nobody stopped.
func (c *Cluster) Failed() <-chan Failure { return c.failed }

// heldFailures is how many are kept for whoever looks late.
const heldFailures = 64

// Of returns the replicas of a service.
func (c *Cluster) Of(service string) []*Replica {
	var out []*Replica
	for _, r := range c.Replicas {
		if r.Service == service {
			out = append(out, r)
		}
	}
	return out
}

// Nodes are all processes.
func (c *Cluster) Nodes() []*Node {
	var out []*Node
	for _, r := range c.Replicas {
		out = append(out, r.Node)
	}
	for _, b := range c.Brokers {
		out = append(out, b.Node)
	}
	if c.Database != nil {
		out = append(out, c.Database.Node)
	}
	return out
}

// Stop ends everything: first the door, then the services, then what they
// need. What does not end cleanly is killed, and an error. A temporary
// directory is removed.
func (c *Cluster) Stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, stopLimit)
	defer cancel()
	var errs []error
	if c.Front != nil {
		errs = append(errs, c.Front.close(ctx))
	}
	for _, l := range c.links {
		l.Mend()
	}
	errs = append(errs, each(c.Replicas, func(r *Replica) error { return r.Stop(ctx) }))
	errs = append(errs, each(c.Brokers, func(b *Broker) error { return b.Stop(ctx) }))
	if c.Database != nil {
		errs = append(errs, c.Database.Stop(ctx))
	}
	for _, l := range c.links {
		l.Close()
	}
	if c.temporary {
		errs = append(errs, os.RemoveAll(c.dir))
	}
	if c.lock != nil {
		errs = append(errs, c.lock.Close())
	}
	return errors.Join(errs...)
}

// each does something with all of them at once.
func each[T any](all []T, do func(T) error) error {
	errs := make([]error, len(all))
	var wg sync.WaitGroup
	for i, one := range all {
		wg.Go(func() { errs[i] = do(one) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// findPrograms fails if one is missing.
func (c *Cluster) findPrograms() error {
	names := []string{"nats-server"}
	for _, s := range services() {
		names = append(names, s+"-service")
	}
	for _, name := range names {
		if _, err := os.Stat(program(c.cfg.Programs, name)); errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s is not in %s: run `make cluster`, which builds all that it takes", name, c.cfg.Programs)
		} else if err != nil {
			return err
		}
	}
	return nil
}

func program(dir, name string) string { return filepath.Join(dir, name+suffix) }

// makeDir makes the directory. The account of PostgreSQL must be able to pass
// through it.
func (c *Cluster) makeDir() (err error) {
	if c.cfg.Dir == "" {
		c.temporary = true
		c.dir, err = os.MkdirTemp("", "orderly-cluster-")
	} else {
		c.dir, err = filepath.Abs(c.cfg.Dir)
	}
	if err != nil {
		return err
	}
	lock, err := natsembed.LockDir(c.dir)
	if err != nil {
		return err
	}
	c.lock = lock
	if err := os.MkdirAll(filepath.Join(c.dir, "logs"), 0o755); err != nil {
		return err
	}
	return os.Chmod(c.dir, 0o711)
}

// node is what all processes have in common.
func (c *Cluster) node(name string) *Node {
	return &Node{Name: name, log: logFile(c.dir, name), failed: c.failed}
}
