package cluster

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// Link is a wire between a service's replica and a broker that can be cut. A
// cut wire is silent, as a network that drops packets: connections stay, and
// nothing arrives, until it is mended. New ones are accepted and hear nothing.
type Link struct {
	listener net.Listener
	target   string
	there    gate // from the replica to the broker
	back     gate
	ctx      context.Context // ends with the link
	close    context.CancelFunc
	pumps    sync.WaitGroup
}

func newLink(target string) (*Link, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	link := &Link{listener: l, target: target}
	link.ctx, link.close = context.WithCancel(context.Background())
	link.pumps.Go(link.accept)
	return link, nil
}

// Addr is where the replica connects.
func (l *Link) Addr() string { return l.listener.Addr().String() }

// Cut silences the wire in both directions.
func (l *Link) Cut() {
	l.there.shut()
	l.back.shut()
}

// CutThere silences what the replica sends. It still hears the broker.
func (l *Link) CutThere() { l.there.shut() }

// CutBack silences what the broker sends. It still hears the replica.
func (l *Link) CutBack() { l.back.shut() }

// Mend lets everything through again, what was held back first.
func (l *Link) Mend() {
	l.there.open()
	l.back.open()
}

// Close ends all connections and the link.
func (l *Link) Close() {
	l.close()
	_ = l.listener.Close() // accept sees it
	l.pumps.Wait()
}

func (l *Link) accept() {
	for {
		conn, err := l.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			l.pumps.Go(func() { l.carry(conn) })
		}
	}
}

const linkDial = 2 * time.Second

// carry serves one connection until either side or the link closes it.
func (l *Link) carry(near net.Conn) {
	defer near.Close()
	if !l.there.pass(l.ctx) {
		return
	}
	far, err := net.DialTimeout("tcp", l.target, linkDial)
	if err != nil {
		return
	}
	defer far.Close()
	ctx, cancel := context.WithCancel(l.ctx)
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		_ = near.Close() // which ends both pumps
		_ = far.Close()
	})()
	back := make(chan struct{})
	go func() {
		defer close(back)
		defer cancel()
		l.back.pump(ctx, near, far)
	}()
	l.there.pump(ctx, far, near)
	cancel()
	_ = near.Close()
	_ = far.Close()
	<-back
}

// gate lets bytes through in one direction, or holds them back. The zero gate
// is open.
type gate struct {
	mu     sync.Mutex    // guards opened
	opened chan struct{} // closed when the gate opens; nil while it is open
}

func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.opened == nil {
		g.opened = make(chan struct{})
	}
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.opened != nil {
		close(g.opened)
		g.opened = nil
	}
}

// pass waits until the gate is open, or reports false if ctx ended before.
func (g *gate) pass(ctx context.Context) bool {
	for {
		g.mu.Lock()
		opened := g.opened
		g.mu.Unlock()
		if opened == nil {
			return ctx.Err() == nil
		}
		select {
		case <-opened:
		case <-ctx.Done():
			return false
		}
	}
}

const pumpBuffer = 32 << 10

func (g *gate) pump(ctx context.Context, to io.Writer, from io.Reader) {
	buf := make([]byte, pumpBuffer)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			if !g.pass(ctx) {
				return
			}
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			// The end of a connection does not get through either.
			g.pass(ctx)
			return
		}
	}
}
