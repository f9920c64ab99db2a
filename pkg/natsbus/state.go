package natsbus

import (
	"slices"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/zap"
)

// State is how a connection is doing, for a health check.
type State struct {
	// Connected reports whether there is a connection right now.
	Connected bool
	// Since is when Connected last changed.
	Since time.Time
	// Reconnects counts how often the connection was restored.
	Reconnects uint64
	// LastError is the last trouble on the connection, empty if there was none.
	// It stays after the trouble is over.
	LastError string
	// URL is the server in use, or the last one; passwords are masked. It is
	// "in process" for a server in the same process.
	URL string
}

// State returns the connection's state. It does not talk to the server.
func (c *Conn) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.state
	s.Connected = s.Connected && c.nc.IsConnected()
	return s
}

// OnReconnect adds a function to run whenever the connection was restored, to
// look again at what a server may have lost. All functions run one after the
// other on one goroutine, in the order added; breaks that follow each other
// quickly count as one. A function runs until [Conn.Close] waits for it in vain,
// so it must end soon once the connection is closed.
func (c *Conn) OnReconnect(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hooks = append(c.hooks, f)
}

func (c *Conn) runHooks() {
	defer close(c.hooksDone)
	for {
		select {
		case <-c.stop:
			return
		case <-c.reconnected:
		}
		c.mu.Lock()
		hooks := slices.Clone(c.hooks)
		c.mu.Unlock()
		for _, f := range hooks {
			f()
		}
	}
}

func (c *Conn) connected(nc *nats.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state.Connected, c.state.Since, c.state.URL = true, time.Now(), MaskURL(nc.ConnectedUrl())
	if nc.Opts.InProcessServer != nil {
		c.state.URL = "in process"
	}
	c.log.Info("connected to NATS", zap.String("url", c.state.URL), zap.String("server", nc.ConnectedServerName()))
}

func (c *Conn) disconnected(nc *nats.Conn, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state.Connected, c.state.Since = false, time.Now()
	if err != nil {
		c.state.LastError = err.Error()
	}
	if nc.IsClosed() {
		c.log.Info("closed the connection to NATS", zap.String("url", c.state.URL))
		return
	}
	c.log.Warn("lost the connection to NATS, reconnecting", zap.String("url", c.state.URL), zap.Error(err))
}

func (c *Conn) restored(nc *nats.Conn) {
	c.mu.Lock()
	c.state.Reconnects++
	c.mu.Unlock()
	c.connected(nc)
	select {
	case c.reconnected <- struct{}{}:
	default:
	}
}

// failed hears of errors that no call returns: above all of denied permissions,
// which a publisher notices only as a timeout.
func (c *Conn) failed(_ *nats.Conn, sub *nats.Subscription, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state.LastError = err.Error()
	fields := []zap.Field{zap.Error(err)}
	if sub != nil {
		fields = append(fields, zap.String("nats_subject", sub.Subject))
	}
	c.log.Error("NATS reported an error", fields...)
}
