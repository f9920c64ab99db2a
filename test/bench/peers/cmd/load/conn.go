package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

const dialTimeout = 5 * time.Second

// conn is a keep-alive HTTP/1.1 connection, leaner than http.Client because
// the client shares the machine with what it measures.
type conn struct {
	host    string
	timeout time.Duration
	c       net.Conn
	r       *bufio.Reader
	buf     bytes.Buffer
}

func (c *conn) do(method, path, key string, body []byte) (int, []byte, error) {
	if err := c.open(); err != nil {
		return 0, nil, err
	}
	c.buf.Reset()
	fmt.Fprintf(&c.buf, "%s %s HTTP/1.1\r\nHost: %s\r\n", method, path, c.host)
	if body != nil {
		fmt.Fprintf(&c.buf, "Content-Type: application/json\r\nIdempotency-Key: %s\r\nContent-Length: %d\r\n", key, len(body))
	}
	c.buf.WriteString("\r\n")
	c.buf.Write(body)
	code, answer, err := c.exchange()
	if err != nil {
		c.close()
	}
	return code, answer, err
}

func (c *conn) exchange() (int, []byte, error) {
	if err := c.c.SetDeadline(time.Now().Add(c.timeout)); err != nil {
		return 0, nil, err
	}
	if _, err := c.c.Write(c.buf.Bytes()); err != nil {
		return 0, nil, err
	}
	res, err := http.ReadResponse(c.r, nil)
	if err != nil {
		return 0, nil, err
	}
	answer, err := io.ReadAll(res.Body)
	if res.Close {
		c.close()
	}
	return res.StatusCode, answer, err
}

func (c *conn) open() error {
	if c.c != nil {
		return nil
	}
	nc, err := net.DialTimeout("tcp", c.host, dialTimeout)
	if err != nil {
		return err
	}
	c.c, c.r = nc, bufio.NewReader(nc)
	return nil
}

func (c *conn) close() {
	if c.c != nil {
		_ = c.c.Close() // nothing is lost with it
		c.c = nil
	}
}
