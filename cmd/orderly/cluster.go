package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"orderly/internal/cluster"
)

// clusterCommand runs the system as in production, on this machine.
type clusterCommand struct {
	HTTP        string        `help:"Address of the front door; port 0 takes a free one (default: ${default})." default:"127.0.0.1:8080" env:"ORDERLY_HTTP_ADDR" placeholder:"ADDR" name:"http"`
	Replicas    int           `help:"Replicas of each service (default: ${default})." default:"2" placeholder:"N"`
	For         time.Duration `help:"Stop by itself after this long; 0 goes on until Ctrl-C (default: ${default})." default:"10m" placeholder:"TIME"`
	Data        string        `help:"Directory that holds everything and stays; without it a temporary one is used, and removed." placeholder:"DIR"`
	Programs    string        `help:"Directory of the services and of nats-server (default: where this program is)." placeholder:"DIR"`
	Demo        bool          `help:"Send the orders of the sample shop through, and audit the books."`
	Concurrency int           `help:"How many orders of the sample shop are under way at once (default: ${default})." default:"64" placeholder:"N"`
}

const maxReplicas = 8

// Validate is called by the parser.
func (c *clusterCommand) Validate() error {
	switch {
	case c.Replicas < 1 || c.Replicas > maxReplicas:
		return fmt.Errorf("--replicas: %d is not between 1 and %d", c.Replicas, maxReplicas)
	case c.For < 0:
		return fmt.Errorf("--for: %s is not a time to run", c.For)
	}
	return errors.Join(checkAddress(c.HTTP), checkConcurrency(c.Concurrency))
}

var errTimeIsUp = errors.New("the time is up")

// Run runs the command.
func (c *clusterCommand) Run(ctx context.Context, s *session) (err error) {
	programs, err := c.programs()
	if err != nil {
		return err
	}
	s.warn("starting 3 NATS servers, PostgreSQL and %d replicas of each service", c.Replicas)
	running, err := cluster.Start(ctx, cluster.Config{Programs: programs, Dir: c.Data, Addr: c.HTTP, Replicas: c.Replicas})
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return errStopped
	}
	if err != nil {
		return err
	}
	defer func() {
		s.warn("stopping")
		err = errors.Join(err, running.Stop(context.WithoutCancel(ctx)))
	}()
	if c.For > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, c.For, errTimeIsUp)
		defer cancel()
	}
	return c.attend(ctx, s, running)
}

// attend shows the cluster and stays until ctx ends.
func (c *clusterCommand) attend(ctx context.Context, s *session, running *cluster.Cluster) error {
	shown := placesOf(running)
	if err := s.out.print(shown, shown.text); err != nil {
		return err
	}
	if c.Demo {
		if err := c.demo(ctx, s, running.URL()); ctx.Err() == nil && err != nil {
			return err
		}
	}
	if ctx.Err() == nil {
		s.warn("%s", c.farewell(running))
	}
	err := revive(ctx, s, running)
	if errors.Is(context.Cause(ctx), errTimeIsUp) {
		s.warn("stopped after %s, see --for", c.For)
	}
	return err
}

// revive starts every process again that ends by itself, as a supervisor does,
// until ctx ends.
func revive(ctx context.Context, s *session, running *cluster.Cluster) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case gone := <-running.Failed():
			s.warn("%v\nstarting %s again", gone, gone.Node.Name)
			if err := gone.Node.Start(ctx); err != nil && ctx.Err() == nil {
				return err
			}
			s.warn("%s is ready again, pid %d", gone.Node.Name, gone.Node.Pid())
		}
	}
}

func (c *clusterCommand) demo(ctx context.Context, s *session, url string) error {
	result, err := playShop(ctx, s, url, c.Concurrency)
	if err != nil {
		return err
	}
	if err := s.out.print(result, result.text); err != nil {
		return err
	}
	if !result.Verify.Clean() {
		return errReported
	}
	return nil
}

// farewell tells what there is to see and when it ends.
func (c *clusterCommand) farewell(running *cluster.Cluster) string {
	end := "Stops with Ctrl-C"
	if c.For > 0 {
		end += fmt.Sprintf(", or by itself after %s", c.For)
	}
	return fmt.Sprintf("%s\n  kill -9 any of them: it is started again; then orderly --url %s verify\n%s.", lookAt(running.URL()), running.URL(), end)
}

func (c *clusterCommand) programs() (string, error) {
	if c.Programs != "" {
		return c.Programs, nil
	}
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find the services beside this program: %w; say where they are with --programs", err)
	}
	return filepath.Dir(self), nil
}
