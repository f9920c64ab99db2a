package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"text/template"
)

// brokers is how many servers NATS has: the least that survive the loss of one.
const brokers = 3

// Broker is one server of the NATS cluster.
type Broker struct {
	*Node
	// URL is where clients connect.
	URL string
	// Store is the directory that holds its streams.
	Store string

	port, monitor, cluster int
}

// LameDuck ends the server as an operator does it: it gives its leaderships
// away, sends its clients to the others, and then ends.
func (b *Broker) LameDuck(ctx context.Context) error { return b.end(ctx, signalLameDuck) }

// Wipe removes everything that the server stored. It must have ended.
func (b *Broker) Wipe() error {
	entries, err := os.ReadDir(b.Store)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := os.RemoveAll(filepath.Join(b.Store, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// brokerConfig syncs to disk before a message is acknowledged, and tells no
// client of the other servers: each knows all, some through links.
var brokerConfig = template.Must(template.New("nats").Parse(`server_name: {{.Name}}
listen: 127.0.0.1:{{.Port}}
http: 127.0.0.1:{{.Monitor}}
lame_duck_duration: 30s
lame_duck_grace_period: 1s
jetstream {
  store_dir: {{printf "%q" .Store}}
  sync_interval: always
  max_memory_store: 64MB
{{- if .MaxStore}}
  max_file_store: {{.MaxStore}}
{{- end}}
}
cluster {
  name: orderly
  listen: 127.0.0.1:{{.Cluster}}
  no_advertise: true
  routes: [{{range $i, $r := .Routes}}{{if $i}}, {{end}}"nats://{{$r}}"{{end}}]
}
`))

// brokerPlan is what a server's configuration is made of.
type brokerPlan struct {
	Name                   string
	Port, Monitor, Cluster int
	Store                  string
	MaxStore               int64
	Routes                 []string
}

// newBrokers plans the servers and writes their configurations.
func (c *Cluster) newBrokers() error {
	for i := range brokers {
		b, err := c.newBroker(i + 1)
		if err != nil {
			return err
		}
		c.Brokers = append(c.Brokers, b)
	}
	for _, b := range c.Brokers {
		if err := c.configure(b); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cluster) newBroker(number int) (*Broker, error) {
	name := fmt.Sprintf("nats-%d", number)
	b := &Broker{Store: filepath.Join(c.dir, name)}
	for _, p := range []*int{&b.port, &b.monitor, &b.cluster} {
		var err error
		if *p, err = c.ports.next(); err != nil {
			return nil, err
		}
	}
	b.URL = "nats://" + address(b.port)
	b.Node = c.node(name)
	b.quit, b.onDeath = syscall.SIGINT, syscall.SIGKILL
	b.command = func() (*exec.Cmd, error) {
		return exec.Command(program(c.cfg.Programs, "nats-server"), "-c", c.brokerFile(b)), nil
	}
	b.ready = b.healthy
	return b, os.MkdirAll(b.Store, 0o700)
}

// LimitStores limits each broker's streams to so many bytes, from its next
// start on.
func (c *Cluster) LimitStores(bytes int64) error {
	c.cfg.MaxStore = bytes
	for _, b := range c.Brokers {
		if err := c.configure(b); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cluster) configure(b *Broker) error {
	plan := brokerPlan{Name: b.Name, Port: b.port, Monitor: b.monitor, Cluster: b.cluster, Store: b.Store, MaxStore: c.cfg.MaxStore}
	for _, peer := range c.Brokers {
		if peer != b {
			plan.Routes = append(plan.Routes, address(peer.cluster))
		}
	}
	var text bytes.Buffer
	if err := brokerConfig.Execute(&text, plan); err != nil {
		return err
	}
	return os.WriteFile(c.brokerFile(b), text.Bytes(), 0o600)
}

func (c *Cluster) brokerFile(b *Broker) string { return filepath.Join(c.dir, b.Name+".conf") }

// healthy asks the server whether its JetStream is up, and has a leader.
func (b *Broker) healthy(ctx context.Context) error {
	return askHealth(ctx, "http://"+address(b.monitor)+"/healthz")
}

// maxAnswer bounds what is read of an answer about health.
const maxAnswer = 4 << 10

func askHealth(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	res, err := healthClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return errors.New(strings.TrimSpace(string(text)))
	}
	return nil
}
