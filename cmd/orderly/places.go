package main

import (
	"fmt"
	"io"
	"path/filepath"

	"orderly/internal/cluster"
)

// places are where the parts of a cluster are.
type places struct {
	URL      string  `json:"url"` // the front door
	Replicas []place `json:"replicas"`
	NATS     []place `json:"nats"`
	Database place   `json:"database"`
	Data     string  `json:"data"`
}

// place is where one process answers.
type place struct {
	Name string `json:"name"`
	URL  string `json:"url"`
	Pid  int    `json:"pid"`
}

func placesOf(c *cluster.Cluster) places {
	p := places{
		URL:      c.URL(),
		Database: place{c.Database.Name, c.Database.URL, c.Database.Pid()},
		Data:     c.Dir(),
	}
	for _, r := range c.Replicas {
		p.Replicas = append(p.Replicas, place{r.Name, r.URL, r.Pid()})
	}
	for _, b := range c.Brokers {
		p.NATS = append(p.NATS, place{b.Name, b.URL, b.Pid()})
	}
	return p
}

func (p places) text(w io.Writer) {
	fmt.Fprintf(w, "orderly is ready: %s\n", p.URL)
	for _, one := range append(append(p.Replicas, p.NATS...), p.Database) {
		fmt.Fprintf(w, "  %s\tpid %d\t%s\n", one.Name, one.Pid, one.URL)
	}
	fmt.Fprintf(w, "  logs\t\t%s\n", filepath.Join(p.Data, "logs"))
}
