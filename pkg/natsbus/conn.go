package natsbus

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"orderly/pkg/logs"
)

const (
	defaultConnectTimeout = 2 * time.Minute
	dialTimeout           = 2 * time.Second
	apiTimeout            = 5 * time.Second
	publishTimeout        = 10 * time.Second
)

// Config says how to connect. URL, or an option that connects in process, is
// all that it needs.
type Config struct {
	// URL is one server's address or several, separated by commas. Empty means
	// nats://127.0.0.1:4222. It is not used with an option that connects in process.
	URL string
	// Name tells the server's operator who is connected.
	Name string
	// ConnectTimeout limits the first connect as a whole. 0 means 2 minutes.
	ConnectTimeout time.Duration
	// Logger receives what happens to the connection. Nil logs nothing.
	Logger *zap.Logger
	// Options are added to the connection's: credentials, TLS, an in-process
	// server. Handlers and reconnect settings among them are overridden.
	Options []nats.Option
	// JetStream options are added to those of [Conn.JetStream].
	JetStream []jetstream.JetStreamOpt
}

// Conn is a connection to NATS that is restored, without end, whenever it
// breaks. While it is broken nothing is buffered: publishing fails at once.
// Its methods may be called by many goroutines.
type Conn struct {
	nc  *nats.Conn
	js  jetstream.JetStream
	log *zap.Logger

	reconnected chan struct{} // wakes runHooks; of size 1
	stop        chan struct{} // ends runHooks
	hooksDone   chan struct{} // closed when runHooks has ended
	closing     sync.Once

	mu    sync.Mutex // guards what follows
	state State
	hooks []func()
}

// Connect connects to NATS. While no server answers it tries again, at growing
// intervals of up to 5 seconds with jitter, until cfg.ConnectTimeout is over or
// ctx ends; the error then says which URL (without its password), for how long,
// and the last cause. A server that refuses the credentials, or TLS that does not
// come about, fails at once. ctx counts for connecting only. The connection must be closed with
// [Conn.Close].
func Connect(ctx context.Context, cfg Config) (*Conn, error) {
	if cfg.ConnectTimeout <= 0 {
		cfg.ConnectTimeout = defaultConnectTimeout
	}
	if cfg.URL == "" {
		cfg.URL = nats.DefaultURL
	}
	if cfg.Logger == nil {
		cfg.Logger = zap.NewNop()
	}
	c := &Conn{
		log:         cfg.Logger,
		reconnected: make(chan struct{}, 1),
		stop:        make(chan struct{}),
		hooksDone:   make(chan struct{}),
	}
	nc, err := c.dial(ctx, cfg)
	if err != nil {
		return nil, err
	}
	opts := append([]jetstream.JetStreamOpt{
		jetstream.WithDefaultTimeout(apiTimeout),
		jetstream.WithPublishAsyncTimeout(publishTimeout),
	}, cfg.JetStream...)
	js, err := jetstream.New(nc, opts...)
	if err != nil {
		nc.Close()
		return nil, fmt.Errorf("connect to NATS: JetStream options: %w", err)
	}
	c.nc, c.js = nc, js
	go c.runHooks()
	return c, nil
}

// dial makes the first connection.
func (c *Conn) dial(ctx context.Context, cfg Config) (*nats.Conn, error) {
	began := time.Now()
	opts := c.options(cfg)
	var last error
	attempt := func() (*nats.Conn, error) {
		nc, err := nats.Connect(cfg.URL, opts...)
		if err == nil {
			c.connected(nc)
			return nc, nil
		}
		if last = refused(err); last != nil {
			return nil, backoff.Permanent(last)
		}
		last = err
		return nil, err
	}
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval = 100 * time.Millisecond
	wait.MaxInterval = 5 * time.Second
	nc, err := backoff.Retry(ctx, attempt,
		backoff.WithBackOff(wait),
		backoff.WithMaxElapsedTime(cfg.ConnectTimeout),
		backoff.WithNotify(func(err error, next time.Duration) {
			c.log.Warn("NATS does not answer yet", zap.String("url", MaskURL(cfg.URL)), zap.Error(err), logs.Millis("next_try_ms", next))
		}))
	if err == nil {
		return nc, nil
	}
	took := time.Since(began).Round(time.Millisecond)
	if cause := context.Cause(ctx); cause != nil {
		return nil, fmt.Errorf("connect to NATS at %s: %w after %s; last cause: %w", MaskURL(cfg.URL), cause, took, last)
	}
	return nil, fmt.Errorf("connect to NATS at %s: gave up after %s: %w", MaskURL(cfg.URL), took, last)
}

func (c *Conn) options(cfg Config) []nats.Option {
	opts := append([]nats.Option{
		nats.Name(cfg.Name),
		nats.Timeout(min(dialTimeout, cfg.ConnectTimeout)),
		nats.PingInterval(10 * time.Second),
		nats.MaxPingsOutstanding(2),
	}, cfg.Options...)
	return append(opts,
		nats.RetryOnFailedConnect(false),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(250*time.Millisecond),
		nats.ReconnectJitter(100*time.Millisecond, 500*time.Millisecond),
		nats.ReconnectBufSize(-1),
		// Credentials that are refused twice may be right again later.
		nats.IgnoreAuthErrorAbort(),
		nats.DisconnectErrHandler(c.disconnected),
		nats.ReconnectHandler(c.restored),
		nats.ErrorHandler(c.failed),
	)
}

// NC returns the connection itself, for what JetStream does not offer. Close it
// with [Conn.Close] only.
func (c *Conn) NC() *nats.Conn { return c.nc }

// JetStream returns the JetStream client of the connection. Publishes without
// an acknowledgement fail after 10 seconds unless Config.JetStream says otherwise.
func (c *Conn) JetStream() jetstream.JetStream { return c.js }

// Close sends what is still in the client's buffer, acknowledgements above all,
// and closes the connection. It waits for running OnReconnect functions. All
// waiting ends with ctx, or after 5 seconds if ctx has no deadline. The
// connection is closed even if Close returns an error; a second call does
// nothing and returns nil.
func (c *Conn) Close(ctx context.Context) error {
	var err error
	c.closing.Do(func() { err = c.close(ctx) })
	return err
}

func (c *Conn) close(ctx context.Context) error {
	if _, ok := ctx.Deadline(); !ok {
		bounded, cancel := context.WithTimeout(ctx, apiTimeout)
		defer cancel()
		ctx = bounded
	}
	close(c.stop)
	err := c.flush(ctx)
	c.nc.Close()
	select {
	case <-c.hooksDone:
	case <-ctx.Done():
		err = errors.Join(err, errors.New("a function given to OnReconnect is still running"))
	}
	if err != nil {
		return fmt.Errorf("close the NATS connection: %w", err)
	}
	return nil
}

func (c *Conn) flush(ctx context.Context) error {
	if !c.nc.IsConnected() {
		return errors.New("it was broken, so the last acknowledgements may not have been sent")
	}
	if err := c.nc.FlushWithContext(ctx); err != nil {
		return fmt.Errorf("flush: %w", err)
	}
	return nil
}
