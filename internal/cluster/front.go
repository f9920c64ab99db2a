package cluster

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"orderly/pkg/httpkit"
)

// Front is one address for all services: a load balancer that asks the
// replicas whether they are ready and sends a request that a replica did not
// answer to the next. It may do that with writes too, because all of them carry
// an idempotency key or say the same when said twice.
type Front struct {
	server  *httpkit.Server
	proxy   *httputil.ReverseProxy
	to      *http.Transport
	pools   map[string]*pool // by service
	checks  sync.WaitGroup
	stop    context.CancelFunc
	stopped context.Context
}

// pool is the replicas of one service.
type pool struct {
	replicas []*backend
	next     atomic.Uint32
}

// backend is a replica as the front sees it.
type backend struct {
	url   *url.URL
	ready atomic.Bool
}

const (
	// maxBody is the API's own limit. One byte more goes on, to be refused there.
	maxBody = 1 << 20
	// checkEvery is how often a replica is asked whether it is ready.
	checkEvery    = 500 * time.Millisecond
	healthTimeout = 3 * time.Second
	// writeTimeout is when a replica counts as hung that does not answer a
	// write; a read may be told to wait for half a minute.
	writeTimeout = 8 * time.Second
	readTimeout  = 40 * time.Second
)

// healthClient keeps no connections: it must not find an old process alive.
var healthClient = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

func newFront(addr string, replicas []*Replica) (*Front, error) {
	listener, err := httpkit.Listen(addr, "--http")
	if err != nil {
		return nil, err
	}
	f := &Front{pools: make(map[string]*pool), to: &http.Transport{MaxIdleConnsPerHost: 256}}
	f.stopped, f.stop = context.WithCancel(context.Background())
	for _, s := range services() {
		f.pools[s] = &pool{}
	}
	for _, r := range replicas {
		u, err := url.Parse(r.URL)
		if err != nil {
			return nil, errors.Join(err, listener.Close())
		}
		f.pools[r.Service].replicas = append(f.pools[r.Service].replicas, &backend{url: u})
	}
	f.proxy = &httputil.ReverseProxy{
		Rewrite:       func(*httputil.ProxyRequest) {}, // the transport knows where to
		Transport:     f,
		FlushInterval: -1,
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			httpkit.WriteProblem(w, r, httpkit.Unavailable("no replica answers: "+err.Error(), time.Second))
		},
	}
	f.server = httpkit.NewServer(httpkit.ServerConfig{Listener: listener, Handler: f.proxy, WriteTimeout: -1})
	return f, nil
}

// start opens the door.
func (f *Front) start() error {
	for _, p := range f.pools {
		for _, b := range p.replicas {
			b.ready.Store(true)
			f.checks.Go(func() { b.watch(f.stopped) })
		}
	}
	return f.server.Start()
}

// URL is where the system answers.
func (f *Front) URL() string { return "http://" + f.server.Addr() }

func (f *Front) close(ctx context.Context) error {
	err := f.server.Shutdown(ctx)
	f.stop()
	f.checks.Wait()
	f.to.CloseIdleConnections()
	return err
}

// RoundTrip sends a request to a replica, and to the next if that one does not
// answer.
func (f *Front) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := readBody(r)
	if err != nil {
		return nil, err
	}
	failed := errNobody
	for _, b := range f.pools[serviceOf(r.URL.Path)].order() {
		response, err := f.try(r, b, body)
		if err == nil {
			return response, nil
		}
		if r.Context().Err() != nil {
			return nil, err
		}
		failed = err
	}
	return nil, failed
}

// readBody keeps the body, to be sent again.
func readBody(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	defer func() { _ = r.Body.Close() }() // it is read
	return io.ReadAll(io.LimitReader(r.Body, maxBody+1))
}

func (f *Front) try(r *http.Request, b *backend, body []byte) (*http.Response, error) {
	patience := readTimeout
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		patience = writeTimeout
	}
	ctx, cancel := context.WithCancelCause(r.Context())
	late := time.AfterFunc(patience, func() { cancel(errHung) })
	out := r.Clone(ctx)
	out.URL.Scheme, out.URL.Host = b.url.Scheme, b.url.Host
	out.Body, out.ContentLength = http.NoBody, int64(len(body))
	if len(body) > 0 {
		out.Body = io.NopCloser(bytes.NewReader(body))
	}
	response, err := f.to.RoundTrip(out)
	late.Stop()
	if err != nil {
		cause := context.Cause(ctx)
		cancel(nil)
		return nil, errors.Join(err, cause)
	}
	response.Body = &closing{response.Body, func() { cancel(nil) }}
	return response, nil
}

var (
	errHung   = errors.New("it does not answer")
	errNobody = errors.New("there is none")
)

// closing lets go of the request's context with the body.
type closing struct {
	io.ReadCloser
	then func()
}

func (c *closing) Close() error {
	defer c.then()
	return c.ReadCloser.Close()
}

// serviceOf tells which service a path belongs to. What belongs to none, as
// /metrics, is the order service's.
func serviceOf(path string) string {
	path = strings.TrimPrefix(path, "/v1/")
	path = strings.TrimPrefix(path, "audit/")
	path = strings.TrimPrefix(path, "dead-letters/")
	first, _, _ := strings.Cut(path, "/")
	switch first {
	case "products", "reservations", Inventory:
		return Inventory
	case "payments", "charges", "gateway", Payment:
		return Payment
	}
	return Order
}

// order is the order in which to ask: in turn, those that are ready first.
func (p *pool) order() []*backend {
	n := len(p.replicas)
	first := int(p.next.Add(1))
	var ready, others []*backend
	for i := range n {
		b := p.replicas[(first+i)%n]
		if b.ready.Load() {
			ready = append(ready, b)
		} else {
			others = append(others, b)
		}
	}
	return append(ready, others...)
}

// watch asks until ctx ends whether the replica is ready.
func (b *backend) watch(ctx context.Context) {
	tick := time.NewTicker(checkEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			b.ready.Store(askHealth(ctx, b.url.String()+"/readyz") == nil)
		case <-ctx.Done():
			return
		}
	}
}
