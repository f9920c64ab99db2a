package httpkit

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"go.uber.org/zap"
)

// ServerConfig says where a [Server] listens and how long a client may take.
type ServerConfig struct {
	// Listener, if not nil, is what to serve, see [Listen]; Addr and AddrFlag
	// are not used then.
	Listener net.Listener
	// Addr is host:port; port 0 takes any that is free.
	Addr string
	// AddrFlag is how the user sets Addr, for the message of a busy address,
	// as "--http"; it may be empty.
	AddrFlag string
	// Handler answers; required.
	Handler http.Handler
	// Logger may be nil.
	Logger *zap.Logger

	// ReadHeaderTimeout is 5 s if zero, ReadTimeout, of a whole request, 15 s,
	// WriteTimeout, from the end of the headers to the end of the answer, 45 s,
	// and IdleTimeout, between two requests, 60 s.
	ReadHeaderTimeout, ReadTimeout, WriteTimeout, IdleTimeout time.Duration
}

const maxHeader = 16 << 10

// Server is an HTTP server that starts, tells its address and stops. Make it
// with [NewServer].
type Server struct {
	cfg      ServerConfig
	http     *http.Server
	listener net.Listener
	failed   chan error
	draining chan struct{} // closed when Shutdown begins
	once     sync.Once
}

// NewServer returns a server that does nothing until Start.
func NewServer(cfg ServerConfig) *Server {
	if cfg.Logger == nil {
		cfg.Logger = zap.NewNop()
	}
	s := &Server{cfg: cfg, failed: make(chan error, 1), draining: make(chan struct{})}
	s.http = &http.Server{
		Handler:           cfg.Handler,
		ReadHeaderTimeout: or(cfg.ReadHeaderTimeout, 5*time.Second),
		ReadTimeout:       or(cfg.ReadTimeout, 15*time.Second),
		WriteTimeout:      or(cfg.WriteTimeout, 45*time.Second),
		IdleTimeout:       or(cfg.IdleTimeout, 60*time.Second),
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          zap.NewStdLog(cfg.Logger.Named("http")),
		BaseContext: func(net.Listener) context.Context {
			return context.WithValue(context.Background(), drainingKey{}, s.draining)
		},
	}
	return s
}

func or(d, fallback time.Duration) time.Duration {
	if d == 0 {
		return fallback
	}
	return d
}

// Listen takes an address, host:port, before anything else is begun: requests
// wait until a [Server] has started on it. It fails if the address cannot be
// had, and says what to do about it; flag is how the user sets it, or empty.
func Listen(addr, flag string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("address %s is in use: %s: %w", addr, another(flag), err)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", addr, err)
	}
	return l, nil
}

// Start listens, unless it was given a listener, and returns; requests are
// answered from then on. It must be called once.
func (s *Server) Start() error {
	l := s.cfg.Listener
	if l == nil {
		var err error
		if l, err = Listen(s.cfg.Addr, s.cfg.AddrFlag); err != nil {
			return err
		}
	}
	s.listener = l
	go func() {
		if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.failed <- fmt.Errorf("serve %s: %w", l.Addr(), err)
		}
		close(s.failed)
	}()
	return nil
}

func another(flag string) string {
	if flag == "" {
		return "choose another"
	}
	return "choose another with " + flag
}

// Addr returns the address that the server really listens on, also where the
// port was 0. It is empty before Start.
func (s *Server) Addr() string {
	if s.listener == nil {
		return ""
	}
	return s.listener.Addr().String()
}

// Failed gets the error of a server that ended by itself, and is closed when
// the server has ended for whatever reason.
func (s *Server) Failed() <-chan error { return s.failed }

// Shutdown accepts nothing more, tells waiting handlers (see [Draining]), and
// returns when all requests are answered. What is left when ctx ends is cut
// off, and Shutdown says so. A second call does the same for what is left.
func (s *Server) Shutdown(ctx context.Context) error {
	s.once.Do(func() { close(s.draining) })
	if err := s.http.Shutdown(ctx); err != nil {
		_ = s.http.Close()
		return fmt.Errorf("HTTP server: requests cut off at shutdown: %w", err)
	}
	return nil
}

type drainingKey struct{}

// Draining is closed when the request's [Server] shuts down: whoever waits for
// something better answers with what there is. It is nil, which never closes,
// for a request of another server.
func Draining(ctx context.Context) <-chan struct{} {
	c, _ := ctx.Value(drainingKey{}).(chan struct{})
	return c
}
