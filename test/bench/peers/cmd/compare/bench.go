package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"

	"orderly/test/bench/peers/child"
)

// bench is the servers that all peers are measured on, and a folder for all
// that lies on disk.
type bench struct {
	settings
	dir      string
	postgres *child.Child
	nats     *child.Child // while a peer runs
}

// Ports after the first, of which the peer has ten.
const (
	portsOfPeer  = 10
	postgresPort = 10
	natsPort     = 11
	portCount    = 12
)

func (b *bench) postgresPort() int { return b.port + postgresPort }

// openBench builds what is needed and starts PostgreSQL.
func openBench(ctx context.Context, s settings, peers []peer) (*bench, error) {
	port, err := freePorts(s.port)
	if err != nil {
		return nil, err
	}
	s.port = port
	dir, err := os.MkdirTemp("", "bench-system")
	if err != nil {
		return nil, err
	}
	b := &bench{settings: s, dir: dir}
	if err := b.open(ctx, peers); err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

func (b *bench) open(ctx context.Context, peers []peer) error {
	if err := os.Chmod(b.dir, 0o755); err != nil { // PostgreSQL may run as somebody else
		return err
	}
	if err := b.build(ctx, peers); err != nil {
		return err
	}
	return b.startPostgres(ctx)
}

func (b *bench) close() error {
	b.stopNATS()
	if b.postgres != nil {
		b.postgres.Stop(syscall.SIGINT)
	}
	if b.keep {
		log.Print("kept ", b.dir)
		return nil
	}
	return os.RemoveAll(b.dir)
}

// spawn starts a program whose words go to a log file.
func (b *bench) spawn(cmd *exec.Cmd, name string) (*child.Child, error) {
	out, err := os.Create(b.log(name))
	if err != nil {
		return nil, err
	}
	defer out.Close() // the program has its own handle
	cmd.Stdout, cmd.Stderr = out, out
	return child.Start(cmd)
}

func (b *bench) log(name string) string { return filepath.Join(b.dir, name+".log") }

// freePorts returns the first of as many ports in a row as are needed, from
// here on.
func freePorts(from int) (int, error) {
	const tries = 50
	var err error
	for first := from; first < from+tries*portCount; first += portCount {
		if err = portsFree(first); err == nil {
			return first, nil
		}
	}
	return 0, fmt.Errorf("no %d free ports in a row from %d on, see -port: %w", portCount, from, err)
}

func portsFree(first int) error {
	for port := first; port < first+portCount; port++ {
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			return err
		}
		_ = l.Close() // it only had to open
	}
	return nil
}
