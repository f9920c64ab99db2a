package natsembed

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"go.uber.org/zap"
)

const (
	maxPayload     = 1 << 20
	maxMemoryStore = 64 << 20
	startTimeout   = 30 * time.Second
)

// Config says what server to run. Dir is all that it needs.
type Config struct {
	// Dir holds the streams. It is created if missing, and belongs to one
	// server at a time.
	Dir string
	// SyncAlways makes the server sync to disk before it acknowledges a message.
	// Without it a power failure can lose the last two minutes.
	SyncAlways bool
	// Listen is a host and port such as "127.0.0.1:4222" for other processes to
	// connect to; port 0 picks a free one. Empty means none: only this process
	// can connect.
	Listen string
	// MaxStore limits the streams on disk, in bytes. 0 leaves it to the server,
	// which takes most of what is free.
	MaxStore int64
	// Name is the server's name. Empty lets the server make one up.
	Name string
	// Cluster makes the server one node of a cluster; it then needs a Name too. A
	// node is ready for connections before the cluster has a leader.
	Cluster *Cluster
	// Logger receives what the server logs. Nil logs nothing.
	Logger *zap.Logger
}

// Cluster says with whom a server forms a cluster.
type Cluster struct {
	// Name is the same on all nodes.
	Name string
	// Listen is the host and port for the other nodes.
	Listen string
	// Routes are where all nodes listen, this one may be among them.
	Routes []string
}

// Server is a NATS server with JetStream in this process.
type Server struct {
	srv      *server.Server
	lock     *os.File
	url      string
	shutdown sync.Once
}

// Start starts a server and returns when it is ready. It fails if Dir is
// in use by another server, in this process or another, or if it cannot listen.
// The server must be stopped with [Server.Shutdown].
func Start(cfg Config) (*Server, error) {
	opts, err := serverOptions(cfg)
	if err != nil {
		return nil, fmt.Errorf("start NATS server: %w", err)
	}
	lock, err := LockDir(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("start NATS server: %w", err)
	}
	srv, err := run(opts, cfg.Logger)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start NATS server in %s: %w", cfg.Dir, err), lock.Close())
	}
	e := &Server{srv: srv, lock: lock}
	if !opts.DontListen {
		e.url = srv.ClientURL()
	}
	return e, nil
}

func run(opts *server.Options, log *zap.Logger) (*server.Server, error) {
	srv, err := server.NewServer(opts)
	if err != nil {
		return nil, err
	}
	if log == nil {
		log = zap.NewNop()
	}
	out := &serverLog{log: log.Sugar()}
	srv.SetLoggerV2(out, false, false, false)
	srv.Start()
	err = out.fatal()
	if err == nil && !srv.ReadyForConnections(startTimeout) {
		err = fmt.Errorf("it was not ready after %s", startTimeout)
	}
	if err != nil {
		srv.Shutdown()
		srv.WaitForShutdown()
		return nil, err
	}
	return srv, nil
}

func serverOptions(cfg Config) (*server.Options, error) {
	if cfg.Dir == "" {
		return nil, errors.New("it needs a directory to keep its streams in")
	}
	opts := &server.Options{
		ServerName:             cfg.Name,
		JetStream:              true,
		StoreDir:               cfg.Dir,
		JetStreamMaxStore:      cfg.MaxStore,
		JetStreamMaxMemory:     maxMemoryStore,
		SyncAlways:             cfg.SyncAlways,
		MaxPayload:             maxPayload,
		NoSigs:                 true,
		DisableJetStreamBanner: true,
	}
	if err := clusterOptions(opts, cfg.Cluster); err != nil {
		return nil, err
	}
	if cfg.Listen == "" {
		opts.DontListen = true
		return opts, nil
	}
	var err error
	opts.Host, opts.Port, err = address(cfg.Listen)
	return opts, err
}

func clusterOptions(opts *server.Options, c *Cluster) (err error) {
	if c == nil {
		return nil
	}
	if opts.ServerName == "" || c.Name == "" {
		return errors.New("a node of a cluster needs a name of its own and the cluster's")
	}
	opts.Cluster.Name = c.Name
	if opts.Cluster.Host, opts.Cluster.Port, err = address(c.Listen); err != nil {
		return err
	}
	opts.Routes = server.RoutesFromStr("nats://" + strings.Join(c.Routes, ",nats://"))
	return nil
}

// address reads a host and port; port 0 is a free one.
func address(listen string) (host string, port int, err error) {
	host, text, err := net.SplitHostPort(listen)
	if err != nil {
		return "", 0, fmt.Errorf("listen address %q: give host and port, such as 127.0.0.1:4222: %w", listen, err)
	}
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return "", 0, fmt.Errorf("listen address %q: the port must be a number from 0 to 65535", listen)
	}
	if n == 0 {
		return host, server.RANDOM_PORT, nil
	}
	return host, int(n), nil
}

// ConnectOption makes a connection that goes to this server inside the process,
// through no port: Config{Options: []nats.Option{e.ConnectOption()}}.
func (e *Server) ConnectOption() nats.Option { return nats.InProcessServer(e.srv) }

// URL is where other processes connect to, or "" without a listener.
func (e *Server) URL() string { return e.url }

// Shutdown stops the server, waits until it has stopped and frees its
// directory. Close connections first: what they have not sent is lost. A second
// call does nothing.
func (e *Server) Shutdown() {
	e.shutdown.Do(func() {
		e.srv.Shutdown()
		e.srv.WaitForShutdown()
		e.lock.Close() // which unlocks; nothing was written that could fail
	})
}

// lockPath is where a directory's lock lies.
func lockPath(dir string) string { return filepath.Join(dir, ".lock") }
