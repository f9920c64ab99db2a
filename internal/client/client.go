package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// requestTimeout is more than the server ever lets a request wait.
const requestTimeout = 45 * time.Second

// maxAnswer bounds how much of an answer is read.
const maxAnswer = 16 << 20

// Client is one system's API. Its methods may be called by many goroutines.
type Client struct {
	base string
	http *http.Client
	// retryFor is how long a system that is away or busy is asked again.
	retryFor time.Duration
}

// Unreachable says that nothing answered at URL as the system would.
type Unreachable struct {
	URL   string
	Cause error
}

// Error says what to do about it.
func (u *Unreachable) Error() string {
	return fmt.Sprintf("no system answers at %s: start one with `orderly up`, or name another with --url: %v", u.URL, u.Cause)
}

// Unwrap returns the cause.
func (u *Unreachable) Unwrap() error { return u.Cause }

// New returns a client of the system at base, as http://127.0.0.1:8080. A
// system that is away or busy is asked again until retryFor has passed; 0 asks
// once.
func New(base string, retryFor time.Duration) (*Client, error) {
	u, err := url.Parse(base)
	if err != nil {
		return nil, fmt.Errorf("address of the system: %w", err)
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, fmt.Errorf("address of the system: %q is not a URL as http://127.0.0.1:8080", base)
	}
	return &Client{
		base:     strings.TrimSuffix(u.String(), "/"),
		http:     &http.Client{Timeout: requestTimeout, Transport: transport()},
		retryFor: retryFor,
	}, nil
}

// transport keeps as many connections as there are concurrent requests.
func transport() *http.Transport {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		MaxIdleConnsPerHost: 512,
		IdleConnTimeout:     30 * time.Second,
	}
}

// Close lets go of the connections that are kept for the next request.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// URL is where the system is.
func (c *Client) URL() string { return c.base }

// Ping asks once whether a system answers.
func (c *Client) Ping(ctx context.Context) error {
	_, err := c.once(ctx, request{method: http.MethodGet, path: "/livez"}, nil)
	return err
}

// request is one request. All requests of this package may be repeated: they
// read, they carry a key, or they say the same when said twice.
type request struct {
	method, path string
	query        url.Values
	key          string // Idempotency-Key
	body         any    // marshalled, or sent as it is if it is a json.RawMessage
}

// do sends the request until it is answered, and decodes the answer into out.
func (c *Client) do(ctx context.Context, r request, out any) (http.Header, error) {
	if c.retryFor <= 0 {
		return c.once(ctx, r, out)
	}
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval = 50 * time.Millisecond
	wait.MaxInterval = 2 * time.Second
	attempt := func() (http.Header, error) {
		h, err := c.once(ctx, r, out)
		if err != nil && !again(err) {
			return h, backoff.Permanent(err)
		}
		return h, err
	}
	return backoff.Retry(ctx, attempt, backoff.WithBackOff(wait), backoff.WithMaxElapsedTime(c.retryFor))
}

// again tells whether asking once more may help.
func again(err error) bool {
	var away *Unreachable
	if errors.As(err, &away) {
		return true
	}
	var p *Problem
	return errors.As(err, &p) && !p.Refused()
}

func (c *Client) once(ctx context.Context, r request, out any) (http.Header, error) {
	req, err := c.build(ctx, r)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", r.method, r.path, err)
	}
	res, err := c.http.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, &Unreachable{URL: c.base, Cause: withoutURL(err)}
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil {
		return nil, &Unreachable{URL: c.base, Cause: fmt.Errorf("the answer was cut off: %w", err)}
	}
	if len(body) > maxAnswer {
		return nil, fmt.Errorf("%s %s: the answer is larger than %d MiB", r.method, r.path, maxAnswer>>20)
	}
	if res.StatusCode >= 300 {
		return nil, problem(res, body)
	}
	if out == nil {
		return res.Header, nil
	}
	if err := json.Unmarshal(body, out); err != nil {
		return nil, fmt.Errorf("%s %s: the answer is not what this version knows: %w", r.method, r.path, err)
	}
	return res.Header, nil
}

func (c *Client) build(ctx context.Context, r request) (*http.Request, error) {
	var body io.Reader
	if r.body != nil {
		raw, err := json.Marshal(r.body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(raw)
	}
	target := c.base + r.path
	if len(r.query) > 0 {
		target += "?" + r.query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, r.method, target, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json, application/problem+json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if r.key != "" {
		req.Header.Set("Idempotency-Key", r.key)
	}
	return req, nil
}

// withoutURL drops the method and URL, which the caller says better.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// replayed tells whether the answer is that of an earlier request.
func replayed(h http.Header) bool {
	again, err := strconv.ParseBool(h.Get("Idempotent-Replayed"))
	return err == nil && again
}
