package cluster

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
)

// ports hands out free ports of 127.0.0.1, each once. They lie below those
// that systems give to outgoing connections: a process that is started again
// finds its port as it left it.
type ports struct {
	mu    sync.Mutex // guards given
	given map[int]bool
}

const (
	firstPort = 20000
	lastPort  = 32000
	portTries = 200
)

func (p *ports) next() (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for range portTries {
		port := firstPort + rand.IntN(lastPort-firstPort)
		if p.given[port] || !free(port) {
			continue
		}
		if p.given == nil {
			p.given = make(map[int]bool)
		}
		p.given[port] = true
		return port, nil
	}
	return 0, fmt.Errorf("no free port found between %d and %d", firstPort, lastPort)
}

func free(port int) bool {
	l, err := net.Listen("tcp", address(port))
	if err != nil {
		return false
	}
	return l.Close() == nil
}

func address(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }
