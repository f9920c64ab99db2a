package cluster

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
)

// The services.
const (
	Order     = "order"
	Inventory = "inventory"
	Payment   = "payment"
)

func services() []string { return []string{Order, Inventory, Payment} }

// Replica is one process of a service.
type Replica struct {
	*Node
	// Service is what it is a replica of.
	Service string
	// URL is where it answers.
	URL string
	// Links are its ways to the brokers, in their order; none without
	// Config.Links.
	Links []*Link
	// Programs is the directory of the program that the next start runs, and
	// Settings more environment for it, as "ORDERLY_LOG_LEVEL=warn".
	Programs string
	Settings []string
}

func (c *Cluster) newReplicas() error {
	for _, service := range services() {
		for i := range c.cfg.Replicas {
			r, err := c.newReplica(service, i+1)
			if err != nil {
				return err
			}
			c.Replicas = append(c.Replicas, r)
		}
	}
	return nil
}

func (c *Cluster) newReplica(service string, number int) (*Replica, error) {
	port, err := c.ports.next()
	if err != nil {
		return nil, err
	}
	r := &Replica{Node: c.node(fmt.Sprintf("%s-%d", service, number)), Service: service, URL: "http://" + address(port), Programs: c.cfg.Programs}
	urls, err := c.waysToBrokers(r)
	if err != nil {
		return nil, err
	}
	settings := []string{
		"ORDERLY_NATS_URL=" + strings.Join(urls, ","),
		"ORDERLY_DATABASE_URL=" + c.Database.ServiceURL(service),
		"ORDERLY_HTTP_ADDR=" + address(port),
		fmt.Sprintf("ORDERLY_REPLICAS=%d", brokers),
	}
	if c.cfg.Settings != nil {
		r.Settings = c.cfg.Settings(r.Name)
	}
	r.quit, r.onDeath = syscall.SIGTERM, syscall.SIGKILL
	r.command = func() (*exec.Cmd, error) {
		cmd := exec.Command(program(r.Programs, service+"-service"))
		cmd.Env = slices.Concat(foreign(os.Environ()), settings, r.Settings)
		return cmd, nil
	}
	r.ready = func(ctx context.Context) error { return askHealth(ctx, r.URL+"/readyz") }
	return r, nil
}

// waysToBrokers are the URLs by which a replica reaches the brokers.
func (c *Cluster) waysToBrokers(r *Replica) ([]string, error) {
	urls := make([]string, len(c.Brokers))
	for i, b := range c.Brokers {
		urls[i] = b.URL
		if !c.cfg.Links {
			continue
		}
		link, err := newLink(address(b.port))
		if err != nil {
			return nil, err
		}
		c.links = append(c.links, link)
		r.Links = append(r.Links, link)
		urls[i] = "nats://" + link.Addr()
	}
	return urls, nil
}

// foreign are the variables that are not the services' settings.
func foreign(environment []string) []string {
	return slices.DeleteFunc(environment, func(v string) bool { return strings.HasPrefix(v, "ORDERLY_") })
}
