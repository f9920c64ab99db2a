package otlp

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/cenkalti/backoff/v5"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"go.uber.org/zap"
	"google.golang.org/protobuf/proto"
)

// client is the transport of OpenTelemetry's exporter, which calls it from one
// goroutine.
type client struct {
	Config
	http    http.Client
	aborted context.Context
	abort   context.CancelFunc

	lost int // spans since the last that arrived
	runs int // exports that failed since then
}

func newClient(cfg Config) *client {
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: cfg.TLS, ForceAttemptHTTP2: true}
	c := &client{Config: cfg, http: http.Client{Transport: transport}}
	c.aborted, c.abort = context.WithCancel(context.Background())
	return c
}

func (c *client) close() {
	c.abort()
	c.http.CloseIdleConnections()
}

// Start does nothing: the receiver need not be there.
func (c *client) Start(context.Context) error { return nil }

// Stop does nothing: see close.
func (c *client) Stop(context.Context) error { return nil }

// UploadTraces sends spans, and drops them where that fails. It logs that itself,
// and returns no error, which the SDK would print.
func (c *client) UploadTraces(ctx context.Context, spans []*tracepb.ResourceSpans) error {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	defer context.AfterFunc(c.aborted, cancel)()
	body, err := c.encode(spans)
	if err == nil {
		_, err = backoff.Retry(ctx, func() (struct{}, error) { return struct{}{}, c.post(ctx, body) }, backoff.WithMaxElapsedTime(c.Timeout))
	}
	c.note(count(spans), err)
	return nil
}

// encode writes a request: a message whose only field is that of TracesData, under
// the same number.
func (c *client) encode(spans []*tracepb.ResourceSpans) ([]byte, error) {
	data, err := proto.Marshal(&tracepb.TracesData{ResourceSpans: spans})
	if err != nil || !c.Gzip {
		return data, err
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = w.Write(data) // a buffer takes all
	_ = w.Close()
	return packed.Bytes(), nil
}

// post sends a request once. An error that will not pass is permanent.
func (c *client) post(ctx context.Context, body []byte) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.Endpoint, bytes.NewReader(body))
	if err != nil {
		return backoff.Permanent(err)
	}
	for name, value := range c.Headers {
		r.Header.Set(name, value)
	}
	r.Header.Set("Content-Type", "application/x-protobuf")
	if c.Gzip {
		r.Header.Set("Content-Encoding", "gzip")
	}
	res, err := c.http.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	const most = 4 << 10
	text, _ := io.ReadAll(io.LimitReader(res.Body, most)) // so that the connection can be used again
	return answered(res, text)
}

func answered(res *http.Response, text []byte) error {
	switch res.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		if after, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil && after > 0 {
			return fmt.Errorf("%s: %w", res.Status, backoff.RetryAfter(after))
		}
		return errors.New(res.Status)
	}
	if res.StatusCode/100 != 2 {
		return backoff.Permanent(fmt.Errorf("%s: %q", res.Status, text))
	}
	return nil
}

// note logs the first failure, then seldom, and the end of them.
func (c *client) note(spans int, err error) {
	switch {
	case err == nil && c.runs > 0:
		c.Logger.Info("traces are received again", zap.Int("spans_lost", c.lost))
		c.lost, c.runs = 0, 0
	case err != nil:
		c.lost += spans
		c.runs++
		if c.runs&(c.runs-1) == 0 {
			c.Logger.Warn("traces could not be sent, nothing else depends on them", zap.String("to", c.receiver()), zap.Int("spans_lost", c.lost), zap.Error(err))
		}
	}
}

// receiver is the endpoint without what is secret in it.
func (c *client) receiver() string {
	u, err := url.Parse(c.Endpoint)
	if err != nil {
		return "?"
	}
	return u.Redacted()
}

func count(spans []*tracepb.ResourceSpans) int {
	n := 0
	for _, r := range spans {
		for _, s := range r.GetScopeSpans() {
			n += len(s.GetSpans())
		}
	}
	return n
}
